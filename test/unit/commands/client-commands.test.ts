import { describe, expect, test } from 'vitest';
import {
  type ClientDesk,
  type ControlContext,
  handleControl,
} from '../../../src/commands/index.js';
import type { ClientRecord } from '../../../src/native/types.js';
import { fakeClients, fakeContext } from './fake-context.js';
import { reply, requestOf, rowOf, TABLE } from './support.js';

/** The client that asks: `requestOf` gives it this id. */
const ME = 256;

function record(id: number, changes: Partial<ClientRecord> = {}): ClientRecord {
  return {
    id,
    index: id / 256,
    fd: 9,
    address: `127.0.0.1:${id}`,
    localAddress: '127.0.0.1:12000',
    name: '',
    library: '',
    libraryVersion: '',
    ageMs: 61_500,
    idleMs: 1999,
    user: 0,
    presentation: 0,
    protocol: 2,
    row: TABLE.rows.indexOf(rowOf('client|list')),
    inputBytes: 0,
    inputRoom: 0,
    outputBytes: 0,
    memory: 400,
    channels: 0,
    patterns: 0,
    shardChannels: 0,
    unixSocket: false,
    reading: true,
    writing: false,
    closing: false,
    noEvict: false,
    monitoring: false,
    blocked: false,
    watchBroken: false,
    queued: -1,
    queuedBytes: 0,
    ...changes,
  };
}

const ALICE = record(512, { name: 'a', user: 1, ageMs: 5_000, protocol: 3 });
const BOB = record(768, { user: 2, address: '/run/p.sock:0', unixSocket: true, row: -1 });
const ALL = [record(ME), ALICE, BOB];

async function ask(line: string, overrides: Partial<ControlContext> = {}, protocol: 2 | 3 = 2) {
  const context = fakeContext({ clients: fakeClients(ALL), ...overrides });
  const outcome = await handleControl({ ...requestOf(line), protocol }, context);
  if (outcome.kind !== 'reply') {
    throw new Error(`no reply but ${outcome.kind}`);
  }
  return { text: outcome.bytes.toString(), close: outcome.close ?? false };
}

function idsIn(text: string): readonly number[] {
  return [...text.matchAll(/^(?:txt:)?id=(\d+) /gm)].map(([, id]) => Number(id));
}

describe('CLIENT LIST and INFO', () => {
  test('a line has the fields of redis-server 7.0, in its order', async () => {
    const { text } = await ask('CLIENT INFO');
    const line =
      'id=256 addr=127.0.0.1:256 laddr=127.0.0.1:12000 fd=9 name= age=61 idle=1 flags=N db=0 sub=0 ' +
      'psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 ' +
      'tot-mem=400 events=r cmd=client|list user=default redir=-1 resp=2\n';
    expect(text).toBe(`$${line.length}\r\n${line}\r\n`);
  });

  test('servers of 7.2 and later show the library, too', async () => {
    const clients = fakeClients([record(ME, { library: 'redis-py', libraryVersion: '5.0' })]);
    expect((await ask('CLIENT INFO', { clients, serverVersion: '7.2.4' })).text).toContain(
      ' resp=2 lib-name=redis-py lib-ver=5.0\n',
    );
    expect((await ask('CLIENT INFO', { clients, serverVersion: '10.0.0' })).text).toContain('lib-');
    expect((await ask('CLIENT INFO', { clients, serverVersion: '7.0.15' })).text).not.toContain(
      'lib-',
    );
  });

  test('flags, the last command and the user tell clients apart', async () => {
    const { text } = await ask('CLIENT LIST');
    const lines = text.split('\n');
    expect(idsIn(text)).toEqual([256, 512, 768]);
    expect(lines[2]).toMatch(/ name=a .* user=alice .* resp=3$/);
    expect(lines[3]).toMatch(/ addr=\/run\/p\.sock:0 .* flags=U .* cmd=NULL user=bob /);
  });

  test('what a client is in shows as flags, in the order of a server', async () => {
    const busy = { monitoring: true, queued: 3, queuedBytes: 99, blocked: true, watchBroken: true };
    const clients = fakeClients([record(ME, { ...busy, closing: true, noEvict: true })]);
    const { text } = await ask('CLIENT INFO', { clients });
    expect(text).toMatch(/ flags=Oxbdce .* multi=3 .* multi-mem=99 /);
  });

  test('in RESP3 the list is a verbatim string', async () => {
    expect((await ask('CLIENT LIST', {}, 3)).text).toMatch(/^=\d+\r\ntxt:id=256 /);
  });

  test('ID answers in the order asked for, without those that nobody has', async () => {
    expect(idsIn((await ask('CLIENT LIST ID 768 9 256 768')).text)).toEqual([768, 256, 768]);
    expect((await ask('client list id 9')).text).toBe('$0\r\n\r\n');
  });

  test('only normal clients come to a proxy', async () => {
    expect(idsIn((await ask('CLIENT LIST TYPE normal')).text)).toEqual([256, 512, 768]);
    for (const type of ['master', 'REPLICA', 'slave', 'pubsub']) {
      expect((await ask(`CLIENT LIST TYPE ${type}`)).text).toBe('$0\r\n\r\n');
    }
  });
});

describe('CLIENT KILL', () => {
  test.each([
    ['ID 512', [256, 768]],
    ['ID 9', [256, 512, 768]],
    ['ADDR /run/p.sock:0', [256, 512]],
    ['USER alice', [256, 768]],
    ['USER bob ID 512', [256, 512, 768]],
    ['MAXAGE 60', [256, 512]],
    ['LADDR 127.0.0.1:12000', [256]],
    ['TYPE normal', [256]],
    ['type pubsub', [256, 512, 768]],
  ])('%s leaves %j', async (filter, left) => {
    const clients = fakeClients(ALL);
    const { text, close } = await ask(`CLIENT KILL SKIPME yes ${filter}`, { clients });
    expect((await clients.list()).map(({ id }) => id)).toEqual(left);
    expect([text, close]).toEqual([`:${ALL.length - left.length}\r\n`, false]);
  });

  test('who kills itself is closed behind the reply', async () => {
    const clients = fakeClients(ALL);
    expect(await ask('CLIENT KILL SKIPME no TYPE normal', { clients })).toEqual({
      text: ':3\r\n',
      close: true,
    });
    expect((await clients.list()).map(({ id }) => id)).toEqual([ME]);
    expect(await ask('CLIENT KILL ID 256')).toEqual({ text: ':0\r\n', close: false });
    expect(await ask('CLIENT KILL 127.0.0.1:256')).toEqual({ text: '+OK\r\n', close: true });
  });

  test('the old form takes an address, also the own one', async () => {
    const clients = fakeClients(ALL);
    expect((await ask('CLIENT KILL 127.0.0.1:512', { clients })).text).toBe('+OK\r\n');
    expect((await clients.list()).map(({ id }) => id)).toEqual([256, 768]);
    expect((await ask('CLIENT KILL 127.0.0.1:512', { clients })).text).toBe(
      '-ERR No such client\r\n',
    );
  });

  test('a user that the servers do not know is an error, one without clients is not', async () => {
    const execute = () => Promise.resolve([reply(['flags'])]);
    expect((await ask('CLIENT KILL USER carol ID 9', { execute })).text).toBe(':0\r\n');
    const nobody = () => Promise.resolve([reply(null)]);
    expect((await ask('CLIENT KILL USER carol ID 9', { execute: nobody })).text).toBe(
      "-ERR No such user 'carol'\r\n",
    );
  });
});

describe('CLIENT UNBLOCK', () => {
  test('says whether the client was blocked, and how it is to be answered', async () => {
    const asked: unknown[] = [];
    const clients: ClientDesk = {
      ...fakeClients(),
      blocked: {
        ...fakeClients().blocked,
        unblock: (id, mode) => {
          asked.push([id, mode]);
          return Promise.resolve(id === 512);
        },
      },
    };
    expect((await ask('CLIENT UNBLOCK 512', { clients })).text).toBe(':1\r\n');
    expect((await ask('CLIENT UNBLOCK 512 timeout', { clients })).text).toBe(':1\r\n');
    expect((await ask('CLIENT UNBLOCK 9 error', { clients })).text).toBe(':0\r\n');
    expect(asked).toEqual([
      [512, 'timeout'],
      [512, 'timeout'],
      [9, 'error'],
    ]);
  });
});
