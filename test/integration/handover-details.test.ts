import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { TestCluster } from '../support/cluster.js';
import { ConnectStorm } from '../support/connect-storm.js';
import { headerOfVersion1 } from '../support/header-relay.js';
import { findClusterPort } from '../support/ports.js';
import { runProgram } from '../support/programs.js';
import type { TestProxyOptions } from '../support/proxy.js';
import { RawClient } from '../support/raw-client.js';
import { ROOT } from '../support/root.js';
import { type Succession, startSuccession } from '../support/succession.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';

/** Slot 15495. */
const SLOT = 15495;

const cluster = useCluster();
const cleanUps = cleanUpsAfterEach();

function start(options: Partial<TestProxyOptions> = {}): Promise<Succession> {
  return startSuccession({ seeds: cluster().seeds, ...options }, cleanUps);
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-handover-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with settings, and a way to replace them. */
function configFile(text: string) {
  const path = join(temporaryFolder(), 'slotgate.yaml');
  const write = (content: string) => writeFileSync(path, content);
  write(text);
  return { args: ['--config', path], write };
}

/** The sockets of the data port that a process has open, by descriptor. */
function socketsOn(port: number, pid: number): ReadonlyMap<string, string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const inodes = rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(local) && columns[3] === '0A')
    .map((columns) => `socket:[${columns[9]}]`);
  const found = readdirSync(`/proc/${pid}/fd`).flatMap((fd): [string, string][] => {
    try {
      const inode = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return inodes.includes(inode) ? [[fd, inode]] : [];
    } catch {
      return [];
    }
  });
  return new Map(found);
}

function isCloseOnExec(pid: number, fd: string): boolean {
  const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
  return (Number.parseInt(flags ?? '0', 8) & 0o2000000) !== 0;
}

async function expectServed(port: number, times = 20): Promise<void> {
  for (let i = 0; i < times; i++) {
    const client = await RawClient.connect({ host: '127.0.0.1', port });
    client.send('PING\r\n');
    await client.expect('+PONG\r\n');
    client.close();
  }
}

describe('clients of the old process', () => {
  test('that asked for maintenance notices are told where to connect, the others closed', async () => {
    const succession = await start();
    const { port } = succession.proxy;
    const told = await succession.proxy.connectRaw();
    told.send('HELLO 3\r\nCLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip\r\n');
    await waitFor('the answer', () => told.text.endsWith('+OK\r\n'));
    const plain = await succession.proxy.connectRaw();
    plain.send('PING\r\n');
    await plain.expect('+PONG\r\n');
    await succession.handOver();
    const address = `127.0.0.1:${port}`;
    const notice = `>4\r\n$6\r\nMOVING\r\n:1\r\n:1\r\n$${address.length}\r\n${address}\r\n`;
    await waitFor('the notice', () => told.text.endsWith(notice));
    expect(await plain.untilEnded()).toBe('');
    await succession.untilAlone();
  });

  test('that wait for an answer get it before they are closed', async () => {
    const succession = await start();
    const client = await succession.proxy.connectRaw();
    const owner = cluster().server(await cluster().ownerOf(SLOT));
    await owner.kill('SIGSTOP');
    cleanUps.push(() => owner.kill('SIGCONT'));
    client.send('SET a 1\r\n');
    await sleep(50);
    await succession.handOver();
    await owner.kill('SIGCONT');
    expect(await client.untilEnded()).toBe('+OK\r\n');
    await succession.untilAlone();
  });
});

test('a load balancer that connected to the old process is waited for, and its client served', async () => {
  const succession = await start({
    args: ['--proxy-protocol', '127.0.0.1/32', '--drain-timeout-ms', '3000'],
  });
  const old = succession.pid;
  const client = await succession.proxy.connectRaw();
  await waitFor(
    'the connection to be accepted',
    async () => (await succession.proxy.metric('slotgate_awaited_proxy_headers')) === 1,
  );
  await succession.handOver();
  await sleep(500);
  expect(succession.isAlive(old)).toBe(true);
  client.send(headerOfVersion1('203.0.113.9', 4711));
  client.send('PING\r\n');
  await client.expect('+PONG\r\n');
  expect(await client.untilEnded()).toBe('');
  await succession.untilAlone();
});

describe('the new process', () => {
  test('has the same sockets, which programs that it starts do not get, and more for more threads', async () => {
    const file = configFile('threads: 2');
    const succession = await start({ args: file.args });
    const { port } = succession.proxy;
    const first = new Set(socketsOn(port, succession.pid).values());
    expect(first.size).toBe(2);
    file.write('threads: 3');
    const storm = new ConnectStorm({ port }, 200);
    const second = socketsOn(port, await succession.handOver());
    await succession.untilAlone();
    expect(second.size).toBe(3);
    expect([...second.values()]).toEqual(expect.arrayContaining([...first]));
    for (const fd of second.keys()) expect(isCloseOnExec(succession.pid, fd)).toBe(true);
    // Fewer threads: one of them accepts from several.
    file.write('threads: 1');
    const third = socketsOn(port, await succession.handOver());
    await succession.untilAlone();
    expect(new Set(third.values())).toEqual(new Set(second.values()));
    await expectServed(port, 30);
    await storm.stop();
    expect(Object.fromEntries(storm.failures)).toEqual({});
  });

  test('goes on with what was changed while the old one ran', async () => {
    const succession = await start();
    const change = await fetch(`${succession.proxy.adminUrl}/v1/bdbs/1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"slotgate_mode":"cluster"}',
    });
    expect(change.status).toBe(200);
    const ctl = [
      join(ROOT, 'dist', 'main.js'),
      'ctl',
      'handover',
      '--url',
      succession.proxy.adminUrl,
    ];
    const { code, output } = await runProgram(process.execPath, ctl);
    const pid = await succession.untilHandedOver();
    expect([code, output]).toEqual([0, expect.stringContaining(`Process ${pid} serves now`)]);
    await succession.untilAlone();
    const database = await (await fetch(`${succession.proxy.adminUrl}/v1/bdbs/1`)).json();
    expect(database).toMatchObject({ slotgate_mode: 'cluster' });
  });

  test('gets the password from standard input, and nothing secret otherwise', async () => {
    const canary = 'canary-of-the-handover';
    const secured = await TestCluster.start({ requirepass: canary });
    cleanUps.push(() => secured.stop());
    const succession = await start({
      seeds: secured.seeds,
      args: ['--upstream-password-stdin', '--client-auth', 'none'],
      input: canary,
    });
    const pid = await succession.handOver();
    await succession.untilAlone();
    for (const file of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${pid}/${file}`, 'latin1')).not.toContain(canary);
    }
    const client = await succession.proxy.connect();
    expect(await client.call('SET', 'a', '1')).toBe('OK');
    client.close();
    expect(succession.proxy.log).not.toContain(canary);
  });

  test('follows at SIGUSR2, too, and ends in the orderly way', async () => {
    const succession = await start();
    const old = succession.pid;
    process.kill(old, 'SIGUSR2');
    const pid = await succession.untilHandedOver();
    await succession.untilAlone();
    expect(await succession.proxy.exited).toBe(0);
    await expectServed(succession.proxy.port);
    process.kill(pid, 'SIGTERM');
    await waitFor('the new process to end', () => !succession.isAlive(pid));
    expect(succession.proxy.log).toContain('stopped');
  });

  test('opens listeners that are new, and those that are no more are closed', async () => {
    const [kept, old, fresh] = [
      await findClusterPort(),
      await findClusterPort(),
      await findClusterPort(),
    ];
    const listening = (...ports: number[]) =>
      `listen: [${ports.map((port) => `'127.0.0.1:${port}'`).join(', ')}]\n`;
    const file = configFile(listening(kept, old));
    const succession = await start({ args: file.args, listen: [] });
    await expectServed(old, 1);
    file.write(listening(kept, fresh));
    const storm = new ConnectStorm({ port: kept }, 200);
    await succession.handOver();
    await expectServed(fresh, 1);
    await succession.untilAlone();
    await storm.stop();
    expect(Object.fromEntries(storm.failures)).toEqual({});
    await expect(RawClient.connect({ host: '127.0.0.1', port: old })).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  test('has the unix socket; its file goes with the last process', async () => {
    const path = join(temporaryFolder(), 'slotgate.sock');
    const succession = await start({ listen: [path] });
    const { ino } = statSync(path);
    const storm = new ConnectStorm({ path }, 300);
    for (let i = 0; i < 2; i++) {
      await succession.handOver();
      await succession.untilAlone();
    }
    await storm.stop();
    expect(Object.fromEntries(storm.failures)).toEqual({});
    expect(statSync(path).ino).toBe(ino);
    process.kill(succession.pid, 'SIGTERM');
    await waitFor('the new process to end', () => !succession.isAlive(succession.pid));
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});
