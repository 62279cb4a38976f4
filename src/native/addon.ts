import { createRequire } from 'node:module';
import { ProxyError } from '../errors/index.js';
import type { NativeListenerRules, NativePresentation } from './presentations.js';
import type {
  ClientRef,
  ControlAnswer,
  ControlRequest,
  DatabaseSettings,
  DataPlaneEvent,
  MemoryUse,
  NativeBinding,
  NativeCommandRow,
  NativeErrand,
  NativeErrandResult,
  NativePubSubFamily,
  QueryReport,
  RouteSnapshot,
  SlowRequest,
  SubscriptionFigures,
  WorkerFigures,
} from './types.js';

/** What a worker sent up. */
export interface UpBatch {
  readonly controls: readonly ControlRequest[];
  readonly events: readonly DataPlaneEvent[];
  readonly reports: readonly QueryReport[];
  readonly slow: readonly SlowRequest[];
  readonly errands: readonly NativeErrandResult[];
}

/** The class that `native/addon/plane_object.h` defines; every argument is checked there. */
export interface NativePlane {
  addDatabase(database: number, settings: DatabaseSettings): void;
  setSettings(database: number, settings: DatabaseSettings): void;
  setCommands(database: number, rows: readonly NativeCommandRow[]): void;
  setRoutes(database: number, routes: RouteSnapshot): void;
  setPresentations(database: number, presentations: readonly NativePresentation[]): void;
  listen(database: number, worker: number, fd: number, rules: NativeListenerRules): void;
  stopListening(worker: number, fd: number, isShared: boolean, done: () => void): void;
  preconnect(database: number): void;
  learnScript(database: number, body: Buffer): void;
  hasScript(database: number, digest: string): boolean;
  scriptBody(database: number, digest: string): Buffer | undefined;
  clearScripts(database: number): void;
  scriptChecked(database: number, nodeId: string, digest: string, isLoaded: boolean): void;
  answer(client: ClientRef, answer: ControlAnswer): void;
  dispatchAgain(client: ClientRef): void;
  bind(client: ClientRef, binding: NativeBinding): void;
  send(client: ClientRef, errand: NativeErrand & { readonly ticket: number }): void;
  locate(client: ClientRef, ticket: number): void;
  setMemoryBudget(bytes: number): void;
  memoryUse(): MemoryUse;
  databaseMemoryUse(database: number): MemoryUse;
  makeLeave(
    mostPerWorker: number,
    isNow: boolean,
    ...among: [] | [database: number, presentations: readonly number[]]
  ): void;
  letStay(database: number, presentations: readonly number[]): void;
  countClients(query: number, database: number, presentations: readonly number[]): void;
  notify(database: number, presentations: readonly number[], kind: number, frame: Buffer): void;
  queryClients(query: number, database: number, ids: readonly number[]): void;
  closeClients(query: number, clients: readonly ClientRef[]): void;
  pauseClients(query: number, database: number, durationMs: number, isAll: boolean): void;
  unpauseClients(query: number, database: number): void;
  closeClientsOf(query: number, database: number, user: number): void;
  takeUp(): UpBatch;
  subscriptions(
    database: number,
    family: NativePubSubFamily,
    names: readonly Buffer[],
  ): SubscriptionFigures;
  counters(): readonly WorkerFigures[];
  stop(): void;
}

/** See `native/addon/sockets.h`. */
export interface BindOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly mode: number;
  readonly probe: boolean;
}

/** See `native/addon/inherited_sockets.h`. */
export interface AdoptedListener {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export interface NativeAddon {
  readonly Plane: new (workers: number, wake: () => void) => NativePlane;
  slotForKey(key: Buffer): number;
  bindListener(options: BindOptions): number;
  startListening(fd: number, backlog: number): void;
  closeDescriptor(fd: number): void;
  adoptListener(fd: number): AdoptedListener;
  sendDatagram(path: string, text: string): void;
  trimMemory(): void;
}

const ADDON_PATH = '../../build/Release/slotgate.node';

let loaded: NativeAddon | undefined;

/** The compiled addon. @throws ProxyError `addon_missing` if it was not built for this Node. */
export function nativeAddon(): NativeAddon {
  try {
    loaded ??= createRequire(import.meta.url)(ADDON_PATH) as NativeAddon;
    return loaded;
  } catch (cause) {
    throw new ProxyError(
      'addon_missing',
      `the native addon could not be loaded; build it with "npm run build": ${String(cause)}`,
      { cause },
    );
  }
}

/** Gives memory that was freed back to the system, where the C library keeps it. */
export function trimMemory(): void {
  nativeAddon().trimMemory();
}
