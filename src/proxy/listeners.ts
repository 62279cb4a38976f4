import { lookup } from 'node:dns/promises';
import { chmodSync, unlinkSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import { formatAddress, type ListenAddress } from '../config/addresses.js';
import { ProxyError } from '../errors/index.js';
import {
  type DataPlane,
  type InheritedSockets,
  type NativePeerRule,
  nativeAddon,
} from '../native/index.js';
import type { EndpointSockets } from './endpoint.js';

interface BoundSocket {
  readonly fd: number;
  readonly worker: number;
  readonly address: ListenAddress;
}

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  readonly workers: number;
  readonly backlog: number;
  /** Permission bits of unix sockets; undefined: as the umask has it. */
  readonly unixSocketMode: number | undefined;
  readonly plane: Pick<DataPlane, 'listen' | 'stopListening'>;
  readonly database: number;
  /** Sockets of the process before this one; those of these addresses are taken. */
  readonly inherited?: InheritedSockets | undefined;
  /** Who new clients are, by the address to which they connect. */
  readonly rulesFor: (address: ListenAddress) => readonly NativePeerRule[];
  /** Who puts a header of the PROXY protocol first there; see `DataPlane.listen`. */
  readonly sendersFor: (address: ListenAddress) => readonly string[];
}

/**
 * The sockets on which the clients of an endpoint connect. They are bound at first, so that a taken
 * address is noticed at once, and listen only when there is a topology: a connection that is accepted
 * is served.
 */
export class Listeners implements EndpointSockets {
  readonly #options: ListenerOptions;
  #sockets: readonly BoundSocket[];

  private constructor(sockets: readonly BoundSocket[], options: ListenerOptions) {
    this.#options = options;
    this.#sockets = sockets;
  }

  /** @throws ProxyError `address_in_use` or `listen_failed`, naming the address; nothing is left open. */
  static async bind(options: ListenerOptions): Promise<Listeners> {
    const sockets: BoundSocket[] = [];
    try {
      for (const address of options.addresses) {
        sockets.push(...(await bindAddress(address, options)));
      }
    } catch (error) {
      for (const { fd } of sockets) {
        nativeAddon().closeDescriptor(fd);
      }
      throw error;
    }
    return new Listeners(sockets, options);
  }

  open(): void {
    for (const { fd } of this.#sockets) {
      nativeAddon().startListening(fd, this.#options.backlog);
    }
    this.applyRules();
  }

  applyRules(): void {
    const { plane, database, rulesFor, sendersFor } = this.#options;
    for (const address of new Set(this.#sockets.map((socket) => socket.address))) {
      const rules = rulesFor(address);
      const senders = sendersFor(address);
      for (const { fd, worker } of this.#sockets.filter((socket) => socket.address === address)) {
        plane.listen(database, worker, fd, rules, senders);
      }
    }
  }

  get descriptors(): readonly number[] {
    return this.#sockets.map(({ fd }) => fd);
  }

  async handOver(taken: ReadonlySet<number>): Promise<void> {
    const { plane } = this.#options;
    const kept = this.#sockets.filter(({ fd }) => taken.has(fd));
    this.#sockets = this.#sockets.filter(({ fd }) => !taken.has(fd));
    await Promise.all(kept.map(({ fd, worker }) => plane.stopListening(worker, fd, true)));
    await this.close();
  }

  async close(): Promise<void> {
    const { plane } = this.#options;
    await Promise.all(this.#sockets.map(({ fd, worker }) => plane.stopListening(worker, fd)));
    this.release();
  }

  release(): void {
    // Before this process owns what it inherited, its files belong to the one before it.
    const ownsFiles = this.#options.inherited?.areOwn !== false;
    for (const { fd, address } of this.#sockets) {
      nativeAddon().closeDescriptor(fd);
      if (address.kind === 'unix' && ownsFiles) unlinkIfThere(address.path);
    }
    this.#sockets = [];
  }
}

/**
 * One socket per worker for TCP, which the kernel balances; one in all for a unix socket. Inherited
 * ones are all kept, however many there are: clients may be queued at each.
 */
async function bindAddress(
  address: ListenAddress,
  { workers, unixSocketMode, inherited }: ListenerOptions,
): Promise<readonly BoundSocket[]> {
  const { bindListener, closeDescriptor } = nativeAddon();
  const name = formatAddress(address);
  const sockets: BoundSocket[] = [];
  try {
    if (address.kind === 'unix') {
      const [given] = inherited?.take({ kind: 'unix', path: address.path }) ?? [];
      if (given !== undefined) {
        if (unixSocketMode !== undefined) chmodSync(address.path, unixSocketMode);
        return [{ fd: given, worker: 0, address }];
      }
      await removeDeadSocket(address.path);
      const mode = unixSocketMode ?? -1;
      const fd = bindListener({ host: '', port: 0, path: address.path, mode, probe: false });
      return [{ fd, worker: 0, address }];
    }
    for (const host of await hostAddresses(address.host)) {
      const options = { host, port: address.port, path: '', mode: -1 };
      const given = inherited?.take({ kind: 'tcp', host, port: address.port }) ?? [];
      sockets.push(...given.map((fd, index) => ({ fd, worker: index % workers, address })));
      // With SO_REUSEPORT a second proxy would silently share the port: look whether it is free.
      if (given.length === 0) bindListener({ ...options, probe: true });
      for (let worker = given.length; worker < workers; worker++) {
        sockets.push({ fd: bindListener({ ...options, probe: false }), worker, address });
      }
    }
    return sockets;
  } catch (cause) {
    for (const { fd } of sockets) {
      closeDescriptor(fd);
    }
    throw bindError(name, cause);
  }
}

function bindError(name: string, cause: unknown): Error {
  if (cause instanceof ProxyError) {
    return cause;
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'EADDRINUSE'
    ? new ProxyError('address_in_use', `cannot listen on ${name}: the address is in use`, { cause })
    : new ProxyError('listen_failed', `cannot listen on ${name}: ${String(cause)}`, { cause });
}

/** The numeric addresses of a host. */
export async function hostAddresses(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) {
    return [host];
  }
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** A socket file that nobody accepts on is left over from a process that was killed. */
async function removeDeadSocket(path: string): Promise<void> {
  const isAlive = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'ECONNREFUSED') {
        unlinkIfThere(path);
      }
      resolve(false);
    });
  });
  if (isAlive) {
    throw new ProxyError(
      'address_in_use',
      `cannot listen on ${path}: another process listens on it`,
    );
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw error;
    }
  }
}
