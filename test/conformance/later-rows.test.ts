import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalText } from '../../src/commands/index.js';
import { nativeAddon } from '../../src/native/index.js';
import { fakeNodeId } from '../support/fake-cluster.js';
import { bulk, FakeServer, type ScriptedReply } from '../support/fake-server.js';
import { TestProxy } from '../support/proxy.js';
import { EXAMPLES } from './examples/index.js';
import { readExamples } from './support/example.js';
import { stepOf, withWords } from './support/generate.js';
import { KNOWN } from './support/known.js';
import { Player } from './support/player.js';
import { isRefused, isStepOf, TABLE } from './support/rows.js';

/**
 * Rows of servers later than the one at hand. The servers here are scripted: they keep what they
 * get, and do not tell their commands, so that the proxy goes by its own table.
 */
const NAMES = ['first', 'second'] as const;
const HALF = 8_192;

let servers: readonly FakeServer[] = [];
let proxy: TestProxy;
beforeAll(async () => {
  servers = await Promise.all(NAMES.map((name) => FakeServer.start((args) => answer(name, args))));
  proxy = await TestProxy.start({ seeds: servers.map(({ address }) => address) });
});
afterAll(async () => {
  await proxy?.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

function answer(name: string, args: readonly string[]): ScriptedReply {
  switch (args.slice(0, 2).join(' ').toUpperCase()) {
    case 'CLUSTER INFO':
      return bulk(
        'cluster_state:ok\r\ncluster_known_nodes:2\r\ncluster_size:2\r\ncluster_current_epoch:2\r\n',
      );
    case 'CLUSTER NODES':
      return bulk(NAMES.map((other, i) => nodeLine(other, i, other === name)).join('\n'));
    case 'CLUSTER MYID':
      return bulk(fakeNodeId(name));
    case 'COMMAND':
      return '-ERR not told\r\n';
    default:
      return '+OK\r\n';
  }
}

function nodeLine(name: string, i: number, isMyself: boolean): string {
  const flags = isMyself ? 'myself,master' : 'master';
  const slots = `${i * HALF}-${(i + 1) * HALF - 1}`;
  return `${fakeNodeId(name)} ${servers[i]?.address}@1 ${flags} - 0 0 ${i + 1} connected ${slots}`;
}

/** Per server, how often it got exactly this command. */
function received(words: readonly string[]): readonly number[] {
  const line = JSON.stringify(words);
  return servers.map(
    (server) => server.received.filter((got) => JSON.stringify(got) === line).length,
  );
}

async function send(words: readonly string[]): Promise<string> {
  const player = new Player({ kind: 'proxy', port: proxy.port, protocol: 2 });
  try {
    const [reply] = await player.run(stepOf(words));
    return reply !== undefined && 'text' in reply ? reply.text : '';
  } finally {
    player.close();
  }
}

const LATER = TABLE.rows.filter((row) => !KNOWN.has(row.name) && !row.container);

describe('a row of a later server is routed as it says', () => {
  test('there are such rows', () => {
    expect(LATER.length).toBeGreaterThan(20);
  });

  test.each(LATER.filter(({ route }) => route.kind === 'keys'))(
    '$name: at the owner of its key',
    async (row) => {
      const [example = []] = readExamples(EXAMPLES.get(row.name) ?? '');
      const step = example.find((candidate) => isStepOf(candidate, row));
      const words = step?.kind === 'send' ? step.words : [];
      // Each example's key has the tag {k}; with others it goes where they belong.
      for (const tag of ['{k}', '{a}', '{b}']) {
        const tagged = words.map((word) => word.replace('{k}', tag));
        expect(await send(tagged)).toBe('OK');
        const slot = nativeAddon().slotForKey(Buffer.from(tag));
        expect(received(tagged), tagged.join(' ')).toEqual(slot < HALF ? [1, 0] : [0, 1]);
      }
    },
  );

  test.each(LATER.filter(isRefused))('$name: refused, and at no server', async (row) => {
    const words = withWords(row, Math.abs(row.arity)) ?? [];
    const { route } = row;
    expect(await send(words)).toBe(
      route.kind === 'refuse' ? refusalText(route.refusal, row.name) : '',
    );
    expect(received(words)).toEqual([0, 0]);
  });
});
