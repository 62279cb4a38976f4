import { coreTable, toNativeRows } from '../../../src/commands/index.js';
import type {
  DatabaseSettings,
  NativeCommandRow,
  PlaneLimits,
  RouteServer,
  RouteSnapshot,
} from '../../../src/native/index.js';

export const SLOT_COUNT = 16_384;
/** In `slotToServer`: nobody serves the slot. */
export const NOBODY = 0xffff;

export const LIMITS: PlaneLimits = {
  argumentsMax: 1024,
  bulkBytesMax: 1 << 20,
  frameBytesMax: 1 << 24,
  clientsMax: 100,
  memoryBytesMax: 0,
  inFlightPerClientMax: 1024,
  clientOutputBytesMax: 1 << 24,
  subscriberOutputBytesMax: 1 << 24,
  linkUnansweredBytesMax: 1 << 22,
  holdBytesPerShardMax: 1 << 22,
  holdBytesMax: 1 << 22,
  holdTimeoutMs: 5000,
  redirectsMax: 5,
  linksPerServerMax: 16,
  privateLinksPerServerMax: 8,
  slowAfterMs: 0xffff_ffff,
  connectTimeoutMs: 2000,
  keepaliveSeconds: 60,
  clientIdleTimeoutMs: 0,
  partialRequestTimeoutMs: 0,
  loginTimeoutMs: 0,
  proxyHeaderTimeoutMs: 5_000,
  clientCommandsPerSecond: 0,
  clientBytesPerSecond: 0,
  addressCommandsPerSecond: 0,
  addressBytesPerSecond: 0,
  addressConnectionsPerSecond: 0,
  scriptCacheBytesMax: 1 << 20,
};

/** Settings in which some fields differ from those of the tests. */
export function settings(changes: Partial<DatabaseSettings> = {}): DatabaseSettings {
  return {
    users: [{ name: '', password: '', authenticates: false }],
    clientUser: 0,
    clientMustAuthenticate: false,
    nodeName: 'test',
    readYourWritesMs: 0,
    retryWrites: false,
    limits: LIMITS,
    ...changes,
  };
}

let rows: readonly NativeCommandRow[] | undefined;

/** The rows that the proxy publishes before it knows its servers. */
export function coreRows(): readonly NativeCommandRow[] {
  rows ??= toNativeRows(coreTable());
  return rows;
}

export function routeServer(port: number): RouteServer {
  const label = `127.0.0.1:${port}`;
  return { nodeId: '', host: '127.0.0.1', port, path: '', label, redirectNames: [label] };
}

/** Routes that divide all slots evenly among servers of 127.0.0.1, in their order. */
export function routesTo(ports: readonly number[], version = 1): RouteSnapshot {
  const slots = Uint16Array.from({ length: SLOT_COUNT }, (_, slot) =>
    Math.floor((slot * ports.length) / SLOT_COUNT),
  );
  return {
    version,
    refreshStartedAtMs: 0,
    servers: ports.map(routeServer),
    slotToServer: ports.length === 0 ? slots.fill(NOBODY) : slots,
    readerSets: [],
    slotToReaders: new Uint16Array(0),
  };
}
