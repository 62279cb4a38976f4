import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/errors/index.js';
import type { RespReply } from '../../../src/resp/index.js';
import {
  readSlotState,
  type ServerNode,
  type SlotStateSource,
} from '../../../src/topology/index.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { serverNode, topologyWith } from '../../support/topology.js';

interface Said {
  readonly nodes: readonly string[];
  readonly info?: RespReply;
}

/** A line of CLUSTER NODES: `<a>` is the id of node a. */
function line(name: string, flags: string, epoch: number, slots: string): string {
  const text = `<${name}> 127.0.0.1:7000@17000 ${flags} - 0 0 ${epoch} connected ${slots}`;
  return text.replace(/<(\w+)>/g, (_, node: string) => fakeNodeId(node));
}

function serverOf(name: string, changes: Partial<ServerNode> = {}): ServerNode {
  return serverNode(fakeNodeId(name), changes);
}

/** Servers that answer; those without an answer are down. */
function sourceOf(servers: readonly ServerNode[], said: Readonly<Record<string, Said>>) {
  const refreshes: string[] = [];
  const asked = new Set<string>();
  const source: SlotStateSource = {
    topology: topologyWith(servers),
    execute: (nodeId, [command]) => {
      asked.add(nodeId);
      const [name, answer] = Object.entries(said).find(([id]) => fakeNodeId(id) === nodeId) ?? [];
      if (answer === undefined) {
        return Promise.reject(new ProxyError('connect_failed', 'refused'));
      }
      const info: RespReply = { kind: 'string', bytes: Buffer.from(`run_id:life${name}\r\n`) };
      const nodes: RespReply = { kind: 'string', bytes: Buffer.from(answer.nodes.join('\n')) };
      return Promise.resolve(command === 'INFO' ? (answer.info ?? info) : nodes);
    },
    requestRefresh: ({ detail }) => refreshes.push(detail),
  };
  return { source, refreshes, asked };
}

const A = line('a', 'master', 1, '0-9999');
const B = line('b', 'master', 2, '10000-16383');
const MYSELF_A = line('a', 'myself,master', 1, '0-9999');
const MYSELF_B = line('b', 'myself,master', 2, '10000-16383');

describe('reading who holds which slots', () => {
  test('every primary tells its slots, epoch, process and open slots', async () => {
    const importing = `10000-16383 [5-<-${fakeNodeId('a')}]`;
    const { source } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, line('b', 'myself,master', 2, importing)] },
    });
    const { primaries, owners, openSlots } = await readSlotState(source);
    expect(primaries).toEqual([
      { nodeId: fakeNodeId('a'), configEpoch: 1, runId: 'lifea' },
      { nodeId: fakeNodeId('b'), configEpoch: 2, runId: 'lifeb' },
    ]);
    expect([owners[0], owners[9_999], owners[10_000], owners[16_383]]).toEqual([0, 0, 1, 1]);
    expect(openSlots).toEqual([{ slot: 5, from: fakeNodeId('a'), to: fakeNodeId('b') }]);
  });

  test('an open slot of which both ends tell is one; a replaced end is none', async () => {
    const migrating = `0-9999 [7->-${fakeNodeId('b')}] [8->-${fakeNodeId('gone')}]`;
    const importing = `10000-16383 [5-<-${fakeNodeId('old')}] [7-<-${fakeNodeId('a')}]`;
    const old = line('old', 'master,fail', 0, '');
    const { source } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [line('a', 'myself,master', 1, migrating), B, old] },
      b: { nodes: [A, line('b', 'myself,master', 2, importing), old] },
    });
    const { openSlots } = await readSlotState(source);
    expect(openSlots).toEqual([
      { slot: 5, from: null, to: fakeNodeId('b') },
      { slot: 7, from: fakeNodeId('a'), to: fakeNodeId('b') },
      { slot: 8, from: fakeNodeId('a'), to: null },
    ]);
  });

  test('a slot that its old owner still claims belongs to the one with the later epoch', async () => {
    const { source } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, line('b', 'myself,master', 3, '9999-16383')] },
    });
    const { primaries, owners } = await readSlotState(source);
    expect([owners[9_998], owners[9_999]]).toEqual([0, 1]);
    expect(primaries[1]?.configEpoch).toBe(3);
  });

  test('an owner that does not answer has no process', async () => {
    const { source, refreshes } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [MYSELF_A, B] },
    });
    const { primaries } = await readSlotState(source);
    expect(primaries.map(({ runId }) => runId)).toEqual(['lifea', null]);
    expect(refreshes).toEqual([]);
  });

  test('an owner that the topology does not have as a primary makes it look again', async () => {
    const { source, refreshes } = sourceOf([serverOf('a'), serverOf('b', { role: 'replica' })], {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, MYSELF_B] },
    });
    const { primaries } = await readSlotState(source);
    expect(primaries.map(({ runId }) => runId)).toEqual(['lifea', null]);
    expect(refreshes).toEqual([`${fakeNodeId('b')} owns slots`]);
  });

  test('primaries without slots are asked, too; replicas and failed ones are not', async () => {
    const servers = [
      serverOf('a'),
      serverOf('b'),
      serverOf('empty', { hasSlots: false }),
      serverOf('replica', { role: 'replica' }),
      serverOf('dead', { flags: ['fail'] }),
    ];
    const empty = line('empty', 'myself,master', 0, `[5-<-${fakeNodeId('a')}]`);
    const { source, asked } = sourceOf(servers, {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, MYSELF_B] },
      empty: { nodes: [A, B, empty] },
    });
    const { openSlots, primaries } = await readSlotState(source);
    expect([...asked]).toEqual(['a', 'b', 'empty'].map(fakeNodeId));
    expect(openSlots.map(({ slot }) => slot)).toEqual([5]);
    expect(primaries).toHaveLength(2);
  });

  test('what another node at the address says does not count', async () => {
    const { source } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, B, line('stranger', 'myself,master', 9, '0-16383')] },
    });
    const { primaries, owners } = await readSlotState(source);
    expect(primaries.map(({ nodeId, runId }) => [nodeId, runId])).toEqual([
      [fakeNodeId('a'), 'lifea'],
      [fakeNodeId('b'), null],
    ]);
    expect(owners[0]).toBe(0);
  });

  test('a server that may not tell its process is an error, as waiting would not help', async () => {
    const info: RespReply = { kind: 'error', message: 'NOPERM no permissions' };
    const { source } = sourceOf([serverOf('a'), serverOf('b')], {
      a: { nodes: [MYSELF_A, B] },
      b: { nodes: [A, MYSELF_B], info },
    });
    await expect(readSlotState(source)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('without any answer the reason of a failure is given', async () => {
    const { source } = sourceOf([serverOf('a')], {});
    await expect(readSlotState(source)).rejects.toMatchObject({ code: 'connect_failed' });
  });
});
