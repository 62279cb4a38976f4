import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG_CHECKS } from '../../../src/cli/config-checks.js';
import type { DatabaseConfig } from '../../../src/config/deployment.js';
import { changedSettings } from '../../../src/config/effective-config.js';
import { type ConfigInputs, type LoadedConfig, loadConfig } from '../../../src/config/load.js';
import { PasswordFile } from '../../../src/config/password-source.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { Secret } from '../../../src/config/secret.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(inputs: Partial<ConfigInputs>) {
  const defaults = {
    flags: {},
    env: {},
    configFile: undefined,
    passwordFromStdin: undefined,
    form: undefined,
  };
  return loadConfig({ ...defaults, ...inputs }, async (sources) =>
    resolveConfig(sources, CONFIG_CHECKS),
  );
}

async function loaded(inputs: Partial<ConfigInputs>): Promise<DatabaseConfig> {
  const result = await load({ ...inputs, flags: { seeds: ['a:1'], ...inputs.flags } });
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.problems));
  const [database] = result.config.databases;
  if (database === undefined) throw new Error('no database');
  return database;
}

describe('the file', () => {
  test('is named by --config, else by SLOTGATE_CONFIG', async () => {
    const env = { SLOTGATE_CONFIG: file('env.yaml', 'maxClients: 1') };
    expect((await loaded({ env })).maxClients).toBe(1);
    const configFile = file('flag.yaml', 'maxClients: 2');
    expect((await loaded({ env, configFile })).maxClients).toBe(2);
  });

  test('that is missing or far too large is a problem', async () => {
    for (const configFile of [join(folder, 'none'), file('big', '#'.repeat(1_048_577))]) {
      expect(await load({ configFile })).toMatchObject({
        kind: 'invalid',
        problems: [{ key: 'config', message: expect.stringContaining(configFile) }],
      });
    }
  });
});

describe('the password', () => {
  test.each([
    ['none', {}, null, undefined],
    [
      'a variable',
      { env: { SLOTGATE_UPSTREAM_PASSWORD: 'p' } },
      { password: 'p' },
      'SLOTGATE_UPSTREAM_PASSWORD',
    ],
    ['standard input', { passwordFromStdin: 'p' }, { password: 'p' }, '--upstream-password-stdin'],
    [
      'a user that needs none',
      { flags: { 'upstream.username': 'u' } },
      { username: 'u', password: '' },
      undefined,
    ],
  ])('%s', async (_name, inputs, expected, origin) => {
    const { upstreamCredentials } = await loaded(inputs);
    expect(upstreamCredentials.current()).toEqual(expected);
    expect(upstreamCredentials.passwordOrigin).toBe(origin);
  });

  test('of a file loses one line end', async () => {
    const path = file('password', ' p w \r\n');
    const { upstreamCredentials } = await loaded({ flags: { 'upstream.passwordFile': path } });
    expect(upstreamCredentials.current()).toEqual({ password: ' p w ' });
    expect(upstreamCredentials.withUsername('u').current()?.username).toBe('u');
  });

  test('from two places is refused, as is a file that cannot be read', async () => {
    const flags = { seeds: ['a:1'], 'upstream.passwordFile': file('password2', 'x') };
    const twice = await load({ flags, passwordFromStdin: 'hunter2' });
    expect(JSON.stringify(twice)).toContain('keep one');
    expect(JSON.stringify(twice)).not.toContain('hunter2');
    const missing = { seeds: ['a:1'], 'upstream.passwordFile': join(folder, 'none') };
    expect(await load({ flags: missing })).toMatchObject({ kind: 'invalid' });
  });

  test('of a file is read again when it changes, and kept while the file is missing', () => {
    const path = file('rotating', 'one');
    const source = new PasswordFile(path);
    expect(source.current().reveal()).toBe('one');
    renameSync(file('rotating.new', 'second'), path);
    expect(source.current().reveal()).toBe('second');
    rmSync(path);
    expect(source.current().reveal()).toBe('second');
  });

  test('is never printed', async () => {
    const config = await loaded({ env: { SLOTGATE_UPSTREAM_PASSWORD: 'hunter2' } });
    const secret = new Secret('hunter2');
    const texts = [
      inspect(config, { depth: null, showHidden: true }),
      JSON.stringify(config),
      inspect(secret, { showHidden: true }),
      JSON.stringify({ secret }),
      `${secret}`,
    ];
    for (const text of texts) expect(text).not.toContain('hunter2');
  });
});

describe('passwords of several databases', () => {
  const yaml = (own: string) => `node: n1
nodes: [{ id: n1, address: 10.0.0.1 }]
databases:
  - { name: a, port: 1, seeds: [s:1] }
  - { name: b, port: 2, seeds: [s:1]${own} }
`;

  test('are one for all, or one of each', async () => {
    const env = { SLOTGATE_UPSTREAM_PASSWORD: 'common' };
    const common = await load({ env, configFile: file('common.yaml', yaml('')) });
    expect(passwords(common)).toEqual(['common', 'common']);
    const own = yaml(`, upstream: { passwordFile: ${file('own', 'mine')} }`);
    expect(passwords(await load({ configFile: file('own.yaml', own) }))).toEqual([null, 'mine']);
  });

  test('cannot be both: the entry is named', async () => {
    const env = { SLOTGATE_UPSTREAM_PASSWORD: 'common' };
    const own = yaml(`, upstream: { passwordFile: ${file('own', 'mine')} }`);
    const result = await load({ env, configFile: file('both.yaml', own) });
    expect(result).toMatchObject({
      problems: [{ key: 'databases[1].upstream.passwordFile' }],
    });
  });

  function passwords(result: LoadedConfig) {
    if (result.kind === 'invalid') throw new Error(JSON.stringify(result.problems));
    return result.config.databases.map(
      ({ upstreamCredentials }) => upstreamCredentials.current()?.password ?? null,
    );
  }
});

test('variables that look like a misspelt setting are named, those of Kubernetes are not', async () => {
  const env = { SLOTGATE_MAX_CLIENT: '5', SLOTGATE_SERVICE_HOST: '10.0.0.1', PATH: '/bin' };
  const result = await load({ env, flags: { seeds: ['a:1'] } });
  expect(result).toMatchObject({
    warnings: ['SLOTGATE_MAX_CLIENT is ignored: did you mean SLOTGATE_MAX_CLIENTS?'],
  });
});

test('changed settings are told apart by what applies them', async () => {
  const before = await loaded({});
  const after = await loaded({ flags: { maxClients: '5', threads: '2' } });
  expect(changedSettings(before, after)).toEqual({ live: ['maxClients'], restart: ['threads'] });
  expect(changedSettings(before, before)).toEqual({ live: [], restart: [] });
});
