import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { HeaderRelay, headerOfVersion1, headerOfVersion2 } from '../support/header-relay.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { RawClient } from '../support/raw-client.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** The load balancer connects from here; other clients come from 127.0.0.1. */
const SENDER = '127.0.0.2';
const OUTSIDE = '203.0.113.9';
const SHOWN_OUTSIDE = '198.51.100.7';

let cluster: TestCluster;
let proxy: TestProxy;
let relay: HeaderRelay;
let directPort: number;
const folder = mkdtempSync(join(tmpdir(), 'slotgate-sender-'));
const socket = join(folder, 'proxy.sock');

beforeAll(async () => {
  const port = await findClusterPort();
  cluster = await TestCluster.start({ primaries: 1 });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    listen: [`127.0.0.1:${port}?mode=direct`, `${socket}?proxyProtocol=unix`],
    args: [
      ...['--proxy-protocol', `${SENDER}/32`, '--threads', '2'],
      ...['--advertise', `127.0.0.1=${SHOWN_OUTSIDE}@203.0.113.0/24`],
      ...['--proxy-header-timeout-ms', '1000'],
    ],
  });
  const target = { host: '127.0.0.1', port, localAddress: SENDER };
  relay = await HeaderRelay.start(target, '');
  directPort = port;
});
afterAll(async () => {
  relay?.stop();
  await proxy?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connectBehind(header: string | Buffer): Promise<TestClient> {
  relay.header = Buffer.from(header);
  return TestClient.connect({ port: relay.port });
}

function untilEnded(header: string | Buffer): Promise<string> {
  relay.header = Buffer.from(header);
  return RawClient.connect({ host: '127.0.0.1', port: relay.port }).then((client) =>
    client.untilEnded().finally(() => client.close()),
  );
}

test.each([
  ['1', headerOfVersion1(OUTSIDE, 40_001), 40_001],
  ['2', headerOfVersion2(OUTSIDE, 40_002), 40_002],
])('a stock client behind a sender of version %s', async (_version, header, port) => {
  relay.header = Buffer.from(header);
  const client = new Redis({ port: relay.port, maxRetriesPerRequest: 0 });
  try {
    expect(await client.set('a', '1')).toBe('OK');
    expect(await client.get('a')).toBe('1');
    const info = await client.client('INFO');
    expect(info).toContain(` addr=${OUTSIDE}:${port} laddr=10.9.8.7:6379 `);
    expect(await client.client('LIST')).toContain(` addr=${OUTSIDE}:${port} `);
  } finally {
    client.disconnect();
  }
});

test('CLIENT KILL finds a client by the address of its header', async () => {
  const victim = await connectBehind(headerOfVersion1(OUTSIDE, 40_003));
  const other = await connectBehind(headerOfVersion1(OUTSIDE, 40_004));
  expect(await other.call('CLIENT', 'KILL', `${OUTSIDE}:40003`)).toBe('OK');
  await waitFor('the client to be closed', () => victim.socket.destroyed);
  expect(await other.call('PING')).toBe('PONG');
  other.close();
});

test('clients are shown what those of their own address are', async () => {
  const outside = await connectBehind(headerOfVersion1(OUTSIDE, 1));
  const inside = await connectBehind(headerOfVersion1('10.0.0.1', 1));
  expect(JSON.stringify(await outside.call('CLUSTER', 'SLOTS'))).toContain(SHOWN_OUTSIDE);
  // The loopback addresses of the servers would be of no use there.
  await expect(inside.call('CLUSTER', 'SLOTS')).rejects.toThrow(/cluster support disabled/);
  outside.close();
  inside.close();
});

test('MONITOR and the slow log tell the address of the header', async () => {
  const watcher = await connectBehind(headerOfVersion1('10.0.0.2', 5));
  expect(await watcher.call('MONITOR')).toBe('OK');
  const lines: string[] = [];
  watcher.socket.on('data', (data) => lines.push(String(data)));
  const seen = await connectBehind(headerOfVersion2(OUTSIDE, 6));
  await seen.call('SET', 'seen', '1');
  await waitFor('MONITOR to show it', () => lines.join('').includes('"seen"'));
  expect(lines.join('')).toContain(`[0 ${OUTSIDE}:6] "SET" "seen" "1"`);
  watcher.close();
  seen.close();
});

test('a trusted sender without a header is closed without a word, and it is logged', async () => {
  expect(await untilEnded('*1\r\n$4\r\nPING\r\n')).toBe('');
  await waitFor('the log', () => proxy.log.includes('its PROXY header'));
  expect(proxy.log).toMatch(/"sender":"127\.0\.0\.2:\d+","reason":"the header is missing"/);
  const event = 'closed_for_proxy_header';
  expect(await proxy.metric('slotgate_connections_total', event)).toBe(1);
});

test('a header that does not come is not waited for', async () => {
  expect(await untilEnded('')).toBe('');
  expect(await proxy.metric('slotgate_awaited_proxy_headers')).toBe(0);
});

test('others are served as themselves, and a header of theirs is an error', async () => {
  const client = await TestClient.connect({ port: directPort });
  expect(await client.text('CLIENT', 'INFO')).toContain(' addr=127.0.0.1:');
  client.close();
  const liar = await RawClient.connect({ host: '127.0.0.1', port: directPort });
  liar.send(`${headerOfVersion1('10.0.0.3', 1)}PING\r\n`);
  expect(await liar.untilEnded()).toBe('-ERR Protocol error: unexpected PROXY header\r\n');
  liar.close();
});

test('a sender at a unix socket', async () => {
  const local = await HeaderRelay.start({ path: socket }, headerOfVersion1(OUTSIDE, 7));
  const client = await TestClient.connect({ port: local.port });
  expect(await client.text('CLIENT', 'INFO')).toMatch(
    new RegExp(` addr=${OUTSIDE.replaceAll('.', '\\.')}:7 .* flags=N `),
  );
  client.close();
  local.stop();
});
