import type { Socket } from 'node:net';
import { ProxyError } from '../errors/index.js';
import {
  type CommandArguments,
  encodeCommand,
  ReplyReader,
  type RespReply,
} from '../resp/index.js';
import type { Credentials, LoginSecret } from './credentials.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { openSocket } from './open-socket.js';

export interface ControlConnectionOptions {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  /** For the connection, and again for the log-in. */
  readonly connectTimeoutMs: number;
  /** Largest reply that is accepted; a larger one closes the connection. */
  readonly maxReplyBytes?: number;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const CALL_TIMEOUT_MS = 5_000;
const CLIENT_NAME = 'slotgate:control';
/** What a server sends unasked, right after accepting, to a client that it does not want. */
const UNSOLICITED_REFUSAL = /^(DENIED |ERR max number of clients)/;

interface PendingCall {
  readonly resolve: (reply: RespReply) => void;
  readonly reject: (error: ProxyError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One RESP2 connection of the proxy itself to one server, for topology and other reads of the
 * control plane. Never used for what a client asked. Calls are pipelined and answered in order.
 */
export class ControlConnection {
  readonly endpoint: Endpoint;
  readonly #socket: Socket;
  readonly #reader: ReplyReader;
  readonly #pending: PendingCall[] = [];
  readonly #remoteHost: string | null;
  #closedBy: ProxyError | null = null;

  private constructor(endpoint: Endpoint, socket: Socket, maxReplyBytes: number) {
    this.endpoint = endpoint;
    this.#socket = socket;
    this.#remoteHost = socket.remoteAddress?.replace(/^::ffff:/, '') ?? null;
    this.#reader = new ReplyReader({
      maxReplyBytes,
      onReply: (reply) => this.#answer(reply),
    });
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (cause) => this.#fail(this.#lost(cause)));
    socket.on('close', () => this.#fail(this.#lost()));
  }

  /**
   * Connects and logs in. After a refused log-in the credentials are read again and, if they have
   * changed, tried once more.
   * @throws ProxyError `connect_*`, `name_unresolved`, `authentication_refused`, `server_refused` …
   */
  static async open(options: ControlConnectionOptions): Promise<ControlConnection> {
    const secret = options.credentials.current();
    try {
      return await ControlConnection.#openAs(options, secret);
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'authentication_refused') {
        throw error;
      }
      await readAgain(options.credentials, error);
      const fresh = options.credentials.current();
      if (isSameSecret(secret, fresh)) {
        throw error;
      }
      return ControlConnection.#openAs(options, fresh);
    }
  }

  static async #openAs(
    options: ControlConnectionOptions,
    secret: LoginSecret | null,
  ): Promise<ControlConnection> {
    const { endpoint, connectTimeoutMs } = options;
    const socket = await openSocket(endpoint, connectTimeoutMs);
    const maxReplyBytes = options.maxReplyBytes ?? REPLY_BYTES_MAX;
    const connection = new ControlConnection(endpoint, socket, maxReplyBytes);
    try {
      await connection.#handshake(secret, connectTimeoutMs);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#closedBy === null;
  }

  /** The address that was dialled, without a port; null on a unix socket. */
  get remoteHost(): string | null {
    return this.#remoteHost;
  }

  /**
   * Sends one command. An error reply of the server is a value, `{ kind: 'error' }`.
   * @throws ProxyError `call_timeout` (the connection is closed with it, as its next reply would be
   * late too), `connection_lost`, `reply_too_large` or `reply_invalid`.
   */
  call(
    args: CommandArguments,
    { timeoutMs = CALL_TIMEOUT_MS }: CallOptions = {},
  ): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy !== null) {
        reject(this.#closedBy);
        return;
      }
      const timer = setTimeout(() => this.#fail(this.#timedOut(args, timeoutMs)), timeoutMs);
      this.#pending.push({ resolve, reject, timer });
      this.#socket.write(encodeCommand(args));
    });
  }

  /** Closes at once; calls without an answer fail with `connection_lost`. */
  close(): void {
    this.#fail(new ProxyError('connection_lost', `${this.#where}: closed by the proxy`));
  }

  get #where(): string {
    return formatEndpoint(this.endpoint);
  }

  async #handshake(secret: LoginSecret | null, timeoutMs: number): Promise<void> {
    const login =
      secret === null ? null : this.call(['AUTH', ...loginWords(secret)], { timeoutMs });
    const naming = this.call(['CLIENT', 'SETNAME', CLIENT_NAME], { timeoutMs });
    const [loggedIn, named] = await Promise.all([login, naming]);
    const first = loggedIn ?? named;
    if (first.kind === 'error' && UNSOLICITED_REFUSAL.test(first.message)) {
      throw new ProxyError('server_refused', `${this.#where} refused us: ${first.message}`);
    }
    // A refused SETNAME harms nothing: the name only helps those who read CLIENT LIST.
    if (loggedIn?.kind === 'error') {
      throw this.#loginRefused(loggedIn.message);
    }
  }

  #loginRefused(message: string): ProxyError {
    if (message.startsWith('LOADING')) {
      return new ProxyError('server_loading', `${this.#where} is still loading its data`);
    }
    return new ProxyError(
      'authentication_refused',
      `${this.#where} refused the log-in: ${message}`,
    );
  }

  #receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (cause) {
      const code = cause instanceof ProxyError ? cause.code : 'reply_invalid';
      const what = cause instanceof Error ? cause.message : String(cause);
      this.#fail(new ProxyError(code, `${this.#where}: ${what}`, { cause }));
    }
  }

  #answer(reply: RespReply): void {
    const call = this.#pending.shift();
    if (call === undefined) {
      const text = reply.kind === 'error' ? `: ${reply.message}` : '';
      const message = `${this.#where} sent a reply that nothing asked for${text}`;
      this.#fail(new ProxyError('reply_invalid', message));
      return;
    }
    clearTimeout(call.timer);
    call.resolve(reply);
  }

  #fail(error: ProxyError): void {
    if (this.#closedBy !== null) {
      return;
    }
    this.#closedBy = error;
    this.#socket.destroy();
    for (const call of this.#pending.splice(0)) {
      clearTimeout(call.timer);
      call.reject(error);
    }
  }

  #lost(cause?: Error): ProxyError {
    return new ProxyError('connection_lost', `${this.#where} closed the connection`, { cause });
  }

  #timedOut(args: CommandArguments, timeoutMs: number): ProxyError {
    // Only the command's name: arguments may be secrets.
    const name = String(args[0]);
    return new ProxyError('call_timeout', `${this.#where}: no reply to ${name} in ${timeoutMs} ms`);
  }
}

async function readAgain(credentials: Credentials, refused: ProxyError): Promise<void> {
  try {
    await credentials.refresh();
  } catch (cause) {
    const message = `${refused.message}; and the credentials could not be read again`;
    throw new ProxyError('authentication_refused', message, { cause });
  }
}

function loginWords(secret: LoginSecret): readonly string[] {
  return secret.username === undefined ? [secret.password] : [secret.username, secret.password];
}

function isSameSecret(a: LoginSecret | null, b: LoginSecret | null): boolean {
  return a?.username === b?.username && a?.password === b?.password;
}
