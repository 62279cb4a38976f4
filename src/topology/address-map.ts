import { isIP } from 'node:net';
import { ProxyError } from '../errors/index.js';
import { type Endpoint, parseEndpoint, Subnet, splitHostPort } from '../shards/index.js';

type Target =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint };

interface SubnetRule {
  readonly subnet: Subnet;
  readonly host: string;
}

/**
 * Where to reach servers that announce addresses which mean nothing here, as in Docker or behind NAT.
 * An exact `host:port` wins over a host, a host over a subnet, a narrow subnet over a wide one.
 */
export class AddressMap {
  readonly #exact = new Map<string, Target>();
  readonly #subnets: SubnetRule[] = [];
  readonly #option: string;

  /**
   * @param entries As given to `--map`: `HOST=HOST`, `HOST:PORT=HOST[:PORT]`, `HOST:PORT=/SOCKET` or
   * `ADDRESS/BITS=HOST`. Without a port on the right the announced port is kept.
   * @param option The option that they come from, for messages.
   * @throws ProxyError `address_map_invalid`, naming the entry.
   */
  constructor(entries: readonly string[] = [], option = '--map') {
    this.#option = option;
    for (const entry of entries) {
      this.#add(entry);
    }
    this.#subnets.sort((a, b) => b.subnet.bits - a.subnet.bits);
  }

  /**
   * @param hosts What the server announced, in order of preference: address, then name.
   * @returns The mapped endpoint, whose host may be a name, or null if no entry applies.
   */
  lookup(hosts: readonly string[], port: number): Endpoint | null {
    const keys = [
      ...hosts.map((host) => exactKey(host, port)),
      ...hosts.map((h) => exactKey(h, null)),
    ];
    for (const key of keys) {
      const target = this.#exact.get(key);
      if (target !== undefined) {
        return target.kind === 'endpoint' ? target.endpoint : tcp(target.host, port);
      }
    }
    const rule = this.#subnets.find(({ subnet }) => hosts.some((host) => subnet.contains(host)));
    return rule === undefined ? null : tcp(rule.host, port);
  }

  #add(entry: string): void {
    const [announced = '', reachable = '', ...rest] = entry.split('=');
    if (announced === '' || reachable === '' || rest.length > 0) {
      throw this.#invalid(entry, 'it must be ANNOUNCED=REACHABLE');
    }
    if (announced.includes('/')) {
      this.#addSubnet(entry, announced, reachable);
      return;
    }
    const { host, port } = this.#parsed(entry, () => splitLoose(announced));
    const key = exactKey(host, port);
    if (this.#exact.has(key)) {
      throw this.#invalid(entry, `${announced} is mapped twice`);
    }
    const target = this.#parsed(entry, () => parseTarget(reachable));
    if (port === null && target.kind === 'endpoint') {
      throw this.#invalid(entry, 'a port or a socket on the right needs a port on the left');
    }
    this.#exact.set(key, target);
  }

  #addSubnet(entry: string, announced: string, reachable: string): void {
    const subnet = Subnet.parse(announced);
    if (subnet === null) {
      throw this.#invalid(entry, `${announced} is not a subnet such as 172.17.0.0/16`);
    }
    const target = this.#parsed(entry, () => parseTarget(reachable));
    if (target.kind === 'endpoint') {
      throw this.#invalid(entry, 'a subnet maps to a host without a port: ports stay as announced');
    }
    this.#subnets.push({ subnet, host: target.host });
  }

  #parsed<T>(entry: string, parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      throw this.#invalid(entry, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  #invalid(entry: string, what: string, cause?: unknown): ProxyError {
    return new ProxyError('address_map_invalid', `${this.#option} ${entry}: ${what}`, { cause });
  }
}

function parseTarget(text: string): Target {
  if (text.startsWith('/')) {
    return { kind: 'endpoint', endpoint: parseEndpoint(text) };
  }
  const { host, port } = splitLoose(text);
  return port === null
    ? { kind: 'host', host }
    : { kind: 'endpoint', endpoint: { kind: 'tcp', host, port } };
}

/** Here a bare IPv6 address is clear, as a port after it would need brackets. */
function splitLoose(text: string): { readonly host: string; readonly port: number | null } {
  return isIP(text) === 6 ? { host: text, port: null } : splitHostPort(text);
}

function exactKey(host: string, port: number | null): string {
  return `${host.toLowerCase()} ${port ?? ''}`;
}

function tcp(host: string, port: number): Endpoint {
  return { kind: 'tcp', host, port };
}
