import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findClusterPort } from './ports.js';
import { RawClient } from './raw-client.js';
import { TestClient, type TestClientTarget } from './resp-client.js';
import { ROOT } from './root.js';
import { waitFor } from './wait.js';

const MAIN = join(ROOT, 'dist', 'main.js');

export interface TestProxyOptions {
  readonly seeds: readonly string[];
  /** Instead of a free port of 127.0.0.1. */
  readonly listen?: readonly string[];
  /** More flags of `slotgate proxy`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Descriptors that the process may have open, instead of as many as the tests may. */
  readonly openFilesMax?: number;
  /** What it reads from its standard input. */
  readonly input?: string;
  /** Return when the process runs, not when `/readyz` says 200. */
  readonly withoutWaiting?: boolean;
}

/** Readiness as an orchestrator sees it. */
export interface Readiness {
  readonly isReady: boolean;
  readonly text: string;
}

/** `slotgate proxy` as a process of its own, as users run it. */
export class TestProxy {
  /** Of the listener on 127.0.0.1; the one to connect to unless a test listens elsewhere. */
  readonly port: number;
  /** The exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #adminPort: number;
  #output = '';

  private constructor(child: ChildProcess, port: number, adminPort: number) {
    this.#child = child;
    this.port = port;
    this.#adminPort = adminPort;
    this.exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += String(chunk);
      });
    }
  }

  static async start(options: TestProxyOptions): Promise<TestProxy> {
    const port = await findClusterPort();
    const adminPort = await findClusterPort();
    const listen = options.listen ?? [`127.0.0.1:${port}`];
    const args = [
      'proxy',
      ...options.seeds.flatMap((seed) => ['--seed', seed]),
      ...listen.flatMap((address) => ['--listen', address]),
      ...['--admin', `127.0.0.1:${adminPort}`],
      ...(options.args ?? []),
    ];
    return TestProxy.#run(args, port, adminPort, options);
  }

  /** `slotgate node`. @param ports Of a database, and of its admin listener on 127.0.0.1, as the file says. */
  static startNode(
    file: string,
    node: string,
    ports: { readonly data: number; readonly admin: number },
  ): Promise<TestProxy> {
    const args = ['node', '--config', file, '--node', node];
    return TestProxy.#run(args, ports.data, ports.admin, {});
  }

  static async #run(
    args: readonly string[],
    port: number,
    adminPort: number,
    options: Pick<TestProxyOptions, 'env' | 'openFilesMax' | 'input' | 'withoutWaiting'>,
  ): Promise<TestProxy> {
    const limit = options.openFilesMax;
    const [program, first] =
      limit === undefined
        ? [process.execPath, []]
        : ['/bin/sh', ['-c', `ulimit -n ${limit} && exec "$0" "$@"`, process.execPath]];
    const child = spawn(program, [...first, MAIN, ...args], {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(options.input ?? '');
    const proxy = new TestProxy(child, port, adminPort);
    if (options.withoutWaiting !== true) {
      await proxy.untilReady();
    }
    return proxy;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) {
      throw new Error('the proxy did not start');
    }
    return pid;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.#adminPort}`;
  }

  /** Everything written to standard output and standard error. */
  get log(): string {
    return this.#output;
  }

  async untilReady(timeoutMs = 15_000): Promise<void> {
    try {
      await waitFor(
        'the proxy to be ready',
        async () => {
          if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
            return true;
          }
          return (await this.readiness()).isReady;
        },
        { timeoutMs },
      );
    } catch (cause) {
      throw new Error(`not ready; its log:\n${this.#output}`, { cause });
    }
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
      throw new Error(`the proxy ended early:\n${this.#output}`);
    }
  }

  async readiness(): Promise<Readiness> {
    const response = await fetch(`${this.adminUrl}/readyz?verbose`);
    return { isReady: response.status === 200, text: await response.text() };
  }

  /** A RESP2 client of the proxy; the caller closes it. */
  connect(target: TestClientTarget = {}): Promise<TestClient> {
    return TestClient.connect({ port: this.port, ...target });
  }

  /** A connection that speaks bytes; the caller closes it. */
  connectRaw(): Promise<RawClient> {
    return RawClient.connect({ host: '127.0.0.1', port: this.port });
  }

  /**
   * The sum of a metric over all workers.
   * @param labels Part of the label list, for example `kind="moved"`.
   * @throws Error if there is no such metric: a misspelt name must not count as zero.
   */
  async metric(name: string, labels = ''): Promise<number> {
    const page = await (await fetch(`${this.adminUrl}/metrics`)).text();
    const lines = page
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(labels));
    if (lines.length === 0) {
      throw new Error(`no metric ${name}{${labels}} in:\n${page}`);
    }
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Resident memory of the process in bytes. */
  residentBytes(): number {
    return this.#statusBytes('VmRSS');
  }

  /** The most resident memory that the process ever had, in bytes. */
  peakResidentBytes(): number {
    return this.#statusBytes('VmHWM');
  }

  #statusBytes(name: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it at once; tests of the orderly end use `signal` and `exited`. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
