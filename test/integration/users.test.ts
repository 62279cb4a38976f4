import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const PASSWORD = 'cluster-password';
const HOLD_MS = 1_500;

let cluster: TestCluster;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ requirepass: PASSWORD });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    env: { SLOTGATE_UPSTREAM_PASSWORD: PASSWORD },
    args: ['--hold-timeout-ms', String(HOLD_MS)],
  });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

/** At all servers, past the proxy. */
async function acl(...words: readonly string[]): Promise<void> {
  await Promise.all(cluster.servers.map((server) => server.call('ACL', ...words)));
}

function createUser(name: string, password: string, ...rules: readonly string[]): Promise<void> {
  return acl('SETUSER', name, 'reset', 'on', `>${password}`, '~*', '&*', '+@all', ...rules);
}

/** Opens connections to all servers. */
async function useAllServers(client: TestClient): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await client.call('SET', `key-${i}`, '1');
  }
}

/** Closes the connections that the proxy has to servers as this user. */
async function closeLinksOf(user: string): Promise<void> {
  await Promise.all(
    cluster.servers.map((server) => server.call('CLIENT', 'KILL', 'USER', user, 'SKIPME', 'yes')),
  );
}

function untilClosed(client: TestClient): Promise<void> {
  return waitFor('the client to be closed', () => client.socket.destroyed);
}

test('a user that is deleted at the servers: its clients are closed, no others', async () => {
  await createUser('ann', 'ann-password');
  await createUser('ben', 'ben-password');
  const [ann, idle, ben] = await Promise.all([
    proxy.connect({ username: 'ann', password: 'ann-password' }),
    proxy.connect({ username: 'ann', password: 'ann-password' }),
    proxy.connect({ username: 'ben', password: 'ben-password' }),
  ]);
  await Promise.all([useAllServers(ann), useAllServers(ben)]);
  await acl('DELUSER', 'ann');
  await Promise.all([untilClosed(ann), untilClosed(idle)]);
  expect(await ben.call('GET', 'key-1')).toBe('1');
  expect(await proxy.metric('slotgate_connections_total', 'closed_for_deleted_user')).toBe(2);
  expect(proxy.log).toContain(
    '"user":"ann","clients":2,"msg":"a user was deleted; its clients are closed"',
  );
  await expect(proxy.connect({ username: 'ann', password: 'ann-password' })).rejects.toThrow(
    /^WRONGPASS/,
  );
  ben.close();
});

test('a deleted user whose clients have no connection to a server yet', async () => {
  await createUser('cleo', 'cleo-password');
  const cleo = await proxy.connect({ username: 'cleo', password: 'cleo-password' });
  await acl('DELUSER', 'cleo');
  cleo.call('GET', 'a').catch(() => undefined);
  await untilClosed(cleo);
});

test('ACL DELUSER through the proxy', async () => {
  await createUser('dan', 'dan-password');
  const dan = await proxy.connect({ username: 'dan', password: 'dan-password' });
  await useAllServers(dan);
  const admin = await proxy.connect({ password: PASSWORD });
  expect(await admin.call('ACL', 'DELUSER', 'dan')).toBe(1);
  await untilClosed(dan);
  admin.close();
});

test('a user that one server still knows keeps its clients', async () => {
  await createUser('eve', 'eve-password');
  const eve = await proxy.connect({ username: 'eve', password: 'eve-password' });
  await useAllServers(eve);
  await cluster.server(0).call('ACL', 'DELUSER', 'eve');
  const replies = await Promise.allSettled(
    Array.from({ length: 30 }, (_, i) => eve.call('GET', `key-${i}`)),
  );
  const refused = replies.filter((reply) => reply.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(30);
  for (const { reason } of refused) {
    expect(String(reason)).toMatch(/WRONGPASS|OUTCOMEUNKNOWN/);
  }
  expect(eve.socket.destroyed).toBe(false);
  eve.close();
});

test('another password: sessions go on, and what needs a new connection gets the refusal', async () => {
  await createUser('fay', 'old-password');
  const fay = await proxy.connect({ username: 'fay', password: 'old-password' });
  const other = await proxy.connect({ password: PASSWORD });
  await useAllServers(fay);
  await acl('SETUSER', 'fay', 'resetpass', '>new-password');
  expect(await fay.call('GET', 'key-1')).toBe('1');
  await closeLinksOf('fay');
  await expect(fay.call('SET', 'key-1', '2')).rejects.toThrow(
    /^WRONGPASS invalid username-password pair/,
  );
  // Others are not held up by it, not even on the same slot.
  const late = fay.call('SET', 'key-1', '3').catch(() => null);
  for (let i = 0; i < 20; i++) {
    expect(await other.call('GET', 'key-1')).toBe('1');
  }
  // The first who logs in with the new password opens the way for all sessions.
  const again = await proxy.connect({ username: 'fay', password: 'new-password' });
  expect(await again.call('SET', 'key-1', '4')).toBe('OK');
  await late;
  expect(await fay.call('SET', 'key-1', '5')).toBe('OK');
  for (const client of [fay, again, other]) {
    client.close();
  }
});

test('a log-in is believed for a moment; a changed password is noticed at once', async () => {
  await createUser('gus', 'gus-password');
  const before = await authCalls();
  for (let i = 0; i < 20; i++) {
    (await proxy.connect({ username: 'gus', password: 'gus-password' })).close();
  }
  // Beside the one for gus, the proxy may have opened connections of its own.
  expect((await authCalls()).calls - before.calls).toBeLessThan(10);
  // Failures are asked for each time.
  for (let i = 0; i < 3; i++) {
    await expect(proxy.connect({ username: 'gus', password: 'wrong' })).rejects.toThrow(
      /^WRONGPASS/,
    );
  }
  expect((await authCalls()).failed - before.failed).toBe(3);
  const admin = await proxy.connect({ password: PASSWORD });
  await admin.call('ACL', 'SETUSER', 'gus', 'resetpass', '>next-password');
  await expect(proxy.connect({ username: 'gus', password: 'gus-password' })).rejects.toThrow(
    /^WRONGPASS/,
  );
  (await proxy.connect({ username: 'gus', password: 'next-password' })).close();
  admin.close();
});

test('rights that change through the proxy hold at once, also for what it answers itself', async () => {
  await createUser('hal', 'hal-password');
  const hal = await proxy.connect({ username: 'hal', password: 'hal-password' });
  const admin = await proxy.connect({ password: PASSWORD });
  expect(await hal.text('CLIENT', 'LIST')).toContain('user=hal');
  await admin.call('ACL', 'SETUSER', 'hal', '-client|list');
  await expect(hal.call('CLIENT', 'LIST')).rejects.toThrow(
    /^NOPERM .*has no permissions to run the 'client\|list' command/,
  );
  await admin.call('ACL', 'SETUSER', 'hal', '+client|list');
  expect(await hal.text('CLIENT', 'LIST')).toContain('user=hal');
  hal.close();
  admin.close();
});

/** How often AUTH was called at the servers together, and how often it failed. */
async function authCalls(): Promise<{ readonly calls: number; readonly failed: number }> {
  const infos = await Promise.all(
    cluster.servers.map((server) => server.text('INFO', 'commandstats')),
  );
  const sum = (figure: string) =>
    infos.reduce((total, info) => {
      const found = new RegExp(`^cmdstat_auth:.*\\b${figure}=(\\d+)`, 'm').exec(info);
      return total + Number(found?.[1] ?? 0);
    }, 0);
  return { calls: sum('calls'), failed: sum('failed_calls') };
}
