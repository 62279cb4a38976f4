import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { Load } from '../support/load.js';
import { TestProxy } from '../support/proxy.js';
import { encodeRequest, RawClient } from '../support/raw-client.js';
import { RealServer } from '../support/server.js';

const MIB = 1024 * 1024;
const PONG = '+PONG\r\n';
const LONG = 70_000;

let cluster: TestCluster;
let single: RealServer;
let proxy: TestProxy;
/** Somebody who uses the proxy all the while and must not notice anything. */
let bystander: Load;
let stopBystander: () => Promise<void>;

beforeAll(async () => {
  [cluster, single] = await Promise.all([TestCluster.start(), RealServer.start()]);
  proxy = await TestProxy.start({ seeds: cluster.seeds });
  const client = await proxy.connect();
  const fixed = new Map(['a', 'b', 'c'].map((key) => [`bystander:${key}`, `value of ${key}`]));
  await client.call('MSET', ...[...fixed].flat());
  bystander = new Load(client, {
    name: 'bystander',
    lists: ['bystander:list'],
    fixed,
    groups: [[...fixed.keys()]],
  });
  let isOver = false;
  const running = bystander.run(() => isOver);
  stopBystander = async () => {
    isOver = true;
    await running;
    client.close();
  };
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
  await single?.stop();
});

interface Ending {
  readonly reply: string;
  readonly isClosed: boolean;
}

/** What is answered to bytes with a PING behind them, and whether the connection survives it. */
async function answerTo(port: number, bytes: string): Promise<Ending> {
  const client = await RawClient.connect({ host: '127.0.0.1', port });
  try {
    client.send(bytes);
    const echo = await client.untilEcho().catch(() => null);
    return echo === null
      ? { reply: client.text, isClosed: client.isEnded }
      : { reply: echo.toString('latin1'), isClosed: false };
  } finally {
    client.close();
  }
}

describe('is answered in the words of a server', () => {
  test.each([
    ['letters as a number of arguments', '*x\r\n'],
    ['no number of arguments', '*\r\n'],
    ['an overflowing number of arguments', '*99999999999999999999\r\n'],
    ['a number of arguments beyond 32 bits', '*2147483648\r\n'],
    ['a number of arguments with a leading zero', '*01\r\n$4\r\nPING\r\n'],
    ['a number of arguments with a sign', '*+1\r\n$4\r\nPING\r\n'],
    ['a number of arguments with a space', '* 1\r\n$4\r\nPING\r\n'],
    ['a negative number of arguments', '*-7\r\n'],
    ['an empty request', '*0\r\n'],
    ['no length', '*1\r\n$\r\n'],
    ['letters as a length', '*1\r\n$abc\r\n'],
    ['a negative length', '*1\r\n$-1\r\n'],
    ['an overflowing length', '*1\r\n$18446744073709551620\r\nPING\r\n'],
    ['a length above the limit', '*1\r\n$536870913\r\n'],
    ['a length with a leading zero', '*1\r\n$04\r\nPING\r\n'],
    ['a length with a sign', '*1\r\n$+4\r\nPING\r\n'],
    ['an argument that is none', '*2\r\n:4\r\n'],
    ['an inline command within a request', '*2\r\nPING\r\n'],
    ['open quotes', 'SET a "open\r\n'],
    ['text behind quotes', 'SET a "x"y\r\n'],
    ['empty lines', '\r\n\n\r\n'],
    ['a reply', '+OK\r\n:1\r\n'],
  ])('%s', async (_name, bytes) => {
    expect(await answerTo(proxy.port, bytes)).toEqual(await answerTo(single.port, bytes));
  });
});

test.each([
  ['number of arguments', `*${'1'.repeat(LONG)}`, 'too big mbulk count string'],
  ['length', `*1\r\n$${'1'.repeat(LONG)}`, 'too big bulk count string'],
  ['line', 'x'.repeat(LONG), 'too big inline request'],
])('a %s without an end', async (_name, bytes, error) => {
  for (const port of [single.port, proxy.port]) {
    const client = await RawClient.connect({ host: '127.0.0.1', port });
    client.send(bytes);
    expect(await client.untilEnded()).toBe(`-ERR Protocol error: ${error}\r\n`);
    client.close();
  }
});

// A server waits for ever behind a NUL in a line; nobody sends one but by mistake.
test.each([
  ['that look like TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n'],
  ['in a typed command', 'GET \0\0\r\n'],
])('NUL bytes %s', async (_name, bytes) => {
  const { reply, isClosed } = await answerTo(proxy.port, bytes);
  expect(reply).toBe('-ERR Protocol error: NUL byte in inline request\r\n');
  expect(isClosed).toBe(true);
});

test('what came before the error is answered first', async () => {
  const bytes = 'SET before 1\r\nGET before\r\n*1\r\n$-1\r\nGET before\r\n';
  const expected = {
    reply: '+OK\r\n$1\r\n1\r\n-ERR Protocol error: invalid bulk length\r\n',
    isClosed: true,
  };
  expect(await answerTo(proxy.port, bytes)).toEqual(expected);
});

test('too many arguments are refused by their number', async () => {
  const { reply, isClosed } = await answerTo(proxy.port, '*1048577\r\n');
  expect(reply).toBe('-ERR Protocol error: invalid multibulk length\r\n');
  expect(isClosed).toBe(true);
});

test('random bytes of any kind end in an error, a reply or a closed connection', async () => {
  for (let round = 0; round < 60; round++) {
    const client = await proxy.connectRaw();
    client.send(Buffer.concat([randomBytes(1 + round * 40), Buffer.from('\r\n')]));
    await sleep(2);
    client.close();
  }
  const check = await proxy.connectRaw();
  check.send('PING\r\n');
  await check.expect(PONG);
  check.close();
});

test('half a frame, then the end', async () => {
  const whole = encodeRequest(['SET', 'half', 'value']);
  for (let length = 1; length < whole.length; length++) {
    const client = await proxy.connectRaw();
    client.end(whole.subarray(0, length));
    expect(await client.untilEnded()).toBe('');
    client.close();
  }
  const check = await proxy.connect();
  expect(await check.call('EXISTS', 'half')).toBe(0);
  check.close();
});

test('announcements reserve no memory', async () => {
  const before = proxy.residentBytes();
  const clients = await Promise.all(Array.from({ length: 100 }, () => proxy.connectRaw()));
  for (const client of clients) {
    client.send(`*1000000\r\n$3\r\nSET\r\n$1\r\nk\r\n$${512 * MIB}\r\nbeginning`);
  }
  await sleep(300);
  expect(proxy.residentBytes() - before).toBeLessThan(48 * MIB);
  for (const client of clients) client.close();
});

test.each([
  ['empty', ''],
  ['CR and LF', 'a\r\nb'],
  ['NUL', 'a\0b'],
  ['only a brace', '{'],
  ['empty braces', '{}a'],
  ['all bytes', Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1')],
  ['64 KiB', 'k'.repeat(64 * 1024)],
])('a key of: %s', async (name, key) => {
  const client = await proxy.connectRaw();
  const bytes = Buffer.from(key, 'latin1');
  client.send(encodeRequest(['SET', bytes, `value of ${name}`]));
  client.send(encodeRequest(['GET', bytes]));
  client.send(encodeRequest(['DEL', bytes, 'another key']));
  const value = `value of ${name}`;
  await client.expect(`+OK\r\n$${value.length}\r\n${value}\r\n:1\r\n`);
  client.close();
});

async function roundTrip(size: number): Promise<void> {
  const block = randomBytes(MIB);
  const value = Buffer.alloc(size, block);
  const header = Buffer.from(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${size}\r\n`);
  const client = await proxy.connectRaw();
  try {
    client.send(header);
    client.send(value);
    client.send('\r\n');
    expect((await client.take(5, 60_000)).toString()).toBe('+OK\r\n');
    client.send(encodeRequest(['GET', 'large']));
    const prefix = `$${size}\r\n`;
    const reply = await client.take(prefix.length + size + 2, 60_000);
    expect(reply.subarray(0, prefix.length).toString()).toBe(prefix);
    expect(reply.subarray(prefix.length, -2).equals(value)).toBe(true);
    client.send(encodeRequest(['DEL', 'large']));
    expect((await client.take(4)).toString()).toBe(':1\r\n');
  } finally {
    client.close();
  }
}

test('a value of 64 MB comes back byte for byte', () => roundTrip(64 * MIB), 60_000);

test.runIf(process.env.SLOTGATE_LONG_TESTS === '1')(
  'a value of 512 MB comes back byte for byte',
  () => roundTrip(512 * MIB),
  240_000,
);

test('one value larger than a server takes harms nobody', async () => {
  const client = await proxy.connectRaw();
  client.send(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${512 * MIB + 1}\r\n`);
  expect(await client.untilEnded()).toBe('-ERR Protocol error: invalid bulk length\r\n');
  client.close();
});

test('nobody else noticed any of it', async () => {
  await stopBystander();
  expect(bystander.wrongReplies).toEqual([]);
  expect(bystander.readErrors).toEqual([]);
  expect(bystander.writeErrors).toEqual([]);
  expect(bystander.requests).toBeGreaterThan(500);
});
