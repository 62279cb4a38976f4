import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { identifyProcess } from '../../src/node/process-identity.js';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { ConnectStorm } from '../support/connect-storm.js';
import { findClusterPort } from '../support/ports.js';
import { ROOT } from '../support/root.js';
import { isRunning, type Succession, startSuccession } from '../support/succession.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';

const MAIN = join(ROOT, 'dist', 'main.js');

const cluster = useCluster();
const cleanUps = cleanUpsAfterEach();

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-handover-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A proxy whose configuration can be spoilt, and whose clients see nothing of that. */
async function start(timeoutMs = 30_000, env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const file = join(folder, 'slotgate.yaml');
  const good = `seeds: [${cluster().seeds.join(', ')}]\nhandoverTimeoutMs: ${timeoutMs}\n`;
  writeFileSync(file, good);
  const socket = join(folder, 'slotgate.sock');
  const port = await findClusterPort();
  const listen = [`127.0.0.1:${port}`, socket];
  const options = { seeds: [], listen, args: ['--config', file], env };
  const succession = await startSuccession(options, cleanUps);
  return { succession, port, socket, good, write: (text: string) => writeFileSync(file, text) };
}

/** As `start`, with something that the processes after the first do at their beginning. */
async function startWithFault(fault: string, timeoutMs = 30_000) {
  const folder = temporaryFolder();
  const [faults, hook] = [join(folder, 'faults'), join(folder, 'hook.cjs')];
  const read = `require('fs').readFileSync(${JSON.stringify(faults)}, 'utf8')`;
  writeFileSync(hook, `if (process.argv[2] === 'proxy') eval(${read})`);
  writeFileSync(faults, '');
  const started = await start(timeoutMs, { NODE_OPTIONS: `--require ${hook}` });
  writeFileSync(faults, fault);
  return { ...started, mend: () => writeFileSync(faults, '') };
}

/** A fault: the process kills `pid` when it is about to say the word, and says it then. */
function killsBeforeSaying(word: 'prepared' | 'serving', pid: 'pid' | 'ppid'): string {
  return `const { send } = process;
    process.send = (message, ...rest) => {
      if (message.kind === '${word}') process.kill(process.${pid}, 'SIGKILL');
      return send.call(process, message, ...rest);
    };`;
}

/** @returns The id of the process that the present one has just started. */
async function nextProcess({ pid }: Succession): Promise<number> {
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  await waitFor('the new process', () => children() !== '');
  return Number(children());
}

type Started = Awaited<ReturnType<typeof start>>;

/** Fails, and nobody notices. @returns The reason. */
async function fail({ succession, socket }: Started): Promise<string> {
  const { pid } = succession;
  const storm = new ConnectStorm({ path: socket }, 200);
  const { status, body } = await succession.ask();
  expect([status, body.error_code]).toEqual([500, 'handover_failed']);
  expect(succession.pid).toBe(pid);
  expect(succession.proxy.log).toContain('this process goes on');
  expect(await succession.proxy.metric('slotgate_handovers_failed_total')).toBe(1);
  expect((await succession.proxy.readiness()).isReady).toBe(true);
  expect(statSync(socket).isSocket()).toBe(true);
  await storm.stop();
  expect(Object.fromEntries(storm.failures)).toEqual({});
  return String(body.description);
}

describe('the old process goes on when the new one', () => {
  test('has a bad configuration, and is followed when that is mended', async () => {
    const started = await start();
    started.write(`${started.good}threads: none\n`);
    expect(await fail(started)).toContain('threads');
    started.write(started.good);
    await started.succession.handOver();
    await started.succession.untilAlone();
  });

  test('is not ready in time', async () => {
    const started = await start(1_500);
    started.write(`seeds: [127.0.0.1:${await findClusterPort()}]\n`);
    expect(await fail(started)).toMatch(/not ready within 1500 ms: .*topology|said nothing/);
  });

  test('wants an admin address that another process has', async () => {
    const started = await start();
    started.write(`${started.good}metrics: ${cluster().seeds[0]}\n`);
    expect(await fail(started)).toContain(`${cluster().seeds[0]} is in use`);
  });

  test.each([
    ['crashes', 30_000, "process.kill(process.pid, 'SIGKILL')", 'it was ended by SIGKILL'],
    ['hangs before it can say anything', 1_000, 'for (;;);', 'it said nothing for 3000 ms'],
  ])('%s', async (_, timeoutMs, fault, reason) => {
    expect(await fail(await startWithFault(fault, timeoutMs))).toBe(reason);
  });

  test('is killed when it is told to open', async () => {
    const dies = "kind === 'go' && process.kill(process.pid, 'SIGKILL')";
    const started = await startWithFault(`process.on('message', ({ kind }) => ${dies})`);
    expect(await fail(started)).toBe('it was ended by SIGKILL');
  });

  test('is killed when it has opened: only who had come to it already is cut', async () => {
    const { succession, port } = await startWithFault(killsBeforeSaying('serving', 'pid'));
    const { pid } = succession;
    const client = await succession.proxy.connect({ port });
    const storm = new ConnectStorm({ port }, 200);
    const { body } = await succession.ask();
    expect(body.description).toBe('it was ended by SIGKILL');
    expect([succession.pid, await client.call('SET', 'a', '1')]).toEqual([pid, 'OK']);
    const answeredBefore = storm.answered;
    await waitFor('new clients to be served', () => storm.answered > answeredBefore + 20);
    await storm.stop();
    expect([...storm.failures.keys()]).not.toContain('ECONNREFUSED');
    client.close();
  });
});

test('a new process whose old one is killed before it was ready ends, too', async () => {
  const { succession, port, write } = await start();
  write(`seeds: [127.0.0.1:${await findClusterPort()}]\n`);
  const { pid } = succession;
  process.kill(pid, 'SIGUSR2');
  const child = await nextProcess(succession);
  await waitFor('its search for a cluster', () => succession.proxy.log.includes(`"pid":${child}`));
  process.kill(pid, 'SIGKILL');
  await waitFor('the new process to end', () => !isRunning(identifyProcess(child)));
  await expect(succession.proxy.connect({ port })).rejects.toThrow();
});

test.each(['prepared', 'serving'] as const)(
  'a new process whose old one is killed when it is %s takes its place',
  async (word) => {
    const started = await startWithFault(killsBeforeSaying(word, 'ppid'));
    const { succession, port, socket } = started;
    const storm = new ConnectStorm({ port }, 200);
    const { pid } = succession;
    process.kill(pid, 'SIGUSR2');
    succession.follow(await nextProcess(succession));
    await waitFor('the old process to end', () => !succession.isAlive(pid));
    const answeredBefore = storm.answered;
    await waitFor('new clients to be served', () => storm.answered > answeredBefore + 20);
    await storm.stop();
    expect([...storm.failures.keys()]).not.toContain('ECONNREFUSED');
    // It lacks nothing: it can hand over, and the file of its unix socket goes with the last process.
    started.mend();
    await succession.handOver();
    await succession.untilAlone();
    process.kill(succession.pid, 'SIGTERM');
    await waitFor('the last process to end', () => !succession.isAlive(succession.pid));
    expect(() => statSync(socket)).toThrow('ENOENT');
  },
);

describe('a hand-over is refused', () => {
  test('while another one runs, and while the process is being stopped', async () => {
    const { succession, port, write, good } = await start(2_000);
    write(`seeds: [127.0.0.1:${await findClusterPort()}]\nhandoverTimeoutMs: 2000\n`);
    const first = succession.ask();
    await sleep(100);
    const second = await succession.ask();
    expect(second).toMatchObject({ status: 409, body: { error_code: 'handover_refused' } });
    expect(second.body.description).toContain('running already');
    expect((await first).status).toBe(500);
    write(good);
    // Somebody who keeps the process from ending at once.
    const client = await succession.proxy.connect({ port });
    await client.call('MULTI');
    process.kill(succession.pid, 'SIGTERM');
    await sleep(100);
    const third = await succession.ask();
    expect(third.body.description).toContain('being stopped');
    client.close();
  });

  test('as PID 1', async () => {
    const [port, admin] = [await findClusterPort(), await findClusterPort()];
    const addresses = ['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${admin}`];
    const proxy = [MAIN, 'proxy', '--seed', cluster().seeds[0] ?? '', ...addresses];
    const namespace = ['--pid', '--fork', '--kill-child', process.execPath];
    const child = spawn('unshare', [...namespace, ...proxy], { stdio: 'ignore' });
    cleanUps.push(() => child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${admin}`;
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitFor('the proxy', async () => child.exitCode !== null || (await isReady()));
    if (child.exitCode !== null) {
      process.stdout.write('skipped: no PID namespaces here\n');
      return;
    }
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/handover`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      description: expect.stringContaining('this process is PID 1: the container ends with it'),
    });
  });

  test('a SIGTERM meanwhile ends the old process as usual, and the new one with it', async () => {
    const { succession, port, write } = await start();
    write(`seeds: [127.0.0.1:${await findClusterPort()}]\nhandoverTimeoutMs: 20000\n`);
    process.kill(succession.pid, 'SIGUSR2');
    await sleep(800);
    process.kill(succession.pid, 'SIGTERM');
    expect(await succession.proxy.exited).toBe(0);
    expect(succession.proxy.log).toContain('this process was asked to stop');
    await expect(succession.proxy.connect({ port })).rejects.toThrow();
  });
});
