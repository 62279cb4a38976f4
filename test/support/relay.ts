import { connect, createServer, type Server, type Socket } from 'node:net';
import { RelayPipe } from './relay-pipe.js';

/** How a relay ends connections: at once with a reset, with a FIN, or in the middle of what comes next. */
export type CutMode = 'reset' | 'end' | 'inside-request' | 'inside-reply';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly requests: RelayPipe;
  readonly replies: RelayPipe;
}

/** A TCP port that leads to another one, as long as the test wants it to. */
export class Relay {
  readonly port: number;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #isRefusing = false;
  #isFrozen = false;
  #delayMs = 0;

  private constructor(listener: Server, port: number, target: { host: string; port: number }) {
    this.#listener = listener;
    this.port = port;
    listener.on('connection', (client) => this.#accept(client, target));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<Relay> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    const address = listener.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the relay has no port');
    }
    return new Relay(listener, address.port, target);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections that lead through it now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /**
   * Ends all connections. Those that are to be cut inside of something live on until it comes: half
   * of the next bytes arrives, then a reset.
   */
  cut(mode: CutMode): void {
    for (const pair of this.#pairs) {
      if (mode === 'reset') this.#reset(pair);
      else if (mode === 'end') endBoth(pair);
      else if (mode === 'inside-request') pair.requests.cutNext(() => this.#reset(pair));
      else pair.replies.cutNext(() => this.#reset(pair));
    }
  }

  /** While refusing, new connections are reset. Those that there are go on. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  /** While frozen, nothing passes in either direction, and new connections are accepted. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    this.#adjust();
  }

  /** What comes from now on arrives so many milliseconds later, in order. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
    this.#adjust();
  }

  async stop(): Promise<void> {
    this.cut('reset');
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(client: Socket, target: { host: string; port: number }): void {
    client.on('error', () => undefined);
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const pair = {
      client,
      server,
      requests: new RelayPipe(client, server),
      replies: new RelayPipe(server, client),
    };
    this.#pairs.add(pair);
    // Whoever is refused by the target, or loses it, sees a reset here.
    server.on('error', () => this.#reset(pair));
    server.on('close', () => this.#close(pair));
    client.on('close', () => this.#close(pair));
    this.#adjust();
  }

  #adjust(): void {
    for (const { requests, replies } of this.#pairs) {
      for (const pipe of [requests, replies]) pipe.adjust(this.#isFrozen, this.#delayMs);
    }
  }

  #reset(pair: Pair): void {
    reset(pair.client);
    reset(pair.server);
    this.#close(pair);
  }

  /** One side is gone, so the other one goes. What was on its way is lost, as in a real network. */
  #close(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.requests.stop();
    pair.replies.stop();
    pair.client.destroy();
    pair.server.destroy();
  }
}

/** A socket whose FIN is on its way cannot be reset: Node would never close it. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function endBoth({ client, server }: Pair): void {
  client.end();
  server.end();
}
