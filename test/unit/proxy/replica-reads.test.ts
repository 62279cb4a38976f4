import { expect, test } from 'vitest';
import { type ReadSettings, ReplicaReads } from '../../../src/proxy/replica-reads.js';
import type { RespReply } from '../../../src/resp/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { topologyOf } from '../../support/topology.js';

const LINES = [
  '<a> 10.0.0.1:7000@1 myself,master - 0 0 5 connected 0-16383',
  '<b> 10.0.0.2:7000@1 slave <a> 0 0 5 connected',
];
const SETTINGS: ReadSettings = {
  mode: 'standalone',
  readFrom: 'prefer-replica',
  zone: undefined,
  serverZones: [],
  maxReplicaLinkDownMs: 1_000,
};

function setUp(settings: Partial<ReadSettings> = {}) {
  const clock = new FakeClock();
  const said: string[] = [];
  const refreshes: string[] = [];
  const calls: string[] = [];
  const state = { info: 'role:slave\r\nmaster_link_status:up\r\nloading:0\r\n', changes: 0 };
  const note = (message: string, fields?: object) =>
    said.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const reads = new ReplicaReads(
    { ...SETTINGS, ...settings },
    {
      clock,
      log: { debug: note, info: note, warn: note, error: note },
      execute: async (nodeId, args): Promise<RespReply> => {
        calls.push(`${nodeId.slice(0, 1)} ${args.map(String).join(' ')}`);
        return { kind: 'string', bytes: Buffer.from(state.info) };
      },
      refresh: ({ detail }) => refreshes.push(detail),
      changed: () => state.changes++,
    },
  );
  return { clock, said, refreshes, calls, state, reads };
}

test('replicas are read from once they have answered, and that is told', async () => {
  const { clock, said, state, reads } = setUp();
  reads.adopt(topologyOf(LINES.join('\n')));
  expect(reads.readers.sets).toEqual([]);
  await clock.advance(1);
  expect(reads.readers.sets).toHaveLength(1);
  expect(state.changes).toBe(1);
  expect(said).toEqual(['reads are sent to this server {"server":"10.0.0.2:7000"}']);
  state.info = 'role:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:2\r\n';
  await clock.advance(2_000);
  expect(reads.readers.sets).toEqual([]);
  expect(state.changes).toBe(2);
  expect(said[1]).toBe('reads are no longer sent to this server {"server":"10.0.0.2:7000"}');
  reads.stop();
});

test.each([
  [{ readFrom: 'primary' } as const],
  [{ mode: 'cluster' } as const],
  [{ mode: 'direct' } as const],
])('nobody is asked with %j', async (settings) => {
  const { clock, calls, reads } = setUp(settings);
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(5_000);
  expect(calls).toEqual([]);
  expect(reads.readers.slotToSet).toHaveLength(0);
});

test('a reload turns it on and off', async () => {
  const { clock, calls, state, reads } = setUp({ readFrom: 'primary' });
  reads.adopt(topologyOf(LINES.join('\n')));
  expect(reads.reconfigure({ ...SETTINGS, mode: 'auto' })).toBe(false);
  await clock.advance(1);
  expect(state.changes).toBe(1);
  expect(reads.readers.sets).toHaveLength(1);
  expect(reads.reconfigure({ ...SETTINGS, readFrom: 'primary' })).toBe(true);
  expect(reads.readers.sets).toEqual([]);
  const asked = calls.length;
  await clock.advance(5_000);
  expect(calls).toHaveLength(asked);
});

test('a topology that changes nothing publishes nothing of its own accord', async () => {
  const { clock, state, reads } = setUp();
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(1);
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(5_000);
  expect(state.changes).toBe(1);
  reads.stop();
});

test('zones come from the servers, or from the table; without --zone there is a warning', async () => {
  const { clock, said, reads } = setUp({
    readFrom: 'az-affinity',
    zone: 'x',
    serverZones: ['10.0.0.0/8=x'],
  });
  expect(said).toEqual([]);
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(1);
  expect([...reads.readers.chosen]).toEqual([fakeNodeId('b')]);
  reads.reconfigure({ ...SETTINGS, readFrom: 'az-affinity' });
  expect(said.at(-1)).toContain('no server is near without --zone');
  reads.stop();
});

test('primaries are asked where they may be chosen', async () => {
  const { clock, calls, reads } = setUp({ readFrom: 'lowest-latency' });
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(1);
  expect(calls.filter((call) => call.endsWith('PING'))).toHaveLength(2);
  reads.stop();
});

test('a server that refused reads is asked again', async () => {
  const { clock, calls, reads } = setUp();
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(1);
  const asked = calls.length;
  reads.refused('10.0.0.2:7000');
  reads.refused('10.9.9.9:7000');
  await clock.advance(1);
  expect(calls).toHaveLength(asked + 2);
  reads.stop();
});

test('as long as slots are open, the topology is looked at', async () => {
  const { clock, refreshes, reads } = setUp();
  const open = [`${LINES[0]} [5->-${fakeNodeId('c')}]`, ...LINES.slice(1)].join('\n');
  reads.adopt(topologyOf(open));
  await clock.advance(10_000);
  expect(refreshes).toEqual(['slots are on their way']);
  reads.adopt(topologyOf(LINES.join('\n')));
  await clock.advance(20_000);
  expect(refreshes).toHaveLength(1);
  reads.stop();
});
