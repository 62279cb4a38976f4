import { Cluster, Redis } from 'ioredis';
import { type Argument, type Driver, type DriverKind, type Reply, toReply } from './driver.js';

type Library = Redis | Cluster;

/** ioredis, to one address or to the servers of a cluster. */
class IoredisDriver implements Driver {
  readonly #library: Library;
  readonly #listeners = new Map<string, (text: string) => void>();

  constructor(library: Library) {
    this.#library = library;
    const deliver = (channel: string, text: string) => this.#listeners.get(channel)?.(text);
    library.on('message', deliver);
    library.on('smessage', deliver);
  }

  get isClosed(): boolean {
    return this.#library.status === 'end';
  }

  async call(...[command, ...args]: readonly Argument[]): Promise<Reply> {
    return toReply(await this.#library.call(String(command), ...args));
  }

  async transaction(commands: readonly (readonly Argument[])[]): Promise<Reply> {
    const results = await this.#library.multi(commands.map((command) => [...command])).exec();
    return results?.map(([error, value]) => error ?? toReply(value)) ?? null;
  }

  async subscribe(channel: string, onMessage: (text: string) => void): Promise<void> {
    this.#listeners.set(channel, onMessage);
    if (channel.startsWith('{')) await this.#library.ssubscribe(channel);
    else await this.#library.subscribe(channel);
  }

  close(): void {
    this.#library.disconnect();
  }
}

/** It repeats nothing by itself: what the target answers is what is written down. */
export function ioredisKind(protocol: 2 | 3, target: { host: string; port: number }): DriverKind {
  return {
    name: `ioredis RESP${protocol}`,
    async connect() {
      const library = new Redis({
        ...target,
        protocol,
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
      });
      library.on('error', () => undefined);
      await library.connect();
      return new IoredisDriver(library);
    },
  };
}

export interface ClusterTarget {
  /** `host:port` as the servers announce themselves, to the address to connect to. */
  readonly map: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
}

/** With the library's own settings, so it repeats commands as it does for its users. */
export function ioredisClusterKind({ seeds, map }: ClusterTarget): DriverKind {
  return {
    name: 'ioredis Cluster',
    async connect() {
      const library = new Cluster([...seeds], { natMap: { ...map }, lazyConnect: true });
      library.on('error', () => undefined);
      await library.connect();
      return new IoredisDriver(library);
    },
  };
}
