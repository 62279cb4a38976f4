import { describe, expect, test } from 'vitest';
import { CONFIG_CHECKS } from '../../../src/cli/config-checks.js';
import { type ConfigChecks, NO_CHECKS } from '../../../src/config/checks.js';
import {
  deploymentChanges,
  nodesAfterReload,
  type ResolvedDatabase,
  type ResolvedDeployment,
} from '../../../src/config/deployment.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { type ConfigSources, settingVariables } from '../../../src/config/sources.js';

type Given = Partial<Omit<ConfigSources, 'file'>> & { readonly yaml?: string };

const NODES = `
nodes:
  - { id: n1, address: 10.0.0.1, zone: a }
  - { id: n2, address: 10.0.0.2, admin: 10.0.0.2:12091 }
`;
const DATABASES = `
databases:
  - { name: cache, port: 12000, seeds: [c:1], mode: cluster, proxyPolicy: all-nodes }
  - { name: queue, port: 12001 }
`;
const BOTH = `seeds: [d:1]\nnode: n1\n${NODES}${DATABASES}`;

function resolve(
  { yaml, flags = {}, env = {}, form }: Given,
  checks: ConfigChecks = CONFIG_CHECKS,
) {
  const file = yaml === undefined ? undefined : { name: 'f.yaml', text: yaml };
  return resolveConfig({ flags, env: settingVariables(env), file, form }, checks);
}

function resolved(given: Given): ResolvedDeployment {
  const resolution = resolve(given);
  if (resolution.kind === 'invalid') throw new Error(JSON.stringify(resolution.problems));
  return resolution.deployment;
}

function database(given: Given, name: string): ResolvedDatabase {
  const found = resolved(given).databases.find(({ databaseName }) => databaseName === name);
  if (found === undefined) throw new Error(`no database ${name}`);
  return found;
}

/** All problems as one text; empty if there are none. */
function problems(given: Given, checks?: ConfigChecks): string {
  const resolution = resolve(given, checks);
  if (resolution.kind === 'ok') return '';
  return resolution.problems.map(({ key, message }) => `${key}: ${message}`).join('\n');
}

/** The file with one piece of its text replaced. */
function changed(from: string | RegExp, to: string): string {
  const text = BOTH.replace(from, to);
  if (text === BOTH) throw new Error(`${from} is not in the file`);
  return text;
}

describe('a file with nodes and databases', () => {
  test('gives nodes with all their fields', () => {
    const yaml = changed(
      'zone: a }',
      `zone: a, externalAddresses: [192.0.2.1, "2001:db8::1"], hostname: n1.local,
         externalHostname: n1.example.org, admin: "127.0.0.1:12091",
         clientAddresses: [{ clients: 10.2.0.0/16, address: 10.2.0.1 }, { clients: default, address: lb.example.org }] }`,
    );
    expect(resolved({ yaml }).nodes).toEqual([
      {
        id: 'n1',
        address: '10.0.0.1',
        externalAddresses: ['192.0.2.1', '2001:db8::1'],
        hostname: 'n1.local',
        externalHostname: 'n1.example.org',
        zone: 'a',
        clientAddresses: [
          { clients: '10.2.0.0/16', address: '10.2.0.1' },
          { clients: 'default', address: 'lb.example.org' },
        ],
        admin: { kind: 'tcp', host: '127.0.0.1', port: 12_091 },
      },
      {
        id: 'n2',
        address: '10.0.0.2',
        externalAddresses: [],
        hostname: null,
        externalHostname: null,
        zone: null,
        clientAddresses: [],
        admin: { kind: 'tcp', host: '10.0.0.2', port: 12_091 },
      },
    ]);
  });

  test('gives databases that listen on the address of the own node', () => {
    const deployment = resolved({ yaml: BOTH, flags: { node: 'n2' } });
    expect(deployment).toMatchObject({ form: 'nodes', hosted: ['n2'] });
    const address = { kind: 'tcp', host: '10.0.0.2', port: 12_001 };
    expect(deployment.databases[1]).toMatchObject({
      databaseName: 'queue',
      port: 12_001,
      listen: [address],
      endpoints: [{ node: 'n2', listen: [address] }],
      node: 'n2',
    });
  });

  test('gives a database its own settings, else those of the top level', () => {
    const yaml =
      `${BOTH}\nmaxRequestBytes: 2mb\nupstream: { username: u, passwordFile: /p }\n`.replace(
        'port: 12001 }',
        'port: 12001, mode: proxy, maxRequestBytes: 4mb, upstream: { username: q } }',
      );
    expect(database({ yaml }, 'cache')).toMatchObject({
      seeds: ['c:1'],
      mode: 'cluster',
      shardsPlacement: 'sparse',
      maxRequestBytes: 2_097_152,
    });
    const queue = database({ yaml }, 'queue');
    expect(queue).toMatchObject({
      seeds: ['d:1'],
      mode: 'standalone',
      shardsPlacement: 'dense',
      maxRequestBytes: 4_194_304,
    });
    expect(queue['upstream.username']).toBe('q');
    expect(queue['upstream.passwordFile']).toBe('/p');
  });

  test('flags and variables replace what the top level says, not what a database says', () => {
    const given = {
      yaml: BOTH,
      flags: { seeds: ['flag:1'], maxClients: '7' },
      env: { SLOTGATE_MODE: 'auto' },
    };
    expect(database(given, 'cache')).toMatchObject({ seeds: ['c:1'], mode: 'cluster' });
    expect(database(given, 'queue')).toMatchObject({
      seeds: ['flag:1'],
      mode: 'auto',
      maxClients: 7,
    });
    expect(resolved(given).process).toMatchObject({ maxClients: 7, logLevel: 'info' });
  });

  test('the zone of a database is that of the node', () => {
    expect(database({ yaml: BOTH }, 'queue').zone).toBe('a');
    expect(database({ yaml: BOTH, flags: { node: 'n2' } }, 'queue').zone).toBeUndefined();
  });

  test('which node it is comes from flag, environment or file, or there is only one', () => {
    const env = { SLOTGATE_NODE: 'n2' };
    expect(resolved({ yaml: BOTH }).hosted).toEqual(['n1']);
    expect(resolved({ yaml: BOTH, env }).hosted).toEqual(['n2']);
    expect(resolved({ yaml: BOTH, env, flags: { node: 'n1' } }).hosted).toEqual(['n1']);
    const only = changed(/\n.*id: n2.*\n/, '\n').replace('node: n1', '');
    expect(resolved({ yaml: only }).hosted).toEqual(['n1']);
  });

  test('the node opens the address at which others ask for it', () => {
    const admin = { kind: 'tcp', host: '127.0.0.1', port: 12_099 };
    const local = changed('zone: a', 'admin: "127.0.0.1:12099"');
    expect(resolved({ yaml: local }).process).toMatchObject({ admin, metrics: undefined });
    const open = { yaml: BOTH, flags: { node: 'n2' } };
    expect(resolved(open).process).toMatchObject({
      admin: undefined,
      metrics: { host: '10.0.0.2' },
    });
    const other = { ...open, env: { SLOTGATE_METRICS: '0.0.0.0:9' } };
    expect(resolved(other).process).toMatchObject({ metrics: { host: '0.0.0.0' } });
    expect(resolved({ yaml: BOTH }).process).toMatchObject({
      admin: undefined,
      metrics: undefined,
    });
  });
});

describe('a file without them', () => {
  const only = (listen: readonly string[]) =>
    resolved({ flags: { seeds: ['a:1'], listen, zone: 'z', databaseName: 'x' } });

  test('is one database on one node', () => {
    const deployment = only(['/run/s.sock', '10.0.0.7:5', '10.0.0.7:6']);
    expect(deployment).toMatchObject({
      form: 'single',
      nodes: [{ id: 'node1', address: '10.0.0.7', zone: 'z' }],
      hosted: ['node1'],
      databases: [{ databaseName: 'x', port: 5, endpoints: [{ node: 'node1' }] }],
    });
    expect(deployment.databases[0]?.endpoints[0]?.listen).toHaveLength(3);
  });

  test.each([
    [['10.0.0.7:5', '[::1]:5'], 5],
    [['localhost:5'], 5],
    [['/run/s.sock'], 0],
  ])('clients of %j are shown the address that they dialled', (listen, port) => {
    const { nodes, databases } = only(listen);
    expect(nodes[0]?.address).toBe('0.0.0.0');
    expect(databases[0]?.port).toBe(port);
  });
});

describe('refusals', () => {
  test.each<[string, Given, string]>([
    ['no node said', { yaml: changed('node: n1', '') }, 'node: is missing; say which of n1, n2'],
    [
      'an unknown node',
      { yaml: BOTH, env: { SLOTGATE_NODE: 'n9' } },
      'node: "n9" (from SLOTGATE_NODE) is none of nodes; there is n1, n2',
    ],
    [
      'listen',
      { yaml: `${BOTH}\nlisten: [10.0.0.1:1]` },
      'listen: (from f.yaml:12) cannot go with nodes: and databases:; a database listens on',
    ],
    [
      'a variable for one database',
      { yaml: BOTH, env: { SLOTGATE_ZONE: 'z' } },
      'zone: (from SLOTGATE_ZONE)',
    ],
    [
      'listen in a database',
      { yaml: changed('port: 12001', 'port: 12001, listen: [a:1]') },
      'databases[1].listen: is no setting of a database (in f.yaml:10); a database listens on',
    ],
    [
      'what belongs to the process in a database',
      { yaml: changed('port: 12001', 'port: 12001, threads: 2') },
      'databases[1].threads: is no setting of a database (in f.yaml:10); it goes to the top level',
    ],
    [
      'a misspelt setting of a database',
      { yaml: changed('mode: cluster', 'mod: cluster') },
      'databases[0].mod: is no setting (in f.yaml:9); did you mean mode?',
    ],
    [
      'a misspelt setting of a group',
      { yaml: changed('port: 12001', 'port: 12001, upstream: { user: q }') },
      'databases[1].upstream.user: is no setting',
    ],
    [
      'a misspelt field',
      { yaml: changed('address: 10.0.0.2', 'adress: 10.0.0.2') },
      'did you mean address?',
    ],
    [
      'a missing field',
      { yaml: changed('address: 10.0.0.2, ', '') },
      'nodes[1].address: is missing (in f.yaml:6); allowed is an IP',
    ],
    [
      'an address that is a name',
      { yaml: changed('10.0.0.2,', 'n2.local,') },
      'nodes[1].address: "n2.local" (from f.yaml:6) is not allowed; allowed is an IP address',
    ],
    [
      'a wildcard',
      { yaml: changed('10.0.0.2,', '0.0.0.0,') },
      'nodes[1].address: "0.0.0.0" (from f.yaml:6)',
    ],
    ['an id', { yaml: changed('id: n2', 'id: "n 2"') }, 'nodes[1].id: "n 2"'],
    ['a number as id', { yaml: changed('id: n2', 'id: 2') }, 'digits alone in quotes'],
    ['a number as node', { yaml: changed('node: n1', 'node: 1') }, 'digits alone in quotes'],
    [
      'an id twice',
      { yaml: changed('id: n2', 'id: n1') },
      'nodes[1].id: "n1" (from f.yaml:6) is that of nodes[0] already; each has its own',
    ],
    [
      'an address twice',
      { yaml: changed('10.0.0.2,', '10.0.0.1,') },
      'nodes[1].address: "10.0.0.1"',
    ],
    ['a name twice', { yaml: changed('queue', 'cache') }, 'databases[1].name: "cache"'],
    [
      'a port twice',
      { yaml: changed('12001', '12000') },
      'databases[1].port: 12000 (from f.yaml:10) is that of databases[0]',
    ],
    [
      'clients twice',
      {
        yaml: changed(
          'zone: a',
          'clientAddresses: [{ clients: default, address: a }, { clients: default, address: b }]',
        ),
      },
      'nodes[0].clientAddresses[1].clients: "default"',
    ],
    [
      'clients that are no subnet',
      { yaml: changed('zone: a', 'clientAddresses: [{ clients: 10.0.0.0/33, address: a }]') },
      'nodes[0].clientAddresses[0].clients: "10.0.0.0/33"',
    ],
    [
      'a port',
      { yaml: changed('12001', '70000') },
      'databases[1].port: 70000 (from f.yaml:10) is not allowed; allowed is an integer from 1 to 65535',
    ],
    [
      'a value',
      { yaml: changed('mode: cluster', 'mode: clustr') },
      'databases[0].mode: "clustr" (from f.yaml:9) is not allowed; allowed is standalone, cluster',
    ],
    [
      'an entry of a list',
      { yaml: changed('[c:1]', '[c:1, "rediss://d"]') },
      'databases[0].seeds: "rediss://d" (from f.yaml:9)',
    ],
    [
      'a group',
      { yaml: changed('port: 12001', 'port: 12001, upstream: 5') },
      'databases[1].upstream: 5 (from f.yaml:10) must be a group',
    ],
    ['no seeds', { yaml: changed('seeds: [d:1]', '') }, 'databases[1].seeds: no server was given'],
    [
      'everybody as the user of the proxy',
      { yaml: changed('port: 12001', 'port: 12001, clientAuth: none') },
      'databases[1].clientAuth: none would let everybody who reaches 10.0.0.1:12001',
    ],
    ['no databases', { yaml: `node: n1\n${NODES}` }, 'databases: is missing'],
    [
      'no nodes',
      { yaml: `seeds: [d:1]\n${DATABASES}` },
      'nodes: is missing; databases need the nodes',
    ],
    [
      'an empty list',
      { yaml: `nodes: []\n${DATABASES}` },
      'nodes: [] (from f.yaml:1) is not allowed',
    ],
    [
      'no list',
      { yaml: `nodes: 5\n${DATABASES}` },
      'nodes: 5 (from f.yaml:1) is not allowed; allowed is a list',
    ],
    [
      'no entry',
      { yaml: `nodes: [n1]\n${DATABASES}` },
      'nodes[0]: "n1" (from f.yaml:1) is not allowed; allowed is { id',
    ],
    [
      'a node without nodes',
      { flags: { seeds: ['a:1'], node: 'n1' } },
      'node: "n1" (from --node) needs nodes:',
    ],
    [
      'nodes where one database is wanted',
      { yaml: BOTH, form: 'single' },
      'nodes: and databases: are for slotgate node',
    ],
    [
      'one database where nodes are wanted',
      { yaml: 'seeds: [a:1]', form: 'nodes' },
      'slotgate node needs --config FILE with nodes:',
    ],
  ])('%s', (_name, given, message) => {
    expect(problems(given)).toContain(message);
  });

  test.each<[string, Given, string, string]>([
    [
      'mode cluster with one proxy',
      { yaml: changed('proxyPolicy: all-nodes', 'proxyPolicy: single') },
      'databases[0]: mode cluster needs the policy',
      'invalid_oss_cluster_configuration',
    ],
    [
      'mode cluster without some nodes',
      { yaml: changed('proxyPolicy: all-nodes', 'excludeNodes: [n2]') },
      'databases[0]: mode cluster cannot be combined',
      'invalid_oss_cluster_configuration',
    ],
    [
      'mode cluster by an address that there is not',
      { yaml: changed('proxyPolicy: all-nodes', 'preferredIpType: external') },
      "databases[0]: node 'n1' has no external address",
      'invalid_oss_cluster_configuration',
    ],
    [
      'an unknown node',
      { yaml: changed('port: 12001', 'port: 12001, includeNodes: [n9]') },
      "databases[1]: there is no node 'n9'; nodes are n1, n2 (in f.yaml:10)",
      'invalid_proxy_policy',
    ],
    [
      'no node left',
      { flags: { seeds: ['a:1'], excludeNodes: ['node1'] } },
      'proxyPolicy: all nodes are excluded',
      'invalid_proxy_policy',
    ],
  ])('%s, with the code of the reference', (_name, given, message, code) => {
    expect(problems(given)).toContain(message);
    const resolution = resolve(given);
    const codes = resolution.kind === 'invalid' ? resolution.problems.map((p) => p.code) : [];
    expect([...new Set(codes)]).toEqual([code]);
  });

  test('problems of all entries are listed at once', () => {
    const yaml = changed('12001', '12000').replace('id: n2', 'id: n1').replace('seeds: [d:1]', '');
    expect(problems({ yaml }).split('\n')).toHaveLength(3);
  });

  test('how databases are placed is judged by a higher layer', () => {
    const asked: unknown[] = [];
    const checks: ConfigChecks = {
      ...NO_CHECKS,
      placement: (config, nodes) => {
        asked.push([config.databaseName, config.mode, nodes.map(({ id }) => id)]);
        const isBad = config.databaseName === 'queue';
        const wrong = [{ code: 'invalid_proxy_policy', message: 'no such policy' }];
        return { problems: isBad ? wrong : [], warnings: ['doubtful'] };
      },
    };
    expect(resolve({ yaml: BOTH }, checks)).toEqual({
      kind: 'invalid',
      problems: [
        {
          key: 'databases[1]',
          message: 'no such policy (in f.yaml:10)',
          code: 'invalid_proxy_policy',
        },
      ],
    });
    expect(asked).toEqual([
      ['cache', 'cluster', ['n1', 'n2']],
      ['queue', 'standalone', ['n1', 'n2']],
    ]);
    expect(resolve({ flags: { seeds: ['a:1'] } }, checks)).toMatchObject({
      warnings: ['db1: doubtful'],
    });
  });
});

describe('what changed', () => {
  const before = resolved({ yaml: BOTH });
  const changes = (yaml: string, flags = {}) =>
    deploymentChanges(before, resolved({ yaml, flags }));

  test('nothing', () => {
    expect(changes(BOTH)).toEqual({ live: [], restart: [] });
  });

  test('settings of the process once, those of a database with its name', () => {
    const yaml = `${BOTH}\nmaxClients: 5\nthreads: 2\nreadFrom: prefer-replica\n`;
    expect(changes(yaml.replace('[c:1]', '[c:2]'))).toEqual({
      live: ['maxClients', 'databases.cache.readFrom', 'databases.queue.readFrom'],
      restart: ['threads', 'databases.cache.seeds'],
    });
  });

  test('databases are told apart by name, not by place', () => {
    const swapped = BOTH.replace(/( {2}- .*cache.*\n)( {2}- .*\n)/, '$2$1');
    expect(changes(swapped)).toEqual({ live: ['databases'], restart: [] });
  });

  test('nodes and databases that come and go', () => {
    expect(changes(changed('zone: a', 'zone: b'))).toEqual({
      live: ['nodes', 'databases.cache.zone', 'databases.queue.zone'],
      restart: [],
    });
    const yaml = `${BOTH}  - { name: third, port: 12002 }\n`;
    expect(changes(yaml)).toEqual({ live: ['databases'], restart: [] });
  });

  test('the node that the process plays stays, and stays where it is', () => {
    const moved = changed('address: 10.0.0.1', 'address: 10.0.0.7').replace(
      'address: 10.0.0.2',
      'address: 10.0.0.8',
    );
    const { live, restart } = changes(moved);
    expect(live).toEqual(['nodes']);
    expect(restart).toContain('nodes.n1.address');
    expect(restart).not.toContain('nodes.n2.address');
    expect(changes(changed('address: 10.0.0.1', 'address: 10.0.0.7')).live).toEqual([]);
    const [first, second] = nodesAfterReload(before, resolved({ yaml: moved }).nodes);
    expect([first?.address, second?.address]).toEqual(['10.0.0.1', '10.0.0.8']);
    const left = nodesAfterReload(before, before.nodes.slice(1));
    expect(left.map(({ id }) => id)).toEqual(['n2', 'n1']);
  });

  test('another node is another process', () => {
    expect(changes(BOTH, { node: 'n2' }).restart).toContain('node');
  });

  test('one database has no name in it', () => {
    const one = (flags: Given['flags']) => resolved({ flags: { seeds: ['a:1'], ...flags } });
    expect(deploymentChanges(one({}), one({ mode: 'auto', listen: ['h:1'] }))).toEqual({
      live: ['mode'],
      restart: ['listen'],
    });
  });
});
