import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';

const PASSWORD = 'cluster-password';
const ENV = { SLOTGATE_UPSTREAM_PASSWORD: PASSWORD };
const NOAUTH = 'NOAUTH Authentication required.';
const WRONGPASS = /^WRONGPASS invalid username-password pair/;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ requirepass: PASSWORD });
  await Promise.all(
    cluster.servers.map((server) =>
      server.call('ACL', 'SETUSER', 'limited', 'on', '>limited-password', '+@all', '-incr', '~*'),
    ),
  );
});
afterAll(async () => {
  await cluster?.stop();
});

describe('clientAuth upstream', () => {
  let proxy: TestProxy;
  beforeAll(async () => {
    proxy = await TestProxy.start({ seeds: cluster.seeds, env: ENV });
  });
  afterAll(() => proxy?.stop());

  test('before AUTH nothing is answered but NOAUTH', async () => {
    const client = await proxy.connect();
    for (const command of [['GET', 'a'], ['PING'], ['MGET', 'a', 'b'], ['INFO'], ['NOSUCH']]) {
      await expect(client.call(...command)).rejects.toThrow(NOAUTH);
    }
    await expect(client.call('HELLO', '2')).rejects.toThrow(/^NOAUTH HELLO must be called/);
    client.close();
  });

  test('AUTH with the password, and what is pipelined behind it', async () => {
    const client = await proxy.connect();
    const replies = await Promise.all([
      client.call('AUTH', PASSWORD),
      client.call('MSET', 'a', '1', 'b', '2', 'c', '3'),
      client.call('MGET', 'a', 'b', 'c'),
    ]);
    expect(replies).toEqual(['OK', 'OK', ['1', '2', '3']]);
    client.close();
  });

  test('a wrong password, and another client that is not affected', async () => {
    const [good, bad] = await Promise.all([proxy.connect({ password: PASSWORD }), proxy.connect()]);
    await expect(bad.call('AUTH', 'wrong')).rejects.toThrow(WRONGPASS);
    await expect(bad.call('AUTH', 'nobody', PASSWORD)).rejects.toThrow(WRONGPASS);
    await expect(bad.call('GET', 'a')).rejects.toThrow(NOAUTH);
    expect(await good.call('SET', 'a', '1')).toBe('OK');
    expect(proxy.log).not.toContain(PASSWORD);
    good.close();
    bad.close();
  });

  test('HELLO with AUTH logs in', async () => {
    const client = await proxy.connect();
    await client.call('HELLO', '2', 'AUTH', 'default', PASSWORD, 'SETNAME', 'me');
    expect(await client.call('CLIENT', 'GETNAME')).toBe('me');
    expect(await client.call('SET', 'a', '1')).toBe('OK');
    client.close();
  });

  test('each client works with the rights of its own user', async () => {
    const limited = await proxy.connect({ username: 'limited', password: 'limited-password' });
    const all = await proxy.connect({ password: PASSWORD });
    await all.call('SET', 'count', '1');
    await expect(limited.call('INCR', 'count')).rejects.toThrow(/^NOPERM .*incr/);
    expect(await limited.call('GET', 'count')).toBe('1');
    expect(await all.call('INCR', 'count')).toBe(2);
    // The same connection as another user from now on.
    await limited.call('AUTH', PASSWORD);
    expect(await limited.call('INCR', 'count')).toBe(3);
    limited.close();
    all.close();
  });

  test('what the proxy answers for a server obeys the user’s rules, too', async () => {
    await Promise.all(
      cluster.servers.map((server) =>
        server.call('ACL', 'SETUSER', 'weak', 'on', '>weak-password', 'resetkeys', '-@all', '+get'),
      ),
    );
    const weak = await proxy.connect({ username: 'weak', password: 'weak-password' });
    await expect(weak.call('CONFIG', 'GET', 'dir')).rejects.toThrow(/^NOPERM .*config\|get/);
    await expect(weak.call('INFO')).rejects.toThrow(/^NOPERM .*info/);
    await expect(weak.call('NOSUCH')).rejects.toThrow(/^ERR unknown command/);
    const all = await proxy.connect({ password: PASSWORD });
    expect(await all.call('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', '0']);
    weak.close();
    all.close();
  });

  test('before AUTH a request is small, as at a server', async () => {
    const many = await proxy.connectRaw();
    many.send('*11\r\n');
    expect(await many.untilEnded()).toBe(
      '-ERR Protocol error: unauthenticated multibulk length\r\n',
    );
    many.close();
    const large = await proxy.connectRaw();
    large.send('*2\r\n$4\r\nAUTH\r\n$16385\r\n');
    expect(await large.untilEnded()).toBe('-ERR Protocol error: unauthenticated bulk length\r\n');
    large.close();
  });
});

describe('clientAuth none', () => {
  test('on loopback everybody is the proxy’s user', async () => {
    const proxy = await TestProxy.start({
      seeds: cluster.seeds,
      env: ENV,
      args: ['--client-auth', 'none'],
    });
    const client = await proxy.connect();
    expect(await client.call('MSET', 'a', '1', 'b', '2', 'c', '3')).toBe('OK');
    expect(await client.call('MGET', 'a', 'b', 'c')).toEqual(['1', '2', '3']);
    client.close();
    await proxy.stop();
  });

  test('without a user of the proxy, one who logs in does not become everybody', async () => {
    const open = await TestCluster.start({ primaries: 1 });
    const [server] = open.servers;
    await server?.call('ACL', 'SETUSER', 'bob', 'on', '>bob-password', '+@all', '~*');
    await server?.call('ACL', 'SETUSER', 'default', '-set');
    const proxy = await TestProxy.start({ seeds: open.seeds, args: ['--client-auth', 'none'] });
    const bob = await proxy.connect({ username: 'bob', password: 'bob-password' });
    expect(await bob.call('SET', 'a', '1')).toBe('OK');
    const nobody = await proxy.connect();
    await expect(nobody.call('SET', 'a', '2')).rejects.toThrow(/^NOPERM/);
    expect(await nobody.call('GET', 'a')).toBe('1');
    bob.close();
    nobody.close();
    await proxy.stop();
    await open.stop();
  });

  test('elsewhere it does not start', async () => {
    const proxy = await TestProxy.start({
      seeds: cluster.seeds,
      env: ENV,
      listen: ['0.0.0.0:12999'],
      args: ['--client-auth', 'none'],
      withoutWaiting: true,
    });
    expect(await proxy.exited).toBe(2);
    expect(proxy.log).toContain('--protected-mode false');
    expect(proxy.log).not.toContain(PASSWORD);
  });
});

test('an open cluster needs no login, and says so to those who try', async () => {
  const open = await TestCluster.start({ primaries: 1 });
  const proxy = await TestProxy.start({ seeds: open.seeds });
  const client = await proxy.connect();
  await expect(client.call('AUTH', 'x')).rejects.toThrow(
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
  );
  expect(await client.call('SET', 'a', '1')).toBe('OK');
  client.close();
  await proxy.stop();
  await open.stop();
});
