import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import RedisParser from 'redis-parser';

/** Raw RESP to send back; null sends nothing; `close` ends the connection. */
export type ScriptedReply = string | Buffer | null | 'close';

export type Script = (args: readonly string[], socket: Socket) => ScriptedReply;

/** A server on a free port of 127.0.0.1 that answers as a test tells it to. */
export class FakeServer {
  readonly port: number;
  /** Every command that arrived, over all connections. */
  readonly received: (readonly string[])[] = [];
  readonly sockets = new Set<Socket>();
  script: Script;
  readonly #server: Server;

  private constructor(server: Server, port: number, script: Script) {
    this.#server = server;
    this.port = port;
    this.script = script;
  }

  /** @param greeting Sent to each client as soon as it is accepted. */
  static async start(script: Script, greeting = ''): Promise<FakeServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('no port');
    }
    const fake = new FakeServer(server, address.port, script);
    server.on('connection', (socket) => fake.#serve(socket, greeting));
    return fake;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #serve(socket: Socket, greeting: string): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (greeting !== '') {
      socket.write(greeting);
    }
    const parser = new RedisParser({
      returnReply: (args: readonly string[]) => this.#answer(args, socket),
      returnError: () => socket.destroy(),
    });
    socket.on('data', (chunk) => parser.execute(chunk));
  }

  #answer(args: readonly string[], socket: Socket): void {
    this.received.push(args);
    const reply = this.script(args, socket);
    if (reply === 'close') {
      socket.destroy();
    } else if (reply !== null) {
      socket.write(reply);
    }
  }
}

/** A bulk string on the wire. */
export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
