import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FakeCluster, type FakeMember, fakeNodeId } from '../support/fake-cluster.js';
import { FakeDisk } from '../support/fake-disk.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient, TestReply } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/**
 * WAITAOF through the proxy, at scripted servers that count what is on their disks. A call waits for
 * ever unless a test says otherwise: nothing here ends because time has passed.
 */
const NAMES = ['a', 'b', 'c'] as const;
/** Keys of `a` and of `b`. */
const A = 'foo'; // slot 12182
const B = 'bar'; // slot 5061
const NOTHING_KNOWN = [0, 0];
const ON_DISK = [1, 0];

type Name = (typeof NAMES)[number];
type Roles = Readonly<Record<Name, string>>;

interface Member {
  readonly disk: FakeDisk;
  readonly member: FakeMember;
}

/** Two shards, `a` with the replica `c`, and a proxy in front of them. */
class World {
  readonly members: Readonly<Record<Name, Member>>;
  readonly proxy: TestProxy;
  readonly #cluster: FakeCluster;

  private constructor(cluster: FakeCluster, members: World['members'], proxy: TestProxy) {
    this.#cluster = cluster;
    this.members = members;
    this.proxy = proxy;
  }

  static async start(): Promise<World> {
    const cluster = new FakeCluster();
    const members = {
      a: await startMember(cluster, 'a'),
      b: await startMember(cluster, 'b'),
      c: await startMember(cluster, 'c'),
    };
    giveOut(members, { a: '8000-16383', b: '0-7999', c: 'a' }, 1);
    return new World(cluster, members, await startProxy(members.a));
  }

  /** Servers answer by themselves, and nobody waits. */
  async calm(): Promise<void> {
    for (const { disk, member } of Object.values(this.members)) {
      member.script = (args, socket) => disk.answer(args, socket);
      await waitFor('nobody to wait', async () => disk.waiting === 0);
    }
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#cluster.stop();
  }
}

async function startMember(cluster: FakeCluster, name: Name): Promise<Member> {
  const disk = new FakeDisk(fakeNodeId(name));
  const member = await cluster.add(name, '');
  member.script = (args, socket) => disk.answer(args, socket);
  return { disk, member };
}

function startProxy({ member }: Member, args: readonly string[] = []): Promise<TestProxy> {
  return TestProxy.start({ seeds: [member.server.address], args });
}

/** @param roles Slots of a primary, or the name of the primary of a replica. */
function giveOut(members: World['members'], roles: Roles, epoch: number): void {
  for (const name of NAMES) {
    const { disk, member } = members[name];
    member.nodes = NAMES.map((other) => lineOf(other, roles[other], epoch, other === name)).join(
      '\n',
    );
    member.epoch = epoch;
    disk.isReplica = isName(roles[name]);
  }
}

function lineOf(name: Name, role: string, epoch: number, isMyself: boolean): string {
  const myself = isMyself ? 'myself,' : '';
  const rest = isName(role)
    ? `${myself}slave <${role}> 0 0 ${epoch} connected`
    : `${myself}master - 0 0 ${epoch} connected ${role}`;
  return `<${name}> {${name}}@1 ${rest}`;
}

function isName(role: string): boolean {
  return NAMES.some((name) => name === role);
}

let world: World;
const clients: TestClient[] = [];
beforeAll(async () => {
  world = await World.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world.calm();
});
afterAll(() => world?.stop());

async function connect(to = world.proxy): Promise<TestClient> {
  const client = await to.connect();
  clients.push(client);
  return client;
}

/** A client that has used WAITAOF before it wrote anything. */
async function connectBound(to = world.proxy): Promise<TestClient> {
  const client = await connect(to);
  expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
  return client;
}

function untilWaiting(name: 'a' | 'b', count: number): Promise<void> {
  const { disk } = world.members[name];
  return waitFor(`${count} waiting at ${name}`, async () => disk.waiting === count);
}

function untilNoneIsBound(): Promise<void> {
  return waitFor('no client with connections of its own', async () => {
    return (await world.proxy.metric('slotgate_bound_clients')) === 0;
  });
}

describe('what is answered', () => {
  test('of writes before the first call nobody knows, nor of later ones but those since', async () => {
    const client = await connect();
    await client.call('SET', A, 1);
    world.members.a.disk.sync();
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
    await client.call('SET', A, 2);
    const call = client.call('WAITAOF', 1, 0, 0);
    await untilWaiting('a', 1);
    world.members.a.disk.sync();
    expect(await call).toEqual(ON_DISK);
  });

  test('a write counts when it is on the disk, whatever others write', async () => {
    const client = await connectBound();
    const other = await connect();
    await client.call('SET', A, 1);
    expect(await client.call('WAITAOF', 1, 0, 1)).toEqual([0, 0]);
    world.members.a.disk.sync();
    await other.call('SET', A, 2);
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
  });

  test('the shard where it is not counts, of those that the client has written to', async () => {
    const client = await connectBound();
    const other = await connect();
    await other.call('SET', B, 1);
    await client.call('SET', A, 1);
    world.members.a.disk.sync();
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
    await client.call('SET', B, 2);
    const call = client.call('WAITAOF', 1, 0, 0);
    await untilWaiting('b', 1);
    expect(world.members.a.disk.waiting).toBe(0);
    world.members.b.disk.sync();
    expect(await call).toEqual(ON_DISK);
  });

  test('requests of a MiB and more are among the writes', async () => {
    const client = await connectBound();
    await client.call('SET', A, 'x'.repeat(2 * 1024 * 1024));
    expect(await client.call('WAITAOF', 1, 0, 1)).toEqual([0, 0]);
    world.members.a.disk.sync();
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
  });

  test('a server words what is wrong with the arguments', async () => {
    const client = await connect();
    const wrong = 'ERR value is out of range, value must between 0 and 1';
    for (let i = 0; i < 2; i++) {
      await expect(client.call('WAITAOF', 2, 0, 0)).rejects.toThrow(wrong);
      await client.call('WAITAOF', 1, 0, 0);
    }
  });

  test('in a transaction it is the servers', async () => {
    const client = await connectBound();
    world.members.a.member.script = (args, socket) => {
      const [command = ''] = args;
      const replies: Readonly<Record<string, string>> = {
        MULTI: '+OK\r\n',
        SET: '+QUEUED\r\n',
        WAITAOF: '+QUEUED\r\n',
        EXEC: '*2\r\n+OK\r\n*2\r\n:0\r\n:0\r\n',
      };
      return replies[command] ?? world.members.a.disk.answer(args, socket);
    };
    await client.call('MULTI');
    await client.call('SET', A, 1);
    expect(await client.call('WAITAOF', 1, 0, 0)).toBe('QUEUED');
    expect(await client.call('EXEC')).toEqual(['OK', [0, 0]]);
  });
});

describe('when servers come and go', () => {
  test('of writes over a connection that was lost nobody knows, until there are new ones', async () => {
    const client = await connectBound();
    await client.call('SET', A, 1);
    world.members.a.disk.sync();
    const lost = () => world.proxy.metric('slotgate_links_events_total', 'event="lost"');
    const before = await lost();
    world.members.a.disk.closeWriters();
    await waitFor('a lost connection', async () => (await lost()) > before);
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
    await client.call('SET', A, 2);
    world.members.a.disk.sync();
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
  });

  test('of writes to a primary that is none any more nobody knows', async () => {
    const own = await World.start();
    try {
      const { a, c } = own.members;
      const client = await connectBound(own.proxy);
      const other = await connect(own.proxy);
      await client.call('SET', A, 1);
      a.disk.sync();
      giveOut(own.members, { a: 'c', b: '0-7999', c: '8000-16383' }, 2);
      const moved = `-MOVED 12182 ${c.member.server.address}\r\n`;
      a.member.script = (args, socket) => (args[0] === 'SET' ? moved : a.disk.answer(args, socket));
      await other.call('SET', A, 2);
      expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
      await client.call('SET', A, 3);
      c.disk.sync();
      expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
    } finally {
      await own.stop();
    }
  });
});

describe('waiting', () => {
  let client: TestClient;
  let call: Promise<TestReply>;
  /** The client waits at two servers. */
  async function wait(to = world.proxy): Promise<string> {
    client = await connectBound(to);
    const id = String(await client.call('CLIENT', 'ID'));
    await client.call('SET', A, 1);
    await client.call('SET', B, 1);
    call = client.call('WAITAOF', 1, 0, 0);
    call.catch(() => undefined);
    await untilWaiting('a', 1);
    await untilWaiting('b', 1);
    return id;
  }

  test('holds up nobody else', async () => {
    await wait();
    const other = await connect();
    expect(await other.call('SET', A, 2)).toBe('OK');
    expect(await other.call('SET', B, 2)).toBe('OK');
    world.members.a.disk.sync();
    world.members.b.disk.sync();
    expect(await call).toEqual(ON_DISK);
  });

  test('ends with CLIENT UNBLOCK at all servers', async () => {
    const id = await wait();
    world.members.a.disk.sync();
    const other = await connect();
    expect(await other.call('CLIENT', 'UNBLOCK', id)).toBe(1);
    expect(await call).toEqual([0, 0]);
    expect(world.members.b.disk.waiting).toBe(0);
  });

  test('ends with the error of CLIENT UNBLOCK', async () => {
    const id = await wait();
    const other = await connect();
    expect(await other.call('CLIENT', 'UNBLOCK', id, 'ERROR')).toBe(1);
    await expect(call).rejects.toThrow('UNBLOCKED client unblocked via CLIENT UNBLOCK');
    expect(world.members.a.disk.waiting + world.members.b.disk.waiting).toBe(0);
  });

  test('ends when a connection is lost, and what was written over it is not known', async () => {
    await wait();
    world.members.b.disk.sync();
    world.members.a.disk.closeWriters();
    expect(await call).toEqual(NOTHING_KNOWN);
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(NOTHING_KNOWN);
    await client.call('SET', B, 2);
    world.members.b.disk.sync();
    expect(await client.call('WAITAOF', 1, 0, 0)).toEqual(ON_DISK);
  });

  test('ends when the client leaves, and its connections are closed', async () => {
    await wait();
    client.close();
    await untilWaiting('a', 0);
    await untilWaiting('b', 0);
  });

  test('ends when the proxy is stopped', async () => {
    const stopping = await startProxy(world.members.a, ['--drain-timeout-ms', '2000']);
    try {
      await wait(stopping);
      stopping.signal('SIGTERM');
      expect(await call).toEqual([0, 0]);
      expect(await stopping.exited).toBe(0);
    } finally {
      await stopping.stop();
    }
  });
});

test('RESET gives the connections back', async () => {
  const client = await connectBound();
  const { connections } = world.members.a.disk;
  expect(await client.call('RESET')).toBe('RESET');
  await waitFor('a closed connection', async () => world.members.a.disk.connections < connections);
  await untilNoneIsBound();
});

test('servers that do not know it say so, and keep the client on shared connections', async () => {
  await untilNoneIsBound();
  const unknown = "ERR unknown command 'WAITAOF', with args beginning with: '1' '0' '0' ";
  for (const { member, disk } of [world.members.a, world.members.b]) {
    member.script = (args, socket) =>
      args[0] === 'WAITAOF' ? `-${unknown}\r\n` : disk.answer(args, socket);
  }
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    await expect(client.call('WAITAOF', 1, 0, 0)).rejects.toThrow(unknown);
    await client.call('SET', A, i);
  }
  expect(await world.proxy.metric('slotgate_bound_clients')).toBe(0);
});
