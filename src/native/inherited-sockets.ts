import { isIP, SocketAddress } from 'node:net';
import { nativeAddon } from './addon.js';

/** Where a listening socket is bound. `host` is numeric. */
export type BoundAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Listening sockets that the process was started with, by their addresses. The process before it goes
 * on to accept from them until it is told who has taken them.
 */
export class InheritedSockets {
  readonly #free = new Map<string, number[]>();
  #areOwn = false;

  /** @throws Error with `code` if one is no bound stream socket. */
  constructor(descriptors: readonly number[]) {
    for (const fd of descriptors) {
      const { host, port, path } = nativeAddon().adoptListener(fd);
      const address: BoundAddress =
        path === '' ? { kind: 'tcp', host, port } : { kind: 'unix', path };
      const key = keyOf(address);
      this.#free.set(key, [...(this.#free.get(key) ?? []), fd]);
    }
  }

  /** False as long as the other process may still go on with them: its files must not be removed. */
  get areOwn(): boolean {
    return this.#areOwn;
  }

  /** The descriptors that are bound to an address; they are the caller's from then on. */
  take(address: BoundAddress): readonly number[] {
    const key = keyOf(address);
    const taken = this.#free.get(key) ?? [];
    this.#free.delete(key);
    return taken;
  }

  has(address: BoundAddress): boolean {
    return this.#free.has(keyOf(address));
  }

  /** The ports on a host to which somebody may still take sockets. */
  portsOf(host: string): readonly number[] {
    const prefix = `${numeric(host)} `;
    return [...this.#free.keys()].flatMap((key) =>
      key.startsWith(prefix) ? [Number(key.slice(prefix.length))] : [],
    );
  }

  /** The other process has let go of what was taken. Nobody needs the rest. */
  own(): void {
    this.#areOwn = true;
    for (const fd of [...this.#free.values()].flat()) {
      nativeAddon().closeDescriptor(fd);
    }
    this.#free.clear();
  }
}

function keyOf(address: BoundAddress): string {
  return address.kind === 'unix' ? address.path : `${numeric(address.host)} ${address.port}`;
}

/** As the system writes the address. */
function numeric(host: string): string {
  return isIP(host) === 6 ? new SocketAddress({ address: host, family: 'ipv6' }).address : host;
}
