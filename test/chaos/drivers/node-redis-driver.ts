import { createClient } from 'redis';
import { type Argument, type Driver, type DriverKind, type Reply, toReply } from './driver.js';

function newClient(protocol: 2 | 3, target: { host: string; port: number }) {
  const client = createClient({
    RESP: protocol,
    socket: { ...target, reconnectStrategy: () => 50 },
  });
  client.on('error', () => undefined);
  return client;
}

class NodeRedisDriver implements Driver {
  readonly #client: ReturnType<typeof newClient>;

  constructor(client: ReturnType<typeof newClient>) {
    this.#client = client;
  }

  get isClosed(): boolean {
    return !this.#client.isOpen;
  }

  async call(...args: readonly Argument[]): Promise<Reply> {
    return toReply(await this.#client.sendCommand(args.map(String)));
  }

  async transaction(commands: readonly (readonly Argument[])[]): Promise<Reply> {
    const multi = this.#client.multi();
    for (const command of commands) multi.addCommand(command.map(String));
    return toReply(await multi.exec());
  }

  async subscribe(channel: string, onMessage: (text: string) => void): Promise<void> {
    if (channel.startsWith('{')) await this.#client.sSubscribe(channel, onMessage);
    else await this.#client.subscribe(channel, onMessage);
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

export function nodeRedisKind(protocol: 2 | 3, target: { host: string; port: number }): DriverKind {
  return {
    name: `node-redis RESP${protocol}`,
    async connect() {
      const client = newClient(protocol, target);
      try {
        await client.connect();
      } catch (error) {
        client.destroy();
        throw error;
      }
      return new NodeRedisDriver(client);
    },
  };
}
