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
    // Names of its methods, so in small letters.
    const calls = commands.map(([name, ...args]) => [String(name).toLowerCase(), ...args]);
    const results = await this.#library.multi(calls).exec();
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

/** A library that cannot connect would go on trying behind the scenes. */
async function connected(library: Library): Promise<Driver> {
  library.on('error', () => undefined);
  try {
    await library.connect();
  } catch (error) {
    library.disconnect();
    throw error;
  }
  return new IoredisDriver(library);
}

/**
 * It repeats nothing by itself: what the target answers is what is written down.
 * @param isServer The target answers INFO and CLIENT, which the library sends when it has connected.
 */
export function ioredisKind(
  protocol: 2 | 3,
  target: { host: string; port: number },
  isServer = true,
): DriverKind {
  return {
    name: `ioredis RESP${protocol}`,
    async connect() {
      const library = new Redis({
        ...target,
        protocol,
        enableReadyCheck: isServer,
        disableClientInfo: !isServer,
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
      });
      return connected(library);
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
      return connected(library);
    },
  };
}
