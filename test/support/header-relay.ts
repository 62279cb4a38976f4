import { createServer, type NetConnectOpts, connect as open, type Server } from 'node:net';

/** A load balancer as small as can be: what it says first on each connection is up to the test. */
export class HeaderRelay {
  readonly port: number;
  /** Comes before the first byte of a client; for connections from now on. */
  header: Buffer;
  readonly #listener: Server;

  private constructor(listener: Server, port: number, target: NetConnectOpts, header: Buffer) {
    this.#listener = listener;
    this.port = port;
    this.header = header;
    listener.on('connection', (client) => {
      const server = open(target);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
      }
      server.write(this.header);
      client.pipe(server).pipe(client);
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(target: NetConnectOpts, header: string | Buffer): Promise<HeaderRelay> {
    const listener = createServer({ noDelay: true });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the relay has no port');
    }
    return new HeaderRelay(listener, address.port, target, Buffer.from(header));
  }

  /** New connections are refused; those that there are go on. */
  stop(): void {
    this.#listener.close();
  }
}

/** Version 1 of the PROXY protocol, for a client that connected to 10.9.8.7:6379. */
export function headerOfVersion1(client: string, port: number): string {
  return `PROXY TCP4 ${client} 10.9.8.7 ${port} 6379\r\n`;
}

/** Version 2 of the same, with a field (TLV) behind the addresses that nobody knows. */
export function headerOfVersion2(client: string, port: number): Buffer {
  const octets = (address: string) => address.split('.').map(Number);
  const block = Buffer.from([
    ...octets(client),
    ...octets('10.9.8.7'),
    ...[port >> 8, port & 0xff],
    ...[6379 >> 8, 6379 & 0xff],
    ...[0xe0, 0, 2, 1, 2],
  ]);
  const fixed = Buffer.from([0x21, 0x11, block.length >> 8, block.length & 0xff]);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), fixed, block]);
}
