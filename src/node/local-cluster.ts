import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stream } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log/logger.js';
import type { ShardsPlacement } from '../placement/index.js';
import {
  ControlConnection,
  type Endpoint,
  formatEndpoint,
  NO_CREDENTIALS,
} from '../shards/index.js';
import {
  assignReplicas,
  assignSlots,
  introduceAll,
  knownNodes,
  serverProblem,
} from './cluster-formation.js';
import { type ClusterState, DataDirectory } from './data-directory.js';
import { Guard, type ServerExit } from './guard.js';
import { LocalClusterError } from './local-cluster-error.js';
import { chooseServerPorts } from './ports.js';
import { identifyProcess, isProcessAlive } from './process-identity.js';
import { SERVER_LOG_FILE, writeServerConfig } from './server-config.js';
import { type ClusterShape, serverPlaces } from './server-places.js';
import { findServerProgram, type ServerProgram } from './server-program.js';

type TcpEndpoint = Extract<Endpoint, { readonly kind: 'tcp' }>;

const DEFAULT_PRIMARIES = 3;
const DEFAULT_REPLICAS_PER_PRIMARY = 1;
const POLL_MS = 25;
/** Servers load their data before they answer, so this is generous; progress ends the wait. */
const READY_TIMEOUT_MS = 60_000;
/** How long the servers of a `kill -9`ed predecessor may take to end. */
const PREDECESSOR_TIMEOUT_MS = 13_000;

export interface LocalClusterOptions {
  /** Address of each node; at least one. Several may have the same. */
  readonly nodes: readonly string[];
  /** Of servers that have no place yet, or no place on these nodes. */
  readonly placement: ShardsPlacement;
  /** Servers that have a place move to where `placement` wants them. */
  readonly movesServers: boolean;
  /** Undefined: what the data directory holds, else 3. */
  readonly primaries: number | undefined;
  /** Replicas per primary. Undefined: what the data directory holds, else 1. */
  readonly replicasPerPrimary: number | undefined;
  /** Undefined: a temporary directory that is removed at the end, and servers without persistence. */
  readonly directory: string | undefined;
  readonly log: Logger;
  /** Ends the start early; what was started is stopped. */
  readonly signal?: AbortSignal;
  readonly program?: ServerProgram;
}

/** What there is to know of a cluster that runs. */
interface ClusterFacts {
  readonly primaries: number;
  readonly replicasPerPrimary: number;
  readonly directory: string;
  readonly isEphemeral: boolean;
  readonly addresses: readonly string[];
}

/** A Redis or Valkey cluster on this machine, for as long as this process lives, or its successor. */
export class LocalCluster {
  readonly primaries: number;
  readonly replicasPerPrimary: number;
  readonly directory: string;
  /** The data goes with this process. */
  readonly isEphemeral: boolean;
  /** `HOST:PORT` of each server, primaries of the first formation first. */
  readonly addresses: readonly string[];
  readonly #guard: Guard;
  readonly #folder: DataDirectory;
  #isOwn: boolean;

  private constructor(facts: ClusterFacts, guard: Guard, folder: DataDirectory, isOwn: boolean) {
    this.primaries = facts.primaries;
    this.replicasPerPrimary = facts.replicasPerPrimary;
    this.directory = facts.directory;
    this.isEphemeral = facts.isEphemeral;
    this.addresses = facts.addresses;
    this.#guard = guard;
    this.#folder = folder;
    this.#isOwn = isOwn;
  }

  /**
   * Starts the servers and waits until they are a working cluster.
   * @throws LocalClusterError; nothing is left running then.
   */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const program = options.program ?? findServerProgram();
    const folder = DataDirectory.open(options.directory);
    let guard: Guard | undefined;
    try {
      const start = await ClusterStart.prepare(options, folder);
      guard = start.startServers(program);
      await start.becomeReady();
      const { primaries, replicasPerPrimary } = start.state;
      const facts = {
        primaries,
        replicasPerPrimary,
        directory: folder.path,
        isEphemeral: folder.isEphemeral,
        addresses: start.addresses.map(formatEndpoint),
      };
      return new LocalCluster(facts, guard, folder, true);
    } catch (error) {
      await guard?.stop();
      folder.release();
      throw error;
    }
  }

  /**
   * The cluster of another process. That one keeps it until `own` is called.
   * @param facts As `lend` gave them. @param pipes Descriptors of what `lend` gave.
   * @throws Error if they cannot be understood.
   */
  static adopt(facts: unknown, pipes: readonly number[], log: Logger): LocalCluster {
    const { guard: pid, ...known } = parseFacts(facts);
    const [orders, reports] = pipes;
    if (orders === undefined || reports === undefined) throw new Error('a pipe is missing');
    const onServerExit = (exit: ServerExit) => reportExit(exit, log);
    const guard = Guard.adopt({ pid, orders, reports, onServerExit });
    const folder = DataDirectory.adopt(known.directory, known.isEphemeral);
    return new LocalCluster(known, guard, folder, false);
  }

  /** Ends with this process from now on. */
  own(): void {
    this.#isOwn = true;
  }

  /** What another process needs to go on with it. `keep` or `passTo` ends that. */
  lend(): { readonly streams: readonly Stream[]; readonly facts: object } {
    const { primaries, replicasPerPrimary, directory, isEphemeral, addresses } = this;
    const facts = { primaries, replicasPerPrimary, directory, isEphemeral, addresses };
    return { streams: this.#guard.lend(), facts: { ...facts, guard: this.#guard.pid } };
  }

  keep(): void {
    this.#guard.goOn();
  }

  /** It is another process's: `stop` leaves it alone. */
  passTo(pid: number): void {
    this.#isOwn = false;
    this.#folder.passTo(pid);
    this.#guard.leave();
  }

  /** Stops the servers and gives the directory back. */
  async stop(): Promise<void> {
    if (!this.#isOwn) return;
    await this.#guard.stop();
    this.#folder.release();
  }
}

function parseFacts(value: unknown): ClusterFacts & { readonly guard: number } {
  const fields: Readonly<Record<string, unknown>> = Object(value);
  const { primaries, replicasPerPrimary, directory, isEphemeral, addresses, guard } = fields;
  if (
    typeof primaries !== 'number' ||
    typeof replicasPerPrimary !== 'number' ||
    typeof directory !== 'string' ||
    typeof isEphemeral !== 'boolean' ||
    typeof guard !== 'number' ||
    !Array.isArray(addresses)
  ) {
    throw new Error('the local cluster is not described');
  }
  const names = addresses.map(String);
  return { primaries, replicasPerPrimary, directory, isEphemeral, addresses: names, guard };
}

function reportExit({ configPath, exitCode }: ServerExit, log: Logger): void {
  log.warn('a server of the local cluster ended', { configPath, exitCode });
}

/** The way from a directory to a running cluster. */
class ClusterStart {
  readonly folder: DataDirectory;
  readonly #options: LocalClusterOptions;
  readonly #haveMoved: boolean;
  #state: ClusterState;
  #exit: ServerExit | undefined;
  #isReady = false;

  private constructor(
    options: LocalClusterOptions,
    folder: DataDirectory,
    state: ClusterState,
    haveMoved: boolean,
  ) {
    this.#options = options;
    this.folder = folder;
    this.#state = state;
    this.#haveMoved = haveMoved;
  }

  static async prepare(options: LocalClusterOptions, folder: DataDirectory): Promise<ClusterStart> {
    const before = folder.readState();
    const shape = chooseShape(options, before, folder.path);
    await waitForPredecessor(before, folder.path);
    const places = choosePlaces(options, shape, before);
    const hosts = places.map((place) => options.nodes[place] ?? '');
    const isFormed = before?.isFormed ?? false;
    if (!isFormed) folder.clearServers(before?.ports.length ?? places.length);
    const ports = await chooseServerPorts(hosts, before?.ports ?? []);
    const nodes = options.nodes.length;
    const state = { ...shape, ports, nodes, places, isFormed, guard: null };
    const haveMoved = ports.some(
      (port, index) => port !== before?.ports[index] || places[index] !== before.places[index],
    );
    return new ClusterStart(options, folder, state, haveMoved);
  }

  get addresses(): readonly TcpEndpoint[] {
    const { ports, places } = this.#state;
    return ports.map((port, index) => {
      const host = this.#options.nodes[places[index] ?? 0] ?? '';
      return { kind: 'tcp', host, port };
    });
  }

  get state(): ClusterState {
    return this.#state;
  }

  startServers(program: ServerProgram): Guard {
    const guard = Guard.start({
      program,
      errorLog: join(this.folder.path, 'servers.log'),
      onServerExit: (exit) => this.#serverExited(exit),
    });
    this.#save({ guard: guard.pid === null ? null : identifyProcess(guard.pid) });
    this.addresses.forEach(({ host, port }, index) => {
      const isPersistent = !this.folder.isEphemeral;
      const folder = this.folder.serverFolder(index);
      guard.startServer(writeServerConfig({ host, port, folder, isPersistent }));
    });
    return guard;
  }

  async becomeReady(): Promise<void> {
    const { primaries, isFormed } = this.#state;
    const servers = await Promise.all(this.addresses.map((address) => this.#connect(address)));
    try {
      if (!isFormed) await assignSlots(servers, primaries);
      if (!isFormed || this.#haveMoved) await introduceAll(servers);
      if (!isFormed) {
        await this.#until('the servers know each other', () => this.#acquainted(servers));
        await assignReplicas(servers, primaries);
      }
      await this.#until('the cluster works', () => firstProblem(servers));
      this.#save({ isFormed: true });
      this.#isReady = true;
    } finally {
      for (const server of servers) server.close();
    }
  }

  async #connect(endpoint: TcpEndpoint): Promise<ControlConnection> {
    let connection: ControlConnection | undefined;
    await this.#until(`${formatEndpoint(endpoint)} answers`, async () => {
      connection ??= await ControlConnection.open({
        endpoint,
        credentials: NO_CREDENTIALS,
        connectTimeoutMs: 5_000,
      });
      const reply = await connection.call(['PING']);
      return reply.kind === 'error' ? reply.message : undefined;
    });
    if (connection === undefined) throw new Error('connected, but without a connection');
    return connection;
  }

  async #acquainted(servers: readonly ControlConnection[]): Promise<string | undefined> {
    const counts = await Promise.all(servers.map(knownNodes));
    return counts.every((count) => count === servers.length)
      ? undefined
      : `of ${servers.length} nodes, the servers know ${counts.join(', ')}`;
  }

  /** Polls until `problem` finds none; gives up when a server ends, or at the deadline. */
  async #until(what: string, problem: () => Promise<string | undefined>): Promise<void> {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      if (this.#exit !== undefined) throw this.#exitError(this.#exit);
      const found = await problem().catch((error: Error) => error.message);
      if (found === undefined) return;
      if (performance.now() > deadlineMs) {
        const message = `waited ${READY_TIMEOUT_MS / 1000} s until ${what}, but ${found}; the servers' logs are in ${this.folder.path}`;
        throw new LocalClusterError('cluster_not_ready', message);
      }
      await delay(POLL_MS);
    }
  }

  #serverExited(exit: ServerExit): void {
    if (this.#isReady) {
      reportExit(exit, this.#options.log);
    } else {
      this.#exit ??= exit;
    }
  }

  #exitError({ configPath, exitCode }: ServerExit): LocalClusterError {
    const log = join(configPath, '..', SERVER_LOG_FILE);
    const message = `a server ended with code ${exitCode}; the end of ${log}:\n${lastLines(log)}`;
    return new LocalClusterError('server_exited', message);
  }

  #save(change: Partial<ClusterState>): void {
    this.#state = { ...this.#state, ...change };
    this.folder.writeState(this.#state);
  }
}

async function firstProblem(servers: readonly ControlConnection[]): Promise<string | undefined> {
  const problems = await Promise.all(servers.map(serverProblem));
  return problems.find((problem) => problem !== undefined);
}

/** Where the servers were, as long as these nodes are there and nobody wants them elsewhere. */
function choosePlaces(
  { nodes, placement, movesServers }: LocalClusterOptions,
  shape: ClusterShape,
  before: ClusterState | undefined,
): readonly number[] {
  const wanted = serverPlaces(shape, nodes.length, placement);
  const isKept =
    before?.isFormed === true &&
    !movesServers &&
    before.places.length === wanted.length &&
    before.places.every((place) => place < nodes.length);
  return isKept ? before.places : wanted;
}

function chooseShape(
  { primaries, replicasPerPrimary }: LocalClusterOptions,
  before: ClusterState | undefined,
  path: string,
): ClusterShape {
  const wanted = {
    primaries: primaries ?? before?.primaries ?? DEFAULT_PRIMARIES,
    replicasPerPrimary:
      replicasPerPrimary ?? before?.replicasPerPrimary ?? DEFAULT_REPLICAS_PER_PRIMARY,
  };
  const isSame =
    wanted.primaries === before?.primaries &&
    wanted.replicasPerPrimary === before.replicasPerPrimary;
  if (before === undefined || !before.isFormed || isSame) return wanted;
  throw new LocalClusterError(
    'data_directory_mismatch',
    `${path} holds a cluster of ${before.primaries} primaries with ${before.replicasPerPrimary} ` +
      `replicas each, and ${wanted.primaries} with ${wanted.replicasPerPrimary} were asked for; ` +
      'use --dir for another directory, or leave --primaries and --replicas out',
  );
}

/** Servers whose parent was killed still write their data: nobody may open it before they are gone. */
async function waitForPredecessor(before: ClusterState | undefined, path: string): Promise<void> {
  const guard = before?.guard ?? null;
  if (guard === null) return;
  const deadlineMs = performance.now() + PREDECESSOR_TIMEOUT_MS;
  while (isProcessAlive(guard)) {
    if (performance.now() > deadlineMs) {
      throw new LocalClusterError(
        'data_directory_in_use',
        `servers of an earlier run in ${path} are still running (process group ${guard.pid}); stop them first`,
      );
    }
    await delay(POLL_MS);
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  } catch {
    return '(no log was written)';
  }
}
