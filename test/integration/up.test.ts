import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { findClusterPort } from '../support/ports.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY = /Slotgate is ready/;
const ADMIN_URL = /http:\/\/127\.0\.0\.1:\d+/;

const cleanUps = cleanUpsAfterEach();

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-up-test-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** `slotgate` as a process of its own, with what it printed. */
class Run {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  #output = '';

  constructor(...args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.exited = once(child, 'exit').then(([code]) => code);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
    cleanUps.push(async () => {
      child.kill('SIGTERM');
      await this.exited;
    });
  }

  get output(): string {
    return this.#output;
  }

  async untilReady(): Promise<void> {
    await waitFor(`"ready" in: ${this.#output}`, () => {
      if (this.child.exitCode !== null) throw new Error(`ended early: ${this.#output}`);
      return READY.test(this.#output);
    });
  }

  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

async function upOn(port: number, ...args: readonly string[]): Promise<Run> {
  const run = new Run('up', '--port', String(port), ...args);
  await run.untilReady();
  return run;
}

async function ask(port: number, ...args: readonly string[]): Promise<string> {
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  try {
    return await client.text(...args);
  } finally {
    client.close();
  }
}

/** Process group of the servers: their guard is the only child of `slotgate up`. */
function serverGroup(run: Run): number {
  const children = `/proc/${run.child.pid}/task/${run.child.pid}/children`;
  return Number(readFileSync(children, 'utf8').trim());
}

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

describe('slotgate up', () => {
  test('serves, finds its data again, is alone in its directory, and ends at Ctrl-C', async () => {
    const directory = temporaryFolder();
    const port = await findClusterPort();
    const first = await upOn(port, '--dir', directory);
    expect(first.output).toContain(`-p ${port} mset a 1 b 2 c 3`);
    await ask(port, 'MSET', 'a', '1', 'b', '2', 'c', '3');
    const admin = ADMIN_URL.exec(first.output)?.[0];
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    expect((await fetch(`${admin}/livez`)).status).toBe(200);
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('slotgate_');

    const second = new Run('up', '--port', String(await findClusterPort()), '--dir', directory);
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(`pid ${first.child.pid}`);

    // As under npm: the signal arrives twice.
    first.child.kill('SIGINT');
    expect(await first.stop('SIGINT')).toBe(0);

    await upOn(port, '--dir', directory);
    const values = await Promise.all(['a', 'b', 'c'].map((key) => ask(port, 'GET', key)));
    expect(values).toEqual(['1', '2', '3']);
  });

  test('plays three nodes, with a primary on each in mode cluster', async () => {
    const port = await findClusterPort();
    const run = await upOn(port, '--ephemeral', '--mode', 'cluster');
    expect(run.output).toContain('on 3 nodes');
    const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
    for (const host of hosts) {
      const client = await TestClient.connect({ host, port });
      const ranges = await client.call('CLUSTER', 'SLOTS');
      client.close();
      const shown = Array.isArray(ranges) ? ranges.map((range) => String(range)) : [];
      expect(shown).toHaveLength(3);
      for (const [i, other] of hosts.entries()) expect(shown[i]).toContain(`${other},${port}`);
    }
    const admin = ADMIN_URL.exec(run.output)?.[0];
    const ready = await (await fetch(`${admin}/readyz?verbose`)).text();
    expect(ready).toContain(`[+]listener: 127.0.0.1:${port}, [::1]:${port}, 127.0.0.2:${port}`);
  });

  test('has as many nodes as the directory, until flags say otherwise', async () => {
    const directory = temporaryFolder();
    const port = await findClusterPort();
    const flags = ['--dir', directory, '--primaries', '2', '--replicas', '0'];
    const first = await upOn(port, ...flags, '--nodes', '2', '--placement', 'sparse');
    expect(first.output).toContain('on 2 nodes');
    const owners = async () => {
      const nodes = await ask(port, 'CLUSTER', 'NODES').catch((error: Error) => error.message);
      return nodes;
    };
    expect(await owners()).toContain('cluster support disabled');
    await ask(port, 'SET', 'k', 'v');
    await first.stop('SIGTERM');
    const second = await upOn(port, ...flags, '--mode', 'direct');
    expect(second.output).toContain('on 2 nodes');
    expect((await owners()).match(/127\.0\.0\.2:\d+@\d+ master/g)).toHaveLength(1);
    await second.stop('SIGTERM');
    const third = await upOn(port, ...flags, '--mode', 'direct', '--nodes', '1');
    expect(third.output).toContain('on 1 node\n');
    expect(await owners()).not.toContain('127.0.0.2');
    expect(await ask(port, 'GET', 'k')).toBe('v');
  });

  test.each([
    ['--nodes', '0', 'allowed is an integer from 1 to 20'],
    ['--placement', 'close', 'allowed is dense or sparse'],
    ['--proxy-policy', 'some', 'allowed'],
  ])('%s %s is refused', async (flag, value, words) => {
    const run = new Run('up', '--ephemeral', flag, value);
    expect(await run.exited).toBe(2);
    expect(run.output).toContain(words);
  });

  test('kill -9 leaves no server behind', async () => {
    const port = await findClusterPort();
    const run = await upOn(port, '--dir', temporaryFolder(), '--primaries', '1', '--replicas', '1');
    const group = serverGroup(run);
    expect(isGroupAlive(group)).toBe(true);
    await run.stop('SIGKILL');
    await waitFor('the servers to end', () => !isGroupAlive(group));
  });

  test('a port in use is named before any server is started', async () => {
    const port = await findClusterPort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const run = new Run('up', '--ephemeral', '--port', String(port));
    expect(await run.exited).toBe(1);
    expect(run.output).toContain(`127.0.0.1:${port} is in use`);
    expect(run.output).not.toContain('Starting');
    squatter.close();
  });

  test('Ctrl-C while the servers start is a clean end', async () => {
    const run = new Run('up', '--ephemeral', '--port', String(await findClusterPort()));
    await waitFor('the start', () => run.output.includes('Starting'));
    expect(await run.stop('SIGINT')).toBe(0);
  });
});
