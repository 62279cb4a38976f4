import { expect, test } from 'vitest';
import { type ControlContext, type Errands, handleControl } from '../../../src/commands/index.js';
import type { SubscriptionFigures } from '../../../src/native/types.js';
import type { RespValue } from '../../../src/resp/index.js';
import { fakeContext, fakeErrands } from './fake-context.js';
import { requestOf } from './support.js';

const NONE: SubscriptionFigures = {
  counts: [],
  unused: [],
  patterns: { clients: 0, links: 0 },
};

function list(...items: readonly (string | number)[]): RespValue {
  return {
    kind: 'array',
    items: items.map((item) =>
      typeof item === 'number'
        ? { kind: 'integer', value: BigInt(item) }
        : { kind: 'bulk', bytes: Buffer.from(item) },
    ),
  };
}

/** Servers that answer `byCommand[subcommand]`, one value each, and what the workers have. */
async function ask(
  line: string,
  byCommand: Readonly<Record<string, readonly RespValue[]>>,
  figures: Partial<SubscriptionFigures> = {},
): Promise<{ readonly reply: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const errands: Errands = fakeErrands({
    sendToNodes: async (args) => {
      const words = (typeof args === 'function' ? args() : args).map(String);
      asked.push(words.join(' '));
      return byCommand[words[1]?.toLowerCase() ?? ''] ?? [];
    },
  });
  const context: ControlContext = fakeContext({
    errands,
    subscriptions: () => ({ ...NONE, ...figures }),
  });
  const outcome = await handleControl(requestOf(line), context);
  return { reply: outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind, asked };
}

test('NUMSUB: the sum of all servers, with clients in the place of links', async () => {
  const { reply, asked } = await ask(
    'PUBSUB NUMSUB a b',
    { numsub: [list('a', 3, 'b', 1), list('a', 1, 'b', 0)] },
    {
      counts: [
        { clients: 10, links: 2 },
        { clients: 0, links: 1 },
      ],
    },
  );
  expect(asked).toEqual(['PUBSUB NUMSUB a b']);
  expect(reply).toBe('*4\r\n$1\r\na\r\n:12\r\n$1\r\nb\r\n:0\r\n');
});

test('NUMSUB never falls below zero, and without names still asks for the right to ask', async () => {
  const counts = [{ clients: 0, links: 2 }];
  const { reply } = await ask('PUBSUB NUMSUB a', { numsub: [list('a', 1)] }, { counts });
  expect(reply).toBe('*2\r\n$1\r\na\r\n:0\r\n');
  const denied: RespValue = { kind: 'error', text: 'NOPERM no' };
  expect((await ask('PUBSUB NUMSUB', { numsub: [denied, denied] })).reply).toBe('-NOPERM no\r\n');
  expect((await ask('PUBSUB NUMSUB', { numsub: [list()] })).reply).toBe('*0\r\n');
});

test('CHANNELS: every name once, without those that only links have', async () => {
  const { reply, asked } = await ask(
    'PUBSUB CHANNELS n*',
    {
      channels: [list('news', 'nobody'), list('news', 'night')],
      numsub: [list('nobody', 1, 'night', 1), list('nobody', 0, 'night', 1)],
    },
    {
      unused: [
        { name: Buffer.from('nobody'), links: 1 },
        { name: Buffer.from('night'), links: 1 },
        { name: Buffer.from('elsewhere'), links: 1 },
      ],
      counts: [
        { clients: 0, links: 1 },
        { clients: 0, links: 1 },
      ],
    },
  );
  expect(asked).toEqual(['PUBSUB CHANNELS n*', 'PUBSUB NUMSUB nobody night']);
  expect(reply).toBe('*2\r\n$4\r\nnews\r\n$5\r\nnight\r\n');
});

test('SHARDCHANNELS and SHARDNUMSUB ask for their own kind', async () => {
  const unused = [{ name: Buffer.from('s'), links: 1 }];
  const { reply, asked } = await ask(
    'PUBSUB SHARDCHANNELS',
    { shardchannels: [list('s')], shardnumsub: [list('s', 1)] },
    { unused, counts: [{ clients: 0, links: 1 }] },
  );
  expect(asked).toEqual(['PUBSUB SHARDCHANNELS', 'PUBSUB SHARDNUMSUB s']);
  expect(reply).toBe('*0\r\n');
});

test('NUMPAT: patterns of all servers, with those of clients in the place of those of links', async () => {
  const numpat: readonly RespValue[] = [3, 2].map((n) => ({ kind: 'integer', value: BigInt(n) }));
  const patterns = { clients: 2, links: 4 };
  expect((await ask('PUBSUB NUMPAT', { numpat }, { patterns })).reply).toBe(':3\r\n');
});

test('a server that does not answer has no subscribers; what all refuse is refused', async () => {
  const lost: RespValue = { kind: 'error', text: 'CLUSTERDOWN no connection' };
  const counts = [{ clients: 1, links: 0 }];
  const { reply } = await ask('PUBSUB NUMSUB a', { numsub: [lost, list('a', 2)] }, { counts });
  expect(reply).toBe('*2\r\n$1\r\na\r\n:3\r\n');
  expect((await ask('PUBSUB NUMPAT', { numpat: [lost] })).reply).toBe(
    '-CLUSTERDOWN no connection\r\n',
  );
});
