import { describe, expect, test } from 'vitest';
import {
  type ControlContext,
  handleControl,
  type PresentationView,
  STANDALONE_VIEW,
} from '../../../src/commands/index.js';
import type { RespValue } from '../../../src/resp/index.js';
import { fakeView } from './cluster/fake-view.js';
import { fakeContext } from './fake-context.js';
import { recordingErrands, value } from './fake-errands.js';
import { requestOf } from './support.js';

function setUp(...fake: Parameters<typeof recordingErrands>) {
  const { errands, calls } = recordingErrands(...fake);
  return { calls, context: fakeContext({ errands, maxMergedReplyBytes: 10_000 }) };
}

async function answer(line: string, context: ControlContext, protocol: 2 | 3 = 2) {
  const outcome = await handleControl({ ...requestOf(line), protocol }, context);
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

describe('INFO', () => {
  const server = value(
    '# Server\r\nredis_mode:cluster\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n',
  );

  test('is merged from every primary, with the proxy’s section last', async () => {
    const { calls, context } = setUp(() => server);
    const info = await answer('INFO', context);
    expect(calls).toEqual([
      ['a', 'INFO'],
      ['b', 'INFO'],
      ['c', 'INFO'],
    ]);
    expect(info).toContain('redis_mode:standalone\r\n');
    expect(info).toContain('db0:keys=3,expires=0,avg_ttl=0\r\n');
    expect(info.slice(info.indexOf('# Slotgate'))).toBe(
      '# Slotgate\r\nslotgate_version:9.9.9\r\nslotgate_mode:standalone\r\nworkers:2\r\n' +
        'clients:7\r\nlinks:6\r\nuptime_in_seconds:90000\r\n\r\n',
    );
    expect(info).toMatch(/^\$\d+\r\n# Server/);
  });

  test('a RESP3 client gets a verbatim text, as from a server', async () => {
    const text: RespValue = { kind: 'verbatim', format: 'txt', bytes: Buffer.from('# Server\r\n') };
    const { context } = setUp(() => text);
    expect(await answer('info server', context, 3)).toBe('=14\r\ntxt:# Server\r\n\r\n');
  });

  test('hands the sections on; the proxy’s own is its own, and its readers need rights, too', async () => {
    const { calls, context } = setUp((_, args) => (args.includes('Server') ? server : value('')));
    expect(await answer('info Server keyspace', context)).not.toContain('# Slotgate');
    expect(calls[0]).toEqual(['a', 'info', 'Server', 'keyspace']);
    expect(await answer('info SLOTGATE', context)).toMatch(/^\$\d+\r\n# Slotgate\r\n/);
    expect(calls[3]).toEqual(['a', 'info', 'SLOTGATE']);
  });

  test('shows no partial sum: an error of one server is the answer', async () => {
    const { context } = setUp((node) => (node === 'b' ? value('-NOPERM no') : server));
    expect(await answer('info', context)).toBe('-NOPERM no\r\n');
  });
});

describe('what a client is shown decides on', () => {
  const nothing = { picture: () => null };
  test.each<readonly [string, Partial<PresentationView>, string, string, string]>([
    ['one server', STANDALONE_VIEW, 'standalone', '0', 'no'],
    ['proxies', { mode: 'cluster' }, 'cluster', '1', 'yes'],
    ['servers', { mode: 'direct' }, 'cluster', '1', 'yes'],
    // redis-py asks INFO whether it may ask for the topology.
    [
      'servers beside one server',
      { mode: 'auto', helloMode: 'standalone' },
      'standalone',
      '1',
      'yes',
    ],
    ['no servers', { mode: 'auto', helloMode: 'standalone', ...nothing }, 'standalone', '0', 'no'],
  ])('INFO and CONFIG GET cluster-enabled: %s', async (_, shown, helloMode, enabled, setting) => {
    const text =
      '# Server\r\nredis_mode:cluster\r\nserver_mode:cluster\r\n\r\n# Cluster\r\ncluster_enabled:1\r\n';
    const { errands } = recordingErrands((__, [name]) =>
      value(name === 'info' ? text : { 'cluster-enabled': 'yes' }),
    );
    const view = fakeView(shown);
    const context = fakeContext({ errands, presentation: () => view, maxMergedReplyBytes: 9_999 });
    const info = await answer('info', context);
    expect(info).toContain(`\nredis_mode:${helloMode}\r\nserver_mode:${helloMode}\r\n`);
    expect(info).toContain(`\ncluster_enabled:${enabled}\r\n`);
    expect(info).toContain(`\nslotgate_mode:${view.mode}\r\n`);
    const config = await answer('config get cluster-enabled', context);
    expect(config).toContain(`cluster-enabled\r\n$${setting.length}\r\n${setting}\r\n`);
  });
});

describe('CONFIG GET', () => {
  const settings = {
    maxclients: '10000',
    requirepass: 'secret',
    masterauth: 'secret',
    save: '',
    'cluster-enabled': 'yes',
  };

  test.each([
    [2, /^\*14\r\n/],
    [3, /^%7\r\n/],
  ] as const)('RESP%i: own settings hide the servers’, passwords stay hidden', async (v, head) => {
    const { calls, context } = setUp(() => value(settings, v));
    const text = await answer('config get *', context, v);
    expect(calls).toEqual([['a', 'config', 'get', '*']]);
    expect(text).not.toContain('secret');
    expect(text).toContain('$10\r\nmaxclients\r\n$4\r\n5000\r\n');
    expect(text).toContain('$15\r\ncluster-enabled\r\n$2\r\nno\r\n');
    expect(text).toContain('$11\r\nrequirepass\r\n$0\r\n\r\n');
    expect(text).toContain('$7\r\ntimeout\r\n$1\r\n0\r\n');
    expect(text).toMatch(head);
  });

  test('another primary is asked if the first cannot be', async () => {
    const { calls, context } = setUp((node) =>
      node === 'a' ? { kind: 'not_sent', reason: 'no link' } : value({ save: '60 1' }),
    );
    expect(await answer('config get save', context)).toBe('*2\r\n$4\r\nsave\r\n$4\r\n60 1\r\n');
    expect(calls.map(([node]) => node)).toEqual(['a', 'b']);
  });

  test('an error if none can be asked', async () => {
    const { context } = setUp(() => ({ kind: 'lost', endpoint: '10.0.0.1:6379' }));
    expect(await answer('config get save', context)).toBe(
      '-CLUSTERDOWN no server could be asked: connection to 10.0.0.1:6379 was lost\r\n',
    );
  });

  test('the server decides whether the client may', async () => {
    const { context } = setUp(() => value('-NOPERM no'));
    expect(await answer('config get maxclients', context)).toBe('-NOPERM no\r\n');
  });
});

describe('CONFIG SET', () => {
  test('goes to every server', async () => {
    const { calls, context } = setUp(() => value('+OK'));
    expect(await answer('config set maxmemory 100 save x', context)).toBe('+OK\r\n');
    expect(calls).toHaveLength(6);
    expect(calls[1]).toEqual(['a2', 'config', 'set', 'maxmemory', '100', 'save', 'x']);
  });

  test.each(['config set MaxClients 1', 'config set save x cluster-enabled yes'])(
    '%s: the proxy has it itself',
    async (line) => {
      const { calls, context } = setUp(() => value('+OK'));
      expect(await answer(line, context)).toMatch(
        /^-ERR CONFIG SET failed \(possibly related to argument '(maxclients|cluster-enabled)'\) - Slotgate/,
      );
      expect(calls).toEqual([]);
    },
  );

  test('a value that looks like such a name is a value', async () => {
    const { context } = setUp(() => value('+OK'));
    expect(await answer('config set save port', context)).toBe('+OK\r\n');
  });
});
