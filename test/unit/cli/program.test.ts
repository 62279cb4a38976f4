import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../../src/cli/program.js';
import { localEnvironment } from '../../../src/cli/up-addresses.js';
import { readyMessage } from '../../../src/cli/up-message.js';
import { fakeEnvironment } from './fake-environment.js';

const NODES = `
nodes:
  - { id: n1, address: 10.0.0.1, zone: a, admin: "127.0.0.1:9" }
  - { id: n2, address: 10.0.0.2 }
databases:
  - { name: cache, port: 12000, mode: cluster }
  - { name: queue, port: 12001, seeds: [q:1], upstream: { username: q, passwordFile: PASSWORD } }
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-cli-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(line: string, change: Parameters<typeof fakeEnvironment>[0] = {}) {
  const environment = fakeEnvironment(change);
  const args = line === '' ? [] : line.split(' ');
  const exitCode = await runCommandLine(args, environment);
  return { exitCode, out: environment.out.join(''), err: environment.err.join('') };
}

describe('bad usage ends with 2 and a hint', () => {
  test.each([
    ['', 'Usage: slotgate'],
    ['prox', 'Did you mean proxy?'],
    ['proxy --sed a:1', 'Did you mean --seed?'],
    ['proxy --seed', 'argument missing'],
    ['proxy extra', 'too many arguments'],
    ['proxy', '--seed HOST:PORT'],
    ['proxy --seed rediss://a:1', 'TLS'],
    ['proxy --seed a:1 --max-clients x', 'maxClients: "x" (from --max-clients)'],
    ['proxy --seed a:1 --client-auth none --listen 0.0.0.0:1', '--protected-mode false'],
    ['proxy --seed a:1 --upstream-password-stdin', 'held no password'],
    ['check --config /no/such/file', '/no/such/file'],
    ['node', 'slotgate node needs --config FILE with nodes:'],
    ['node --listen a:1', "unknown option '--listen'"],
    ['proxy --node n1', "unknown option '--node'"],
    ['up --primaries 0', '--primaries: "0" is not allowed; allowed is an integer from 1'],
    ['up --port x', '--port: "x"'],
    ['up --ephemeral --dir /x', '--dir'],
  ])('%s', async (line, message) => {
    const { exitCode, err } = await run(line);
    expect(err).toContain(message);
    expect(exitCode).toBe(2);
  });

  test.each(['--upstream-password hunter2', '--upstream-password=hunter2'])(
    'a password as a flag is not even repeated: %s',
    async (flag) => {
      const { exitCode, err, out } = await run(`proxy --seed a:1 ${flag}`);
      expect(exitCode).toBe(2);
      expect(err).toContain('--upstream-password-file');
      expect(err + out).not.toContain('hunter2');
    },
  );
});

test.each(['--help', 'proxy --help', 'node --help', 'up --help', 'check --help', '--version'])(
  '%s ends with 0',
  async (line) => {
    const { exitCode, out } = await run(line);
    expect(exitCode).toBe(0);
    expect(out).toMatch(line === '--version' ? /^\d+\.\d+\.\d+\n$/ : /Usage: slotgate/);
  },
);

describe('check', () => {
  test('prints a file that says the same, without the password', async () => {
    const env = { SLOTGATE_UPSTREAM_PASSWORD: 'hunter2', SLOTGATE_MAX_CLIENT: '1' };
    const line = 'check --seed a:1 --upstream-username u --max-request-bytes 64mb --threads 3';
    const { exitCode, out, err } = await run(line, { env });
    expect(exitCode).toBe(0);
    expect(parse(out)).toMatchObject({
      seeds: ['a:1'],
      threads: 3,
      maxRequestBytes: 67_108_864,
      upstream: { username: 'u' },
    });
    expect(out).toContain('SLOTGATE_UPSTREAM_PASSWORD');
    expect(err).toContain('did you mean SLOTGATE_MAX_CLIENTS?');
    expect(out + err).not.toContain('hunter2');
  });

  test('prints several nodes and databases, as a file that says the same', async () => {
    const file = (name: string, text: string) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    const password = file('password', 'hunter2');
    const given = file('given.yaml', NODES.replace('PASSWORD', password));
    const first = await run(`check --config ${given} --node n2 --max-clients 7 --seed s:1`);
    expect(first).toMatchObject({ exitCode: 0, err: '' });
    expect(first.out).toContain(`# upstream password of queue: *** (from ${password})`);
    expect(first.out).not.toContain('hunter2');
    expect(parse(first.out)).toMatchObject({
      node: 'n2',
      maxClients: 7,
      nodes: [
        { id: 'n1', zone: 'a', admin: '127.0.0.1:9' },
        { id: 'n2', address: '10.0.0.2' },
      ],
      databases: [
        { name: 'cache', port: 12_000, seeds: ['s:1'], mode: 'cluster' },
        { name: 'queue', port: 12_001, seeds: ['q:1'], upstream: { username: 'q' } },
      ],
    });
    const again = await run(`check --config ${file('printed.yaml', first.out)}`);
    expect(again).toEqual(first);
  });

  test('takes a password from standard input', async () => {
    const { exitCode, out } = await run('check --seed a:1 --upstream-password-stdin', {
      readStdin: () => Promise.resolve('hunter2\n'),
    });
    expect(exitCode).toBe(0);
    expect(out).toContain('--upstream-password-stdin');
    expect(out).not.toContain('hunter2');
  });
});

test('a failure that is nobody’s usage ends with 1', async () => {
  const startProxy = () => Promise.reject(new Error('no memory'));
  const { exitCode, err } = await run('proxy --seed a:1 --log-level silent', { startProxy });
  expect(exitCode).toBe(1);
  expect(err).toContain('no memory');
});

test('slotgate up does not look at settings for another cluster', () => {
  const env = {
    PATH: '/bin',
    SLOTGATE_LOG_LEVEL: 'debug',
    SLOTGATE_SEEDS: 'a:1',
    SLOTGATE_UPSTREAM_PASSWORD: 'x',
    SLOTGATE_CONFIG: '/x',
  };
  expect(localEnvironment(env)).toEqual({ PATH: '/bin', SLOTGATE_LOG_LEVEL: 'debug' });
});

test('the ready message has three commands to try and the admin page', () => {
  const text = readyMessage({
    cluster: { primaries: 3, replicasPerPrimary: 1, directory: '/data', isEphemeral: false },
    nodes: 3,
    addresses: ['127.0.0.1:7000', '[::1]:7000'],
    adminUrl: 'http://127.0.0.1:12090',
    program: { path: '/no/redis-server', env: {} },
    env: { PATH: '' },
  });
  expect(text).toContain('127.0.0.1:7000, [::1]:7000');
  expect(text).toContain('3 primaries, 3 replicas on 3 nodes');
  for (const words of ['mset a 1 b 2 c 3', 'mget a b c', 'del a b c']) {
    expect(text).toContain(`redis-cli -p 7000 ${words}\n`);
  }
  expect(text).toContain('http://127.0.0.1:12090');
});
