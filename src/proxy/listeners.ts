import { lookup } from 'node:dns/promises';
import { unlinkSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import { formatAddress, type ListenAddress } from '../config/addresses.js';
import { ProxyError } from '../errors/index.js';
import { type DataPlane, type NativePeerRule, nativeAddon } from '../native/index.js';
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
  readonly #sockets: BoundSocket[];
  readonly #unixPaths: string[];

  private constructor(sockets: BoundSocket[], options: ListenerOptions) {
    this.#options = options;
    this.#sockets = sockets;
    this.#unixPaths = options.addresses.flatMap((a) => (a.kind === 'unix' ? [a.path] : []));
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

  async close(): Promise<void> {
    const { plane } = this.#options;
    await Promise.all(this.#sockets.map(({ fd, worker }) => plane.stopListening(worker, fd)));
    this.release();
  }

  release(): void {
    for (const { fd } of this.#sockets.splice(0)) {
      nativeAddon().closeDescriptor(fd);
    }
    for (const path of this.#unixPaths.splice(0)) {
      unlinkIfThere(path);
    }
  }
}

/** One socket per worker for TCP, which the kernel balances; one in all for a unix socket. */
async function bindAddress(
  address: ListenAddress,
  { workers, unixSocketMode }: ListenerOptions,
): Promise<readonly BoundSocket[]> {
  const { bindListener, closeDescriptor } = nativeAddon();
  const name = formatAddress(address);
  const sockets: BoundSocket[] = [];
  try {
    if (address.kind === 'unix') {
      await removeDeadSocket(address.path);
      const mode = unixSocketMode ?? -1;
      const fd = bindListener({ host: '', port: 0, path: address.path, mode, probe: false });
      return [{ fd, worker: 0, address }];
    }
    for (const host of await hostAddresses(address.host)) {
      const options = { host, port: address.port, path: '', mode: -1 };
      // With SO_REUSEPORT a second proxy would silently share the port: look whether it is free.
      bindListener({ ...options, probe: true });
      for (let worker = 0; worker < workers; worker++) {
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

async function hostAddresses(host: string): Promise<readonly string[]> {
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
