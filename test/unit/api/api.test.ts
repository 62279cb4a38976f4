import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../../src/api/routes.js';
import { runCommandLine } from '../../../src/cli/program.js';
import { NODE_ENGINE } from '../../../src/http/node-engine.js';
import type { HttpServer } from '../../../src/http/types.js';
import { fakeEnvironment } from '../cli/fake-environment.js';
import { FakeDeployment } from './fake-deployment.js';

let deployment: FakeDeployment;
let server: HttpServer;
beforeEach(async () => {
  deployment = new FakeDeployment();
  const routes = apiRoutes(deployment);
  const onError = (error: unknown) => expect.unreachable(String(error));
  server = await NODE_ENGINE.listen({ host: '127.0.0.1', port: 0, routes, onError });
});
afterEach(() => server.close());

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer: Readonly<Record<string, unknown>> = (await response.json()) as never;
  return { status: response.status, body: answer };
}

async function ctl(line: string) {
  const environment = fakeEnvironment({ env: { SLOTGATE_CTL_URL: server.url } });
  const exitCode = await runCommandLine(['ctl', ...line.split(' ')], environment);
  return { exitCode, out: environment.out.join(''), err: environment.err.join('') };
}

describe('reading', () => {
  test('a database has the fields of the reference', async () => {
    const { body } = await ask('GET', '/v1/bdbs/2');
    expect(body).toMatchObject({
      uid: 2,
      name: 'db2',
      status: 'active',
      oss_cluster: false,
      slotgate_mode: 'auto',
      proxy_policy: 'all-nodes',
      shards_count: 1,
      replication: true,
      endpoints: [{ uid: '2:1', addr: [], include_proxies: ['n2'], exclude_proxies: [] }],
      stepping_aside: { local: { kind: 'ok' }, remote: { kind: 'refused' } },
    });
  });

  test('fields are chosen', async () => {
    expect((await ask('GET', '/v1/bdbs?fields=name,port')).body).toEqual([
      { name: 'db1', port: 12000 },
      { name: 'db2', port: 12001 },
    ]);
    expect((await ask('GET', '/v1/bdbs/1?fields=name')).body).toEqual({ uid: 1, name: 'db1' });
  });

  test('nodes and shards', async () => {
    expect((await ask('GET', '/v1/nodes/1')).body).toMatchObject({
      addr: '10.0.0.1',
      external_addr: ['203.0.113.1'],
      status: 'active',
      shard_list: [1],
    });
    expect((await ask('GET', '/v1/shards')).body).toMatchObject([
      { uid: 1, role: 'master', assigned_slots: '0,2-16383', status: 'active' },
      { uid: 2, role: 'slave', node_uid: null, status: 'inactive', circuit: 'open' },
    ]);
    expect((await ask('GET', '/v1/bdbs/2/shards')).body).toEqual([]);
  });

  test.each(['/v1/bdbs/3', '/v1/bdbs/db1', '/v1/nodes/0', '/v1/shards/x', '/v1/bdbs/9/shards'])(
    '%s does not exist',
    async (path) => {
      expect(await ask('GET', path)).toMatchObject({
        status: 404,
        body: { error_code: 'not_found' },
      });
    },
  );
});

describe('changing', () => {
  test.each([
    [{ slotgate_mode: 'cluster' }, { mode: 'cluster' }],
    [{ oss_cluster: true }, { mode: 'cluster' }],
    [{ oss_cluster: false }, { mode: 'standalone' }],
    [
      { proxy_policy: 'all-master-shards', include_proxies: ['n1'], endpoint: '1:1' },
      { policy: 'all-master-shards', include: ['n1'] },
    ],
    [
      {
        oss_cluster_api_preferred_ip_type: 'external',
        oss_cluster_api_preferred_endpoint_type: 'hostname',
      },
      { preferredIpType: 'external', preferredEndpointType: 'hostname' },
    ],
    [{ shards_placement: 'sparse' }, { shardsPlacement: 'sparse' }],
    [{}, {}],
  ])('%j is passed on', async (body, change) => {
    const answer = await ask('PUT', '/v1/bdbs/1', body);
    expect(answer.status).toBe(200);
    expect(deployment.changes).toEqual([{ name: 'db1', change }]);
    expect(answer.body.slotgate_mode).toBe(deployment.placements[0].mode);
  });

  test('oss_cluster: false leaves the modes that are no cluster alone', async () => {
    await ask('PUT', '/v1/bdbs/2', { oss_cluster: false });
    expect(deployment.placements[1].mode).toBe('auto');
  });

  test.each([
    ['not JSON', 400, 'bad_request', 'JSON object'],
    ['[]', 400, 'bad_request', 'JSON object'],
    [{ colour: 'red' }, 400, 'bad_request', 'colour cannot be changed; what can is slotgate_mode'],
    [{ slotgate_mode: 'proxi' }, 400, 'bad_request', 'slotgate_mode'],
    [{ proxy_policy: 'some' }, 406, 'invalid_proxy_policy', 'proxy_policy'],
    [{ proxy_policy: 'single' }, 406, 'invalid_oss_cluster_configuration', 'single'],
    [
      { oss_cluster: true, slotgate_mode: 'auto' },
      406,
      'invalid_oss_cluster_configuration',
      'leave one out',
    ],
    [
      { shard_key_regex: [{ regex: '(?<tag>.*)' }], slotgate_mode: 'cluster' },
      406,
      'invalid_oss_cluster_configuration',
      'standard hashing policy',
    ],
    [{ shard_key_regex: [{ regex: '(?<tag>.*)' }] }, 406, 'not_supported', 'the servers hash keys'],
    [{ endpoint: '2:1', proxy_policy: 'all-nodes' }, 404, 'not_found', 'endpoint 2:1'],
  ])('%j is refused, and nothing changes', async (body, status, code, text) => {
    const answer = await ask('PUT', '/v1/bdbs/1', body);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body.description).toContain(text);
    expect(answer.body.message).toBe(answer.body.description);
    expect(deployment.changes).toEqual([]);
  });

  test('the hashing policy can be given as it is', async () => {
    const { shard_key_regex } = (await ask('GET', '/v1/bdbs/1')).body;
    const answer = await ask('PUT', '/v1/bdbs/1', { shard_key_regex, slotgate_mode: 'auto' });
    expect([answer.status, deployment.changes]).toEqual([
      200,
      [{ name: 'db1', change: { mode: 'auto' } }],
    ]);
  });

  test('a dry run is not done for real', async () => {
    const answer = await ask('PUT', '/v1/bdbs/1?dry_run', { slotgate_mode: 'auto' });
    expect(answer.status).toBe(501);
    expect(deployment.changes).toEqual([]);
  });
});

describe('slotgate ctl', () => {
  test('status prints tables', async () => {
    expect((await ctl('status')).out).toBe(
      `CLUSTER NODES:
NODE:ID  NAME  ADDRESS   EXTERNAL_ADDRESS  HOSTNAME     RACK-ID  SHARDS  STATUS
*node:1  n1    10.0.0.1  203.0.113.1       n1.internal  a        1       active
node:2   n2    10.0.0.2  -                 -            -        0       down: refused

DATABASES:
DB:ID  NAME  STATUS  SHARDS  PLACEMENT  REPLICATION  MODE        ENDPOINT
db:1   db1   active  1       dense      enabled      standalone  10.0.0.1:12000,10.0.0.2:12000
db:2   db2   active  1       dense      enabled      auto        -
db2 steps aside: yes (clients of this machine), no, the servers are on loopback (others)

ENDPOINTS:
DB:ID  NAME  ID            NODE    ROLE       ADDRESS         CONNS  STATUS
db:1   db1   endpoint:1:1  node:1  all-nodes  10.0.0.1:12000  5      listening
db:1   db1   endpoint:1:1  node:2  all-nodes  10.0.0.2:12000  5      closed: address in use

SHARDS:
DB:ID  NAME  ID       NODE    ROLE    SLOTS      ADDRESS        STATUS  CIRCUIT
db:1   db1   redis:1  node:1  master  0,2-16383  10.0.0.1:7000  ok      closed
db:1   db1   redis:2  -       slave   0,2-16383  10.0.0.9:7000  down    open
`,
    );
  });

  test('one section, for scripts', async () => {
    const { out } = await ctl('status endpoints --json');
    expect(JSON.parse(out)).toHaveLength(3);
  });

  test('info db', async () => {
    const { out } = await ctl('info db db2');
    expect(out).toContain('db:2 [db2]:\n  mode: auto\n  oss_cluster: disabled\n');
    expect(out).toContain('  proxy_policy: all-nodes +1\n');
    expect(out).toContain('  stepping_aside (others): no, the servers are on loopback\n');
    expect((await ctl('info db')).out).toContain('db:1 [db1]:\n');
  });

  test('verify balance lists what does not fit', async () => {
    expect((await ctl('verify balance')).out).toBe(`BALANCE:
NODE:ID  DB:ID  NAME  ENDPOINT:ID   PROXY_POLICY  LOCAL SHARDS  TOTAL SHARDS
node:2   db:1   db1   endpoint:1:1  all-nodes     0             1
`);
    deployment.unbalanced = () => [];
    expect((await ctl('verify balance')).out).toBe('Everything is balanced.\n');
  });

  test('tune db changes several settings at once', async () => {
    const { exitCode, out } = await ctl('tune db db:1 mode cluster preferred-ip-type external');
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'Finished successfully\n' });
    expect(deployment.placements[0]).toMatchObject({
      mode: 'cluster',
      preferredIpType: 'external',
    });
  });

  test.each([
    ['bind endpoint 1:1 policy all-master-shards', { policy: 'all-master-shards' }],
    ['bind endpoint endpoint:1:1 include n1 n2', { include: ['n1', 'n2'] }],
    ['bind endpoint 1:1 exclude n2', { exclude: ['n2'] }],
  ])('%s', async (line, change) => {
    expect((await ctl(line)).exitCode).toBe(0);
    expect(deployment.changes).toEqual([{ name: 'db1', change }]);
  });

  test.each([
    ['status node', 2, 'allowed is nodes, databases, endpoints, shards'],
    ['info node', 2, 'allowed is db'],
    ['tune db db1 colour red', 2, 'what can is mode, policy'],
    ['tune db db1 mode', 2, 'mode needs a value'],
    ['bind endpoint 1:1 remove n1', 2, 'allowed is policy, include, exclude'],
    ['bind endpoint 1:1 policy', 2, 'policy needs one of'],
    ['tune db nosuch mode auto', 1, 'there is no database nosuch; there is db1 (db:1), db2 (db:2)'],
    ['tune db db1 policy single', 1, 'single [invalid_oss_cluster_configuration]'],
    ['tune db db1 mode proxi', 1, '[bad_request]'],
    ['bind endpoint 1:7 policy all-nodes', 1, 'endpoint 1:7'],
  ])('%s is refused', async (line, expected, message) => {
    const { exitCode, err } = await ctl(line);
    expect(err).toContain(message);
    expect(exitCode).toBe(expected);
    expect(deployment.changes).toEqual([]);
  });

  test('nobody answers', async () => {
    await server.close();
    const { exitCode, err } = await ctl('status');
    expect(err).toContain('does not answer');
    expect(err).toContain('--url');
    expect(exitCode).toBe(1);
  });
});
