import { describe, expect, test } from 'vitest';
import { CONFIG_CHECKS } from '../../../src/cli/config-checks.js';
import type { ResolvedConfig } from '../../../src/config/effective-config.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { type ConfigSources, settingVariables } from '../../../src/config/sources.js';

interface Given {
  readonly flags?: ConfigSources['flags'];
  readonly env?: Readonly<Record<string, string>>;
  readonly yaml?: string;
}

const SEEDS = ['127.0.0.1:7000'];

function resolve({ flags = {}, env = {}, yaml }: Given) {
  const file = yaml === undefined ? undefined : { name: 'slotgate.yaml', text: yaml };
  return resolveConfig({ flags, env: settingVariables(env), file, form: undefined }, CONFIG_CHECKS);
}

function resolved(given: Given): ResolvedConfig {
  const resolution = resolve(given);
  if (resolution.kind === 'invalid') throw new Error(JSON.stringify(resolution.problems));
  const [database] = resolution.deployment.databases;
  if (database === undefined) throw new Error('no database');
  return database;
}

/** All problems as one text; empty if there are none. */
function problems(given: Given): string {
  const resolution = resolve(given);
  if (resolution.kind === 'ok') return '';
  return resolution.problems.map(({ key, message }) => `${key}: ${message}`).join('\n');
}

describe('precedence', () => {
  const yaml = 'seeds: [file:1]\nmaxClients: 1\nupstream: { username: in-file }\n';
  const env = {
    SLOTGATE_SEEDS: 'env:1, env:2',
    SLOTGATE_MAX_CLIENTS: '2',
    SLOTGATE_UPSTREAM_USERNAME: 'in-env',
  };
  const flags = { seeds: ['flag:1'], maxClients: '3', 'upstream.username': 'in-flag' };

  test.each([
    ['default', { flags: { seeds: SEEDS } }, 10_000, SEEDS, undefined],
    ['file', { yaml }, 1, ['file:1'], 'in-file'],
    ['environment over file', { yaml, env }, 2, ['env:1', 'env:2'], 'in-env'],
    ['flag over environment', { yaml, env, flags }, 3, ['flag:1'], 'in-flag'],
  ])('%s', (_name, given, maxClients, seeds, username) => {
    const config = resolved(given);
    expect(config).toMatchObject({ maxClients, seeds });
    expect(config['upstream.username']).toBe(username);
  });

  test('an empty variable is unset', () => {
    expect(
      resolved({ flags: { seeds: SEEDS }, env: { SLOTGATE_MAX_CLIENTS: '' } }).maxClients,
    ).toBe(10_000);
  });

  test('a variable in a group leaves the rest of the group to the file', () => {
    const file = 'seeds: [a:1]\nupstream: { username: u, passwordFile: /p }\n';
    const config = resolved({ yaml: file, env: { SLOTGATE_UPSTREAM_USERNAME: 'v' } });
    expect(config['upstream.username']).toBe('v');
    expect(config['upstream.passwordFile']).toBe('/p');
  });
});

describe('values', () => {
  test.each([
    ['a unit', { maxRequestBytes: '64mb' }, { maxRequestBytes: 67_108_864 }],
    ['a decimal unit', { maxRequestBytes: '64m' }, { maxRequestBytes: 64_000_000 }],
    ['auto', { holdTimeoutMs: 'auto' }, { holdTimeoutMs: 'auto' }],
    ['a number instead of auto', { holdTimeoutMs: '0' }, { holdTimeoutMs: 0 }],
    ['yes', { preconnect: 'yes' }, { preconnect: true }],
    ['false', { protectedMode: 'false' }, { protectedMode: false }],
    ['an alias', { mode: 'proxy' }, { mode: 'standalone' }],
    [
      'an alias of cluster',
      { mode: 'oss-cluster' },
      { mode: 'cluster', shardsPlacement: 'sparse' },
    ],
    ['dense where nobody looks for proxies', { mode: 'auto' }, { shardsPlacement: 'dense' }],
    [
      'a placement of its own',
      { mode: 'cluster', shardsPlacement: 'dense' },
      { shardsPlacement: 'dense' },
    ],
    ['octal permissions', { unixSocketMode: '0770' }, { unixSocketMode: 0o770 }],
    [
      'several listeners',
      { listen: ['[::1]:1', './s.sock'] },
      {
        listen: [
          { kind: 'tcp', host: '::1', port: 1 },
          { kind: 'unix', path: './s.sock' },
        ],
      },
    ],
    [
      'an address',
      { admin: 'localhost:9' },
      { admin: { kind: 'tcp', host: 'localhost', port: 9 } },
    ],
  ])('%s', (_name, flags, expected) => {
    expect(resolved({ flags: { seeds: SEEDS, ...flags } })).toMatchObject(expected);
  });

  test('permissions need quotes in YAML, which has several readings of 770', () => {
    expect(resolved({ yaml: 'seeds: [a:1]\nunixSocketMode: "770"' }).unixSocketMode).toBe(0o770);
    for (const text of ['770', '0770', '0o770', '"778"', '"7777"']) {
      const yaml = `seeds: [a:1]\nunixSocketMode: ${text}`;
      expect(problems({ yaml })).toContain('in quotes');
    }
  });

  test('threads: auto is settled to a number', () => {
    expect(resolved({ flags: { seeds: SEEDS, threads: 'auto' } }).threads).toBeGreaterThan(0);
  });
});

describe('messages name the key, what was given, where, and what is allowed', () => {
  test.each([
    [
      { flags: { maxClients: 'abc' } },
      'maxClients: "abc" (from --max-clients) is not allowed; allowed is an integer from 1 to 1000000',
    ],
    [{ env: { SLOTGATE_THREADS: '0' } }, 'threads: 0 (from SLOTGATE_THREADS)'],
    [{ yaml: 'tcpBacklog: 1.5' }, 'tcpBacklog: 1.5 (from slotgate.yaml:1)'],
    [{ yaml: 'preconnect: 1' }, 'allowed is true or false'],
    [
      { flags: { mode: 'sentinel' } },
      'mode: "sentinel" (from --mode) is not allowed; allowed is standalone, cluster, direct, auto, proxy, oss-cluster',
    ],
    [{ flags: { maxRequestBytes: '1kb' } }, 'allowed is a size from 1048576 to 4294967296 bytes'],
    [{ flags: { listen: ['localhost'] } }, 'listen: "localhost" (from --listen)'],
    [
      { env: { SLOTGATE_DATABASE_NAME: '-db' } },
      'databaseName: "-db" (from SLOTGATE_DATABASE_NAME)',
    ],
    [{ yaml: 'excludeNodes: [n1, n 2]' }, 'excludeNodes: "n 2" (from slotgate.yaml:1)'],
    [{ flags: { map: ['nothing'] } }, 'map: "nothing" (from --map)'],
    [{ flags: { map: ['a=b', 'a=c'] } }, 'is not allowed; --map a=c: a is mapped twice'],
    [{ yaml: 'advertise: [a=/s]' }, 'advertise: "a=/s" (from slotgate.yaml:1)'],
    [
      { env: { SLOTGATE_SERVER_ZONES: 'h:1=a' } },
      'serverZones: "h:1=a" (from SLOTGATE_SERVER_ZONES)',
    ],
    [{ yaml: 'serverZones: [h=a, H=b]' }, '--server-zone H=b: H is given twice'],
    [
      { yaml: 'seeds: here:1' },
      'seeds: "here:1" (from slotgate.yaml:1) is not allowed; allowed is a list',
    ],
    [{ yaml: 'upstream: 5' }, 'upstream: 5 (from slotgate.yaml:1) must be a group'],
    [
      { yaml: 'maxClient: 5' },
      'maxClient: is no setting (in slotgate.yaml:1); did you mean maxClients?',
    ],
    [{ yaml: 'upstream: { pass: x }' }, 'upstream.pass: is no setting'],
    [{ yaml: '- a' }, 'slotgate.yaml: must hold settings'],
    [{ yaml: 'a: [' }, 'slotgate.yaml: is not YAML'],
  ])('%j', (given, message) => {
    expect(problems(given)).toContain(message);
  });

  test('all problems are listed at once', () => {
    const flags = { maxClients: 'x', threads: 'y', map: ['nothing', 'a=b'] };
    const text = problems({ flags, yaml: 'z: 1' });
    expect(text.split('\n')).toHaveLength(4);
  });

  test('a password in a seed is refused and not repeated', () => {
    for (const seed of ['redis://user:hunter2@h:1', 'user:hunter2@h:1', 'rediss://u:hunter2@h']) {
      const text = problems({ flags: { seeds: [seed] } });
      expect(text).toContain('seeds: ');
      expect(text).not.toContain('hunter2');
    }
  });

  test('rediss:// is refused, never taken as plain text', () => {
    expect(problems({ flags: { seeds: ['rediss://h:1'] } })).toContain('TLS');
  });
});

describe('rules over several settings', () => {
  const open = { seeds: SEEDS, clientAuth: 'none', listen: ['127.0.0.1:1', '0.0.0.0:12000'] };

  test('everybody as the proxy on an open address does not start', () => {
    const text = problems({ flags: open });
    expect(text).toMatch(/^clientAuth: .*0\.0\.0\.0:12000.*--protected-mode false/);
    expect(text).not.toContain('127.0.0.1:1,');
  });

  test.each([
    ['protected mode off', { protectedMode: 'false' }],
    ['loopback and unix sockets', { listen: ['127.0.0.1:1', '[::1]:1', 'localhost:1', '/s'] }],
    ['clients log in', { clientAuth: 'upstream' }],
  ])('%s: starts', (_name, change) => {
    expect(problems({ flags: { ...open, ...change } })).toBe('');
  });

  test.each([
    ['all listeners', { listen: ['127.0.0.1:1'], proxyProtocol: ['10.0.0.0/8'] }],
    ['one listener', { listen: ['/s?proxyProtocol=unix'] }],
  ])('whoever brings clients from elsewhere opens %s', (_name, change) => {
    expect(problems({ flags: { ...open, ...change } })).toMatch(/^clientAuth: /);
    const off = { ...open, ...change, protectedMode: 'false' };
    expect(problems({ flags: off })).toBe('');
  });

  test.each([
    ['proxyProtocol', { proxyProtocol: ['10.0.0.0/8', '10.0.0.0/33'] }],
    ['listen', { listen: ['127.0.0.1:1?proxyProtocol=haproxy'] }],
  ])('senders of the PROXY protocol are subnets: %s', (key, change) => {
    const text = problems({ flags: { seeds: SEEDS, ...change } });
    expect(text).toMatch(new RegExp(`^${key}.*allowed is a subnet such as .*, or unix for`));
  });

  test('no seed is an error that names the flag', () => {
    expect(problems({})).toContain('--seed');
  });

  test('the admin listener stays on loopback', () => {
    const text = problems({ flags: { seeds: SEEDS, admin: '0.0.0.0:1' } });
    expect(text).toContain('--metrics');
    expect(problems({ flags: { seeds: SEEDS, metrics: '0.0.0.0:1' } })).toBe('');
  });
});

describe('commands that are denied or allowed', () => {
  test('are named as users write them', () => {
    const yaml =
      'seeds: [a:1]\ndenyCommands: [flushall, CONFIG SET]\nallowCommands: [module load]\n';
    expect(resolved({ yaml })).toMatchObject({
      denyCommands: ['flushall', 'CONFIG SET'],
      allowCommands: ['module load'],
    });
    const env = { SLOTGATE_DENY_COMMANDS: 'flushall,config set' };
    expect(resolved({ flags: { seeds: SEEDS }, env }).denyCommands).toHaveLength(2);
  });

  test('a name that would deny or allow nothing is a problem', () => {
    const flags = { seeds: SEEDS, denyCommands: ['flushal'], allowCommands: ['shutdown'] };
    const text = problems({ flags });
    expect(text).toContain('denyCommands: "flushal"');
    expect(text).toContain('did you mean "flushall"?');
    expect(text).toMatch(/allowCommands: "shutdown".*these can be allowed: debug, module load/);
  });
});
