import type {
  ClientDesk,
  ControlContext,
  Errands,
  ProxyStats,
} from '../../../src/commands/index.js';
import { Scans, SlowLog, STANDALONE_VIEW, UnknownCommands } from '../../../src/commands/index.js';
import type { ClientRecord } from '../../../src/native/types.js';
import type { RespValue } from '../../../src/resp/index.js';
import { reply, TABLE } from './support.js';

const STATS: ProxyStats = {
  runId: 'a'.repeat(40),
  processId: 4242,
  port: 12_000,
  uptimeSeconds: 90_000,
  workers: 2,
  clients: 7,
  links: 6,
};

/** Clients by their records; closing takes them away. */
export function fakeClients(records: readonly ClientRecord[] = []): ClientDesk {
  let present = records;
  return {
    blocked: {
      begin: () => ({ interrupted: () => null, end: () => ({ closesClient: false }) }),
      unblock: () => Promise.resolve(false),
    },
    list: (ids) =>
      Promise.resolve(present.filter(({ id }) => ids === undefined || ids.includes(id))),
    close: (clients) => {
      const before = present.length;
      present = present.filter(({ id }) => !clients.some((client) => client.id === id));
      return Promise.resolve(before - present.length);
    },
    pause: () => Promise.resolve(),
    unpause: () => Promise.resolve(),
    userName: (user) => ['default', 'alice', 'bob'][user] ?? '?',
  };
}

/** Three shards without replicas, `a`, `b` and `c`, that answer everything with OK. */
export function fakeErrands(overrides: Partial<Errands> = {}): Errands {
  const ok: RespValue = { kind: 'simple', text: 'OK' };
  const nodes = ['a', 'b', 'c'];
  return {
    isGone: () => false,
    primaries: () => nodes,
    nodes: () => nodes,
    ownerOf: (slot) => nodes[Math.floor((slot * nodes.length) / 16_384)] ?? null,
    send: async (nodeIds) => nodeIds.map(() => ({ kind: 'reply', reply: ok }) as const),
    sendToSlot: async () => ok,
    sendToShards: async () => nodes.map(() => ok),
    sendToNodes: async () => nodes.map(() => ok),
    ...overrides,
  };
}

/** A context whose servers know no command, until a test says otherwise. */
export function fakeContext(overrides: Partial<ControlContext> = {}): ControlContext {
  return {
    table: TABLE,
    version: '9.9.9',
    serverVersion: '7.0.15',
    clients: fakeClients(),
    presentation: () => STANDALONE_VIEW,
    slowLog: new SlowLog(128, () => 0),
    unknownCommands: new UnknownCommands(() => 0),
    scans: new Scans({
      readSlotState: () => Promise.reject(new Error('no servers')),
      waitMs: () => 0,
    }),
    errands: fakeErrands(),
    subscriptions: (_family, names) => ({
      counts: names.map(() => ({ clients: 0, links: 0 })),
      unused: [],
      patterns: { clients: 0, links: 0 },
    }),
    scripts: { learn: () => undefined, clear: () => undefined, has: () => false },
    bind: () => {},
    isFullOfTracking: () => false,
    stats: () => STATS,
    configValues: () => ({ maxclients: '5000', port: '12000', timeout: '0' }),
    maxMergedReplyBytes: 1_000,
    rightsChanged: () => undefined,
    execute: () => Promise.resolve([reply([null])]),
    ...overrides,
  };
}
