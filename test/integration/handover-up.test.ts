import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identifyProcess } from '../../src/node/process-identity.js';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { ConnectStorm } from '../support/connect-storm.js';
import { findClusterPort } from '../support/ports.js';
import { TestClient } from '../support/resp-client.js';
import { ROOT } from '../support/root.js';
import { isRunning } from '../support/succession.js';
import { waitFor } from '../support/wait.js';

const cleanUps = cleanUpsAfterEach();

function isThere(pid: number): boolean {
  return isRunning(identifyProcess(pid));
}

async function up(port: number): Promise<{ child: ChildProcess; output: () => string }> {
  const args = ['up', '--port', String(port), '--ephemeral', '--replicas', '0', '--nodes', '2'];
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  cleanUps.push(() => child.kill('SIGKILL'));
  await waitFor('"ready"', () => {
    if (child.exitCode !== null) throw new Error(`ended early: ${output}`);
    return output.includes('Slotgate is ready');
  });
  return { child, output: () => output };
}

/** The process ids of the servers, and the folder of their data. */
function serversOf(output: string): { readonly folder: string; readonly guard: number } {
  const folder = /^ {2}data {5}(.*)$/m.exec(output)?.[1] ?? '';
  const { guard } = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8'));
  return { folder, guard: guard.pid };
}

/** @returns The id of the new process. */
async function handOver(admin: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${admin}/v1/handover`, { method: 'POST', headers, body: '{}' });
  const body = (await response.json()) as { readonly pid: number };
  expect([response.status, body]).toEqual([200, expect.anything()]);
  cleanUps.push(() => isThere(body.pid) && process.kill(body.pid, 'SIGKILL'));
  return body.pid;
}

test('slotgate up hands its servers over, too, and they end with the last process', async () => {
  const port = await findClusterPort();
  const { child, output } = await up(port);
  const { folder, guard } = serversOf(output());
  cleanUps.push(() => isThere(guard) && process.kill(-guard, 'SIGKILL'));
  const ended = once(child, 'exit');
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  await client.call('SET', 'a', 'kept');
  client.close();
  const admin = /admin +(http:\S+)/.exec(output())?.[1] ?? '';
  const storm = new ConnectStorm({ port }, 200);

  const first = await handOver(admin);
  expect(await ended).toEqual([0, null]);
  expect(output()).toContain(`Process ${first} has taken over`);
  // What was inherited is handed on, too.
  const pid = await handOver(admin);
  await waitFor('the second process to end', () => !isThere(first));
  await storm.stop();
  expect(Object.fromEntries(storm.failures)).toEqual({});

  expect(serversOf(output())).toEqual({ folder, guard });
  expect(isThere(guard)).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, 'up.lock'), 'utf8')).pid).toBe(pid);
  const late = await TestClient.connect({ host: '127.0.0.1', port });
  expect(await late.call('GET', 'a')).toBe('kept');
  late.close();
  expect((await fetch(`${admin}/readyz`)).status).toBe(200);

  process.kill(pid, 'SIGTERM');
  await waitFor('everything to end', () => !isThere(pid) && !isThere(guard));
  expect(existsSync(folder)).toBe(false);
}, 90_000);
