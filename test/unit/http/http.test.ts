import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { healthHandler } from '../../../src/http/health.js';
import { isTrustedHost } from '../../../src/http/host-check.js';
import { NODE_ENGINE } from '../../../src/http/node-engine.js';
import { describePortOwner } from '../../../src/http/port-owner.js';
import { type HttpRoute, type HttpServer, textResponse } from '../../../src/http/types.js';

const servers: HttpServer[] = [];
const failures: unknown[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  failures.length = 0;
});

const ROUTES: readonly HttpRoute[] = [
  {
    method: 'GET',
    path: '/echo',
    handler: ({ path, query }) => textResponse(200, `${path} ${query.get('q')}`),
  },
  {
    method: 'GET',
    path: '/fails',
    handler: () => {
      throw new Error('secret detail');
    },
  },
  {
    method: 'PUT',
    path: '/things/:id',
    handler: ({ method, params, body }) => textResponse(200, `${method} ${params.id} ${body}`),
  },
];

async function listen(routes: readonly HttpRoute[] = ROUTES): Promise<URL> {
  const server = await NODE_ENGINE.listen({
    host: '127.0.0.1',
    port: 0,
    routes,
    onError: (error) => failures.push(error),
  });
  servers.push(server);
  return new URL(server.url);
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(
  url: URL,
  options: Parameters<typeof request>[1] = {},
  body = '',
): Promise<Answer> {
  const call = request(url, options);
  call.end(body);
  const [response] = await once(call, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, body: text };
}

describe('the HTTP engine', () => {
  test('answers a route with its query, and 404 elsewhere', async () => {
    const url = await listen();
    expect(await ask(new URL('/echo?q=a%20b', url))).toMatchObject({
      status: 200,
      body: '/echo a b',
    });
    for (const path of ['/', '/echo/', '/constructor', '/__proto__']) {
      expect((await ask(new URL(path, url))).status).toBe(404);
    }
  });

  test('HEAD has the headers alone', async () => {
    const answer = await ask(new URL('/echo?q=x', await listen()), { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers['content-length']).toBe('7');
  });

  test('other methods are refused, and the answer names those that there are', async () => {
    const url = await listen();
    const answer = await ask(new URL('/echo', url), { method: 'POST' }, 'x');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect((await ask(new URL('/things/1', url))).headers.allow).toBe('PUT');
    expect((await ask(new URL('/echo', url), { method: 'OPTIONS' })).status).toBe(405);
  });

  test('a body reaches the handler of a method that has one', async () => {
    const url = new URL('/things/a%20b', await listen());
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const answer = await ask(url, { method: 'PUT', headers }, '{"x":"ü"}');
    expect(answer).toMatchObject({ status: 200, body: 'PUT a b {"x":"ü"}' });
  });

  test('bodies of another type, too large ones, and those of GET are refused', async () => {
    const base = await listen();
    const put = (headers: Record<string, string | number>, body: string) =>
      ask(new URL('/things/1', base), { method: 'PUT', headers }, body);
    expect((await put({ 'content-type': 'text/plain' }, '{}')).status).toBe(400);
    expect((await put({}, '{}')).status).toBe(400);
    const json = { 'content-type': 'application/json' };
    const atLimit = 'x'.repeat(1024 * 1024);
    expect((await put(json, atLimit)).status).toBe(200);
    expect((await put({ ...json, 'content-length': atLimit.length + 1 }, '')).status).toBe(413);
    expect((await put({ ...json, 'transfer-encoding': 'chunked' }, `${atLimit}x`)).status).toBe(
      413,
    );
    const get = { method: 'GET', headers: { 'content-length': '1' } };
    expect((await ask(new URL('/echo', base), get, 'x')).status).toBe(413);
  });

  test('a name that a web page could have chosen is refused', async () => {
    const url = new URL('/echo', await listen());
    expect((await ask(url, { headers: { host: 'rebound.example.org' } })).status).toBe(421);
    expect((await ask(url, { headers: { host: 'localhost:80' } })).status).toBe(200);
  });

  test('a handler that throws is a 500 without details', async () => {
    const answer = await ask(new URL('/fails', await listen()));
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret detail');
    expect(failures).toHaveLength(1);
  });

  test('headers beyond the limit are refused', async () => {
    const url = new URL('/echo', await listen());
    expect((await ask(url, { headers: { filler: 'x'.repeat(10_000) } })).status).toBe(431);
  });

  test('a port in use is an error, and closing does not wait for silent connections for ever', async () => {
    const { port } = await listen();
    const again = NODE_ENGINE.listen({
      host: '127.0.0.1',
      port: Number(port),
      routes: [],
      onError: () => {},
    });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    await servers.pop()?.close();
    socket.destroy();
  });
});

test.each([
  [undefined, true],
  ['127.0.0.1:1', true],
  ['10.1.1.1', true],
  ['[::1]:80', true],
  ['LocalHost', true],
  ['localhost.example.org', false],
  ['', false],
  ['a b', false],
])('Host %j is trusted: %s', (host, expected) => {
  expect(isTrustedHost(host)).toBe(expected);
});

test('a probe lists what fails, and everything if asked', async () => {
  const checks = [
    { name: 'a', ok: true, detail: '' },
    { name: 'b', ok: false, detail: 'no seed answers' },
  ];
  const probe = (query: string, list = checks) =>
    healthHandler(() => list)({
      method: 'GET',
      path: '/',
      params: {},
      query: new URLSearchParams(query),
      body: '',
    });
  expect(await probe('')).toMatchObject({ status: 503, body: '[-]b: no seed answers\nnot ok\n' });
  expect(await probe('verbose')).toMatchObject({
    body: '[+]a\n[-]b: no seed answers\nnot ok\n',
  });
  expect(await probe('', checks.slice(0, 1))).toMatchObject({ status: 200, body: 'ok\n' });
});

test('the owner of a port is named', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  if (process.platform === 'linux') {
    expect(describePortOwner(port)).toContain(`(pid ${process.pid})`);
  }
  server.close();
  await once(server, 'close');
  expect(describePortOwner(port)).toBeUndefined();
});
