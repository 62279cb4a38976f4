import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ProxyError } from '../errors/index.js';
import type { Clock } from './clock.js';

/** All addresses of a name, in the system's order. Rejects if there is none. */
export type LookUp = (name: string) => Promise<readonly string[]>;

const RESOLVE_AGAIN_MS = 30_000;

interface CachedName {
  readonly addresses: readonly string[];
  readonly resolvedAtMs: number;
}

const systemLookUp: LookUp = async (name) => {
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
};

/** Turns names into addresses. An answer holds for 30 s, or until a connection to it failed. */
export class NameResolver {
  readonly #cache = new Map<string, CachedName>();
  readonly #clock: Clock;
  readonly #lookUp: LookUp;

  constructor(clock: Clock, lookUp: LookUp = systemLookUp) {
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  /**
   * The first address of `host`; an address is returned as it is. While the name service fails, the
   * last answer goes on being used.
   * @throws ProxyError `name_unresolved`.
   */
  async resolve(host: string): Promise<string> {
    if (isIP(host) !== 0) {
      return host;
    }
    const cached = this.#cache.get(host);
    const nowMs = this.#clock.nowMs();
    if (cached !== undefined && nowMs - cached.resolvedAtMs < RESOLVE_AGAIN_MS) {
      return first(host, cached.addresses);
    }
    try {
      const addresses = await this.#lookUp(host);
      const stable = keepCurrent(addresses, cached?.addresses[0]);
      this.#cache.set(host, { addresses: stable, resolvedAtMs: nowMs });
      return first(host, stable);
    } catch (cause) {
      if (cached !== undefined) {
        return first(host, cached.addresses);
      }
      throw new ProxyError('name_unresolved', `the host name ${host} has no address`, { cause });
    }
  }

  /** Asks for every name anew on its next use, as after a lost connection. */
  expireAll(): void {
    for (const [host, { addresses }] of this.#cache) {
      this.#cache.set(host, { addresses, resolvedAtMs: Number.NEGATIVE_INFINITY });
    }
  }
}

/** Name services rotate their answers: an address that is still listed stays the first. */
function keepCurrent(addresses: readonly string[], current: string | undefined): readonly string[] {
  return current !== undefined && addresses.includes(current)
    ? [current, ...addresses.filter((address) => address !== current)]
    : addresses;
}

function first(host: string, addresses: readonly string[]): string {
  const [address] = addresses;
  if (address === undefined) {
    throw new ProxyError('name_unresolved', `the host name ${host} has no address`);
  }
  return address;
}
