import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findClusterPort } from './ports.js';
import { type TestArgument, TestClient, type TestReply } from './resp-client.js';
import { serverPaths } from './servers.js';
import { waitFor } from './wait.js';

export interface RealServerOptions {
  readonly host?: string;
  /** Without it a free one is found. */
  readonly port?: number;
  /** Starts it with `cluster-enabled yes`. */
  readonly cluster?: boolean;
  readonly requirepass?: string;
  /** redis.conf names and values, for example `{ appendonly: 'yes' }`; they win over the defaults. */
  readonly extraConfig?: Readonly<Record<string, string>>;
}

const START_ATTEMPTS = 5;

/** One real redis-server or valkey-server with a data directory of its own. */
export class RealServer {
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly #options: RealServerOptions;
  #process: ChildProcess | null = null;
  #guard: ChildProcess | null = null;
  #client: TestClient | null = null;

  private constructor(options: RealServerOptions, port: number) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    this.port = port;
    this.dir = mkdtempSync(join(tmpdir(), 'slotgate-test-'));
  }

  /** Starts a server and waits until it answers. Another process may win the port: it tries again. */
  static async start(options: RealServerOptions = {}): Promise<RealServer> {
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await findClusterPort(options.host));
      const server = new RealServer(options, port);
      try {
        await server.#spawn();
        return server;
      } catch (error) {
        await server.stop();
        if (options.port !== undefined || attempt === START_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) {
      throw new Error(`server ${this.address} is not running`);
    }
    return pid;
  }

  get password(): string | undefined {
    return this.#options.requirepass;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** A new connection, logged in; the caller closes it. */
  connect(): Promise<TestClient> {
    const password = this.#options.requirepass;
    return TestClient.connect({
      host: this.host,
      port: this.port,
      ...(password === undefined ? {} : { password }),
    });
  }

  /** One command over a connection that is kept for such calls. */
  async call(...args: readonly TestArgument[]): Promise<TestReply> {
    return (await this.#admin()).call(...args);
  }

  async text(...args: readonly TestArgument[]): Promise<string> {
    return (await this.#admin()).text(...args);
  }

  /** Ends the process and waits for its end. `SIGSTOP` and `SIGCONT` are sent without waiting. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === null) {
      return;
    }
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
      return;
    }
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      if (child.exitCode !== null || child.signalCode !== null) {
        resolve();
      }
    });
    this.#ended();
  }

  /** Starts it again on the same port and directory, ending it first if it still runs. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#spawn();
  }

  /** Ends the process and removes its directory. */
  async stop(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Everything that the server wrote to its log. */
  log(): string {
    return readFileSync(join(this.dir, 'server.log'), 'utf8');
  }

  async #admin(): Promise<TestClient> {
    if (this.#client === null || this.#client.socket.destroyed) {
      this.#client = await this.connect();
    }
    return this.#client;
  }

  async #spawn(): Promise<void> {
    const { redisServer, env } = serverPaths();
    const log = openSync(join(this.dir, 'server.log'), 'a');
    const child = spawn(redisServer, this.#arguments(), { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    child.once('exit', () => {
      if (this.#process === child) {
        this.#ended();
      }
    });
    child.once('error', () => this.#ended());
    if (child.pid !== undefined) {
      this.#guard = guardAgainstOrphans(child.pid);
    }
    await waitFor(`server ${this.address} to answer`, async () => {
      if (this.#process === null) {
        return true;
      }
      // While the data set is loaded the answer is an error, and the wait goes on.
      return (await this.text('PING')) === 'PONG' && (await this.#servesOwnProcess());
    });
    if (this.#process === null) {
      throw new Error(`server ${this.address} ended at once:\n${this.log()}`);
    }
  }

  /** Another process may listen on the port while ours is ending with "address in use". */
  async #servesOwnProcess(): Promise<boolean> {
    return (await this.text('INFO', 'server')).includes(`process_id:${this.pid}\r\n`);
  }

  #ended(): void {
    this.#process = null;
    this.#client?.close();
    this.#client = null;
    this.#guard?.kill('SIGKILL');
    this.#guard = null;
  }

  #arguments(): string[] {
    const { requirepass, cluster, extraConfig } = this.#options;
    const config: Record<string, string> = {
      port: String(this.port),
      bind: this.host,
      dir: this.dir,
      'protected-mode': 'no',
      save: '',
      appendonly: 'no',
      'repl-diskless-sync-delay': '0',
      'enable-debug-command': 'yes',
      ...(requirepass === undefined ? {} : { requirepass, masterauth: requirepass }),
      ...(cluster === true ? { 'cluster-enabled': 'yes' } : {}),
      ...extraConfig,
    };
    return Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]);
  }
}

/**
 * A shell that waits for the end of its input, which comes when this process dies in any way, and
 * then ends the server: a killed test run leaves nothing behind.
 */
function guardAgainstOrphans(pid: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'read _; kill -9 "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  const input = guard.stdin;
  if (input !== null && 'unref' in input && typeof input.unref === 'function') {
    input.unref();
  }
  return guard;
}
