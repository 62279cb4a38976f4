import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { TestProxy, type TestProxyOptions } from '../support/proxy.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';

/** Slot 15495. */
const SLOT = 15495;
const DRAIN_MS = 3_000;

const cluster = useCluster();
const cleanUps = cleanUpsAfterEach();

async function startProxy(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const proxy = await TestProxy.start({ seeds: cluster().seeds, ...options });
  cleanUps.push(() => proxy.stop());
  return proxy;
}

describe('SIGTERM', () => {
  test('closes idle clients, answers the busy one, and ends with 0', async () => {
    const proxy = await startProxy({ args: ['--drain-timeout-ms', String(DRAIN_MS)] });
    const idle = await proxy.connectRaw();
    idle.send('PING\r\n');
    await idle.expect('+PONG\r\n');
    const busy = await proxy.connect();
    const owner = cluster().server(await cluster().ownerOf(SLOT));
    await owner.kill('SIGSTOP');
    cleanUps.push(() => owner.kill('SIGCONT'));
    const answer = busy.call('SET', 'a', 'busy');
    await sleep(50);
    proxy.signal('SIGTERM');
    await waitFor('/readyz to say no', async () => !(await proxy.readiness()).isReady);
    await waitFor('the listener to close', () =>
      proxy.connect().then(
        (client) => {
          client.close();
          return false;
        },
        () => true,
      ),
    );
    expect(await idle.untilEnded()).toBe('');
    await owner.kill('SIGCONT');
    expect(await answer).toBe('OK');
    expect(await proxy.exited).toBe(0);
    busy.close();
  });

  test('accepts for shutdownDelayMs while /readyz says no', async () => {
    const proxy = await startProxy({ args: ['--shutdown-delay-ms', '1500'] });
    proxy.signal('SIGTERM');
    await waitFor('/readyz to say no', async () => !(await proxy.readiness()).isReady);
    const late = await proxy.connect();
    expect(await late.call('SET', 'late', '1')).toBe('OK');
    late.close();
    expect(await proxy.exited).toBe(0);
  });

  test('a request that waits for a shard is answered at the end of the time there is', async () => {
    const proxy = await startProxy({ args: ['--drain-timeout-ms', '1000'] });
    const client = await proxy.connect();
    const owner = cluster().server(await cluster().ownerOf(SLOT));
    await owner.kill('SIGSTOP');
    cleanUps.push(() => owner.kill('SIGCONT'));
    const answer = client.call('GET', 'a').then(String, (error: Error) => error.message);
    await sleep(50);
    proxy.signal('SIGTERM');
    expect(await proxy.exited).toBe(0);
    expect(await answer).toBe('connection closed');
  });

  test('a second one, later than a second, ends it at once', async () => {
    const proxy = await startProxy({
      args: ['--drain-timeout-ms', '600000', '--shutdown-delay-ms', '600000'],
    });
    const client = await proxy.connect();
    proxy.signal('SIGTERM');
    await sleep(1_200);
    expect(await client.call('PING')).toBe('PONG');
    proxy.signal('SIGTERM');
    expect(await proxy.exited).toBe(0);
    client.close();
  });

  test('a request that was sent just before is never lost without an answer', async () => {
    const proxy = await startProxy({ args: ['--drain-timeout-ms', '500', '--threads', '2'] });
    const clients = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()));
    let acknowledged = 0;
    const before = Number((await clients[0]?.call('GET', 'drained')) ?? 0);
    let unanswered = 0;
    const work = clients.map(async (client) => {
      for (;;) {
        unanswered++;
        await client.call('INCR', 'drained');
        unanswered--;
        acknowledged++;
      }
    });
    await sleep(200);
    proxy.signal('SIGTERM');
    await Promise.allSettled(work);
    expect(await proxy.exited).toBe(0);
    const other = await startProxy();
    const checker = await other.connect();
    const done = Number(await checker.call('GET', 'drained')) - before;
    expect(acknowledged).toBeGreaterThan(100);
    expect(done).toBeGreaterThanOrEqual(acknowledged);
    expect(done).toBeLessThanOrEqual(acknowledged + unanswered);
    checker.close();
  });
});

describe('SIGHUP', () => {
  test('applies a good file; a bad one changes nothing but log and metric', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slotgate-reload-'));
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'slotgate.yaml');
    writeFileSync(file, 'maxClients: 7\n');
    const proxy = await startProxy({ args: ['--config', file] });
    const client = await proxy.connect();
    const maxClients = () => client.call('CONFIG', 'GET', 'maxclients');
    const succeeded = () => proxy.metric('slotgate_config_last_reload_successful');
    expect(await maxClients()).toEqual(['maxclients', '7']);

    writeFileSync(file, 'maxClients: 9\n');
    proxy.signal('SIGHUP');
    await waitFor('the reload', async () => JSON.stringify(await maxClients()).includes('"9"'));
    expect(await succeeded()).toBe(1);

    writeFileSync(file, 'maxClients: many\nmaxClient: 3\n');
    proxy.signal('SIGHUP');
    await waitFor('the refusal', async () => (await succeeded()) === 0);
    expect(await maxClients()).toEqual(['maxclients', '9']);
    expect(proxy.log).toContain('maxClients');
    expect(await client.call('SET', 'k', 'v')).toBe('OK');

    writeFileSync(file, 'maxClients: 1\nthreads: 2\n');
    proxy.signal('SIGHUP');
    await waitFor('the last reload', async () => (await succeeded()) === 1);
    const refused = await proxy.connectRaw();
    expect(await refused.untilEnded()).toBe('-ERR max number of clients reached\r\n');
    expect(proxy.log).toContain('threads');
    client.close();
  });
});

describe('two workers', () => {
  test('share the clients, and answer all of them', async () => {
    const proxy = await startProxy({ args: ['--threads', '2'] });
    const clients = await Promise.all(Array.from({ length: 200 }, () => proxy.connect()));
    const replies = await Promise.all(
      clients.flatMap((client, i) => [
        client.call('MSET', `{x}${i}`, i, `y${i}`, i),
        client.call('MGET', `{x}${i}`, `y${i}`),
        client.call('CLIENT', 'ID'),
      ]),
    );
    expect(replies.filter((reply) => reply === 'OK')).toHaveLength(200);
    expect(new Set(replies.filter((reply) => typeof reply === 'number')).size).toBe(200);
    const shares = await Promise.all(
      ['0', '1'].map((worker) => proxy.metric('slotgate_clients', `worker="${worker}"`)),
    );
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBe(200);
    // The kernel spreads connections by a hash: far from even is a worker that got none.
    expect(Math.min(...shares)).toBeGreaterThan(40);
    for (const client of clients) client.close();
  });

  test('a unix socket is shared by both, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slotgate-two-'));
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 's');
    const proxy = await startProxy({ args: ['--threads', '2'], listen: [path] });
    const clients = await Promise.all(Array.from({ length: 100 }, () => proxy.connect({ path })));
    await Promise.all(clients.map((client) => client.call('PING')));
    const shares = await Promise.all(
      ['0', '1'].map((worker) => proxy.metric('slotgate_clients', `worker="${worker}"`)),
    );
    expect(Math.min(...shares)).toBeGreaterThan(20);
    for (const client of clients) client.close();
  });
});
