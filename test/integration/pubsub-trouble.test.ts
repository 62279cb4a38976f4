import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { Subscriber } from '../support/subscriber.js';

/** Server 0 has slot 0, so it is where all channels are subscribed at first; server 3 is its replica. */
const HOME = 0;
const REPLICA = 3;
/** Of slot 0. */
const KEY_AT_HOME = '06S';

let cluster: TestCluster;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1 });
  await Promise.all(
    cluster.servers.map((server) =>
      server.call(
        ...['ACL', 'SETUSER', 'reader', 'on', '>secret', '+@all', '~*', 'resetchannels'],
        ...['&open:*', '&plain'],
      ),
    ),
  );
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

test('the servers’ channel rules hold, in their words', async () => {
  const reader = await Subscriber.connect(proxy.port, 2, ['reader', 'secret']);
  const direct = await Subscriber.connect(cluster.server(HOME).port, 2, ['reader', 'secret']);
  for (const command of [
    ['SUBSCRIBE', 'plain', 'closed'],
    ['PSUBSCRIBE', '*'],
    ['PUBLISH', 'closed', 'x'],
  ]) {
    direct.send(...command);
    await expect.poll(() => direct.raw.text).toMatch(/^-NOPERM .*\r\n$/);
    const words = (await direct.raw.take(direct.raw.size)).toString();
    reader.send(...command);
    await reader.raw.expect(words);
  }
  await reader.subscribe('PSUBSCRIBE', 'open:*');
  await reader.subscribe('SUBSCRIBE', 'plain', 2);
  // The default user's subscription to the same channel is another one.
  const other = await Subscriber.connect(proxy.port, 2);
  await other.subscribe('SUBSCRIBE', 'plain');
  const publisher = await proxy.connect();
  expect(await publisher.call('PUBLISH', 'plain', '1')).toBe(2);
  await reader.expect(['message', 'plain', '1']);
  await other.expect(['message', 'plain', '1']);

  // Rights that are taken away close whoever used them, as at a server.
  await Promise.all(
    cluster.servers.map((server) => server.call('ACL', 'SETUSER', 'reader', 'resetchannels')),
  );
  await reader.raw.untilEnded();
  expect(await publisher.call('PUBLISH', 'plain', '2')).toBe(1);
  await other.expect(['message', 'plain', '2']);
  for (const client of [reader, direct, other, publisher]) client.close();
});

test('when the home moves between living servers, later messages arrive once', async () => {
  const client = await Subscriber.connect(proxy.port, 2);
  await client.subscribe('SUBSCRIBE', 'moving');
  const home = await cluster.ownerOf(0, 1);
  const target = home === HOME ? REPLICA : HOME;
  await cluster.failover(target);
  const publisher = await proxy.connect();
  // What a client meets makes the proxy look again; by itself it does so after ten seconds.
  await publisher.call('DEL', KEY_AT_HOME);
  const links = async (index: number) => {
    const reply = await cluster.server(index).call('PUBSUB', 'NUMSUB', 'moving');
    return Array.isArray(reply) ? reply[1] : reply;
  };
  await expect.poll(() => links(target), { timeout: 15_000 }).toBe(1);
  await expect.poll(() => links(home), { timeout: 15_000 }).toBe(0);
  for (const text of ['1', '2', '3']) {
    expect(await publisher.call('PUBLISH', 'moving', text)).toBe(1);
  }
  await client.expect(...['1', '2', '3'].map((text) => ['message', 'moving', text]));
  client.close();
  publisher.close();
});

test('subscriptions outlive the death of their server', async () => {
  const client = await Subscriber.connect(proxy.port, 3);
  await client.subscribe('SUBSCRIBE', 'news');
  await client.subscribe('PSUBSCRIBE', 'n*', 2);
  const home = await cluster.ownerOf(0, 1);
  const replica = home === HOME ? REPLICA : HOME;
  await cluster.kill(home);
  const publisher = await proxy.connect();
  // Held until the replica has taken over, then published there.
  await publisher.call('PUBLISH', 'other', 'x');
  await expect
    .poll(() => publisher.call('PUBLISH', 'quiet', 'x').then(() => cluster.ownerOf(0, replica)))
    .toBe(replica);
  await expect.poll(() => publisher.call('PUBLISH', 'news', 'x'), { timeout: 15_000 }).toBe(2);
  const once = '>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n';
  const pattern = '>4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$1\r\nx\r\n';
  await expect.poll(() => client.raw.text).toContain(once + pattern);

  // The old server comes back as a replica: nothing changes.
  await cluster.restart(home);
  await cluster.waitUntilOk();
  await expect.poll(() => publisher.call('PUBLISH', 'news', 'y')).toBe(2);
  client.close();
  publisher.close();
});
