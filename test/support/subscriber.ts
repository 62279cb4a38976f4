import { encodeRequest, RawClient } from './raw-client.js';

/** A connection of either protocol that shows the very bytes of confirmations and messages. */
export class Subscriber {
  readonly raw: RawClient;
  readonly #protocol: 2 | 3;

  private constructor(raw: RawClient, protocol: 2 | 3) {
    this.raw = raw;
    this.#protocol = protocol;
  }

  static async connect(port: number, protocol: 2 | 3, login: readonly string[] = []) {
    const raw = await RawClient.connect({ host: '127.0.0.1', port });
    if (login.length > 0) {
      raw.send(encodeRequest(['AUTH', ...login]));
      await raw.expect('+OK\r\n');
    }
    if (protocol === 3) {
      raw.send(encodeRequest(['HELLO', '3']));
      await raw.untilEcho();
    }
    return new Subscriber(raw, protocol);
  }

  send(...args: readonly (string | number)[]): void {
    this.raw.send(encodeRequest(args));
  }

  /** SUBSCRIBE or one of its family, for one name, which is the client's `count`-th. */
  async subscribe(command: string, name: string, count = 1): Promise<void> {
    this.send(command, name);
    await this.expect([command.toLowerCase(), name, count]);
  }

  /** Waits for these pushes, and for nothing else. */
  expect(...pushes: readonly (readonly (string | number)[])[]): Promise<void> {
    return this.raw.expect(pushes.map((push) => this.#frame(push)).join(''));
  }

  close(): void {
    this.raw.close();
  }

  #frame(items: readonly (string | number)[]): string {
    const shown = items.map((item) =>
      typeof item === 'number' ? `:${item}\r\n` : `$${Buffer.byteLength(item)}\r\n${item}\r\n`,
    );
    return `${this.#protocol === 3 ? '>' : '*'}${items.length}\r\n${shown.join('')}`;
  }
}
