import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { NativeErrand, NativeOutcome } from '../../../src/native/index.js';
import { ClientErrands } from '../../../src/proxy/errands.js';
import {
  type ClusterTopology,
  type RefreshReason,
  type ServerNode,
  SLOT_COUNT,
} from '../../../src/topology/index.js';
import { serverNode, topologyWith } from '../../support/topology.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const SLOT = 7;

function node(nodeId: string, port: number): ServerNode {
  return serverNode(nodeId, {
    address: { kind: 'tcp', host: '127.0.0.1', port },
    announced: { host: '127.0.0.1', port, hostname: null },
    redirectNames: [`127.0.0.1:${port}`],
  });
}

/** All slots are A's. */
const TOPOLOGY = topologyWith([node(A, 7001), node(B, 7002)], {
  shards: [{ primary: 0, replicas: [] }],
  slotToShard: new Uint16Array(SLOT_COUNT),
});

type Answer = NativeOutcome | (() => Promise<NativeOutcome>);

function outcome(kind: NativeOutcome['kind'], text: string): NativeOutcome {
  return { kind, bytes: Buffer.from(text) };
}
function reply(line: string): NativeOutcome {
  return outcome('reply', `${line}\r\n`);
}

/** Servers that answer one after the other with `answers`. */
function setUp(
  answers: readonly Answer[],
  isRepeatable = false,
  holdTimeoutMs = 5_000,
  topology: ClusterTopology | null = TOPOLOGY,
) {
  const left = [...answers];
  const sent: NativeErrand[] = [];
  const refreshes: RefreshReason[] = [];
  const errands = new ClientErrands({
    plane: {
      send: async (_client, errand) => {
        sent.push(errand);
        const next = left.shift();
        if (next === undefined) {
          throw new Error('one more command than the test answers');
        }
        const answer = typeof next === 'function' ? await next() : next;
        return errand.nodes.map(() => answer);
      },
    },
    monitor: { topology, requestRefresh: (reason) => refreshes.push(reason) },
    client: { id: 256, index: 0 },
    holdTimeoutMs,
    maxRedirects: 5,
    isRepeatable,
    writes: !isRepeatable,
  });
  return { errands, sent, refreshes, targets: () => sent.map(({ nodes }) => nodes[0]) };
}

test('redirects are followed, and what changed is looked for', async () => {
  const moved = setUp([reply(`-MOVED ${SLOT} 127.0.0.1:7002`), reply(':1')]);
  expect(await moved.errands.sendToSlot(SLOT, ['INCR', 'x'])).toEqual({
    kind: 'integer',
    value: 1n,
  });
  expect(moved.targets()).toEqual([A, B]);
  expect(moved.refreshes.map(({ kind }) => kind)).toEqual(['moved']);
  const asked = setUp([reply(`-ASK ${SLOT} 127.0.0.1:7002`), reply(':1')]);
  await asked.errands.sendToSlot(SLOT, ['INCR', 'x']);
  expect(asked.sent.map(({ asking }) => asking)).toEqual([false, true]);
  expect(asked.sent.map(({ writes }) => writes)).toEqual([true, true]);
});

test('what passes is waited out; a lost command only if it reads', async () => {
  const passing = ['-LOADING x', '-CLUSTERDOWN x', '-TRYAGAIN x', '-READONLY x', '-MASTERDOWN x'];
  for (const answer of [...passing.map(reply), outcome('not_sent', 'refused')]) {
    const { errands } = setUp([answer, reply(':1')]);
    expect(await errands.sendToSlot(SLOT, ['INCR', 'x'])).toMatchObject({ kind: 'integer' });
  }
  const lost = outcome('lost', '127.0.0.1:7001');
  expect(await setUp([lost]).errands.sendToSlot(SLOT, ['INCR', 'x'])).toEqual({
    kind: 'error',
    text: 'OUTCOMEUNKNOWN outcome unknown: connection to 127.0.0.1:7001 (slot 7) was lost after the command was sent',
  });
  const reading = setUp([lost, reply(':1')], true);
  expect(await reading.errands.sendToSlot(SLOT, ['GET', 'x'])).toMatchObject({ kind: 'integer' });
});

test('time that a server had the command does not count as held', async () => {
  const thrownOut = async () => {
    await sleep(60);
    return reply('-UNBLOCKED force unblock from blocking operation, instance state changed');
  };
  const { errands } = setUp([thrownOut, reply('*-1')], false, 30);
  const value = await errands.sendToSlot(SLOT, ['BLPOP', 'x', '0'], { lease: true, blocks: true });
  expect(value).toEqual({ kind: 'null', isArray: true });
});

test('all of the time is waited; then the last refusal is the answer', async () => {
  const holdTimeoutMs = 150;
  const refusals = Array.from({ length: 50 }, (_, i) => reply(`-TRYAGAIN ${i}`));
  const { errands, sent } = setUp(refusals, false, holdTimeoutMs);
  const begunAt = performance.now();
  const value = await errands.sendToSlot(SLOT, ['INCR', 'x']);
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(holdTimeoutMs);
  expect(value).toEqual({ kind: 'error', text: `TRYAGAIN ${sent.length - 1}` });
});

test('a command that is interrupted is not sent again', async () => {
  let isInterrupted = false;
  const interrupt = async () => {
    isInterrupted = true;
    return reply('-LOADING x');
  };
  const { errands, sent } = setUp([interrupt]);
  const nil = { kind: 'null', isArray: true } as const;
  const interrupted = () => (isInterrupted ? nil : null);
  expect(await errands.sendToSlot(SLOT, ['BLPOP', 'x', '0'], { interrupted })).toEqual(nil);
  expect(sent).toHaveLength(1);
  expect(await errands.sendToSlot(SLOT, ['BLPOP', 'x', '0'], { interrupted })).toEqual(nil);
  expect(sent).toHaveLength(1);
});

test('a client that left ends it, and private links that are all lent are named', async () => {
  const gone = setUp([outcome('gone', '')]);
  await gone.errands.sendToSlot(SLOT, ['INCR', 'x']);
  expect(gone.errands.isGone()).toBe(true);
  const busy = setUp([outcome('busy', 'all 2 private links to h:1 are in use')]);
  expect(await busy.errands.sendToSlot(SLOT, ['INCR', 'x'])).toEqual({
    kind: 'error',
    text: 'PROXYBUSY all 2 private links to h:1 are in use; see maxPrivateLinks',
  });
});

describe('to several servers', () => {
  const C = 'c'.repeat(40);
  /** Slots from 8000 on are C's, but for one that is A's; B replicates A. */
  const topology: ClusterTopology = {
    ...TOPOLOGY,
    shards: [
      { primary: 0, replicas: [1] },
      { primary: 2, replicas: [] },
    ],
    servers: [node(A, 7001), { ...node(B, 7002), role: 'replica', hasSlots: false }, node(C, 7003)],
    slotToShard: new Uint16Array(16_384).map((_, slot) => (slot < 8_000 || slot === 9_000 ? 0 : 1)),
  };
  const answers = [reply(':1'), reply(':1'), reply(':1')];

  test.each([
    ['all', undefined, [A, C], [A, B, C]],
    ['those of one slot', (slot: number) => slot === 9_000, [A], [A, B]],
    ['those of one other slot', (slot: number) => slot === 8_000, [C], [C]],
    ['those of slots of both', (slot: number) => slot % 1_000 === 0, [A, C], [A, B, C]],
    ['none', () => false, [], []],
  ])('%s', async (_, slots, shards, nodes) => {
    const options = slots === undefined ? {} : { slots };
    const primaries = setUp(answers, false, 50, topology);
    expect(await primaries.errands.sendToShards(['DBSIZE'], options)).toHaveLength(shards.length);
    expect(primaries.targets()).toEqual(shards);
    const all = setUp(answers, false, 50, topology);
    expect(await all.errands.sendToNodes(['PING'], options)).toHaveLength(nodes.length);
    expect(all.sent.map((errand) => errand.nodes)).toEqual([nodes]);
  });

  test('nobody, as long as there is no topology', async () => {
    const { errands, sent } = setUp([], false, 50, null);
    expect(await errands.sendToShards(['DBSIZE'])).toEqual([]);
    expect(await errands.sendToShards(['DBSIZE'], { slots: () => true })).toEqual([]);
    expect(sent).toEqual([]);
  });
});
