import { BlockList, isIP, SocketAddress } from 'node:net';

/** A range of addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/16`. */
export class Subnet {
  /** The address in front of the slash, as written. */
  readonly address: string;
  /** Length of the prefix. */
  readonly bits: number;
  readonly #members = new BlockList();

  private constructor(address: string, bits: number) {
    this.address = address;
    this.bits = bits;
    this.#members.addSubnet(address, bits, familyOf(address));
  }

  /** @returns null if the text is not a subnet. */
  static parse(text: string): Subnet | null {
    const [address = '', digits = '', ...rest] = text.split('/');
    const bits = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
    const isSubnet = rest.length === 0 && bits <= bitsOf(address);
    return isSubnet ? new Subnet(address, bits) : null;
  }

  /** The subnet that has only this address; null if it is not an IP address. */
  static of(address: string): Subnet | null {
    const canonical = canonicalHost(address);
    return Subnet.parse(`${canonical}/${bitsOf(canonical)}`);
  }

  get family(): 'ipv4' | 'ipv6' {
    return familyOf(this.address);
  }

  /** @param host Host names are in no subnet. IPv4 mapped to IPv6 is as good as IPv4. */
  contains(host: string): boolean {
    return isIP(host) !== 0 && this.#members.check(host, familyOf(host));
  }

  /** Whether every address of the other is in this one. */
  covers(other: Subnet): boolean {
    return this.family === other.family && this.bits <= other.bits && this.contains(other.address);
  }

  toString(): string {
    return `${this.address}/${this.bits}`;
  }
}

/** An IP address in the one spelling that it has after this; a host name in lower case. */
export function canonicalHost(host: string): string {
  if (isIP(host) !== 6) {
    return host.toLowerCase();
  }
  const { address } = new SocketAddress({ address: host, family: 'ipv6' });
  return address.startsWith('::ffff:') && address.includes('.')
    ? address.slice('::ffff:'.length)
    : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

/** Length of an address; -1 for a host name. */
function bitsOf(address: string): number {
  return { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
}
