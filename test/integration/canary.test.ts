import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { RawClient } from '../support/raw-client.js';
import type { TestClient } from '../support/resp-client.js';
import { ROOT } from '../support/root.js';
import { Succession } from '../support/succession.js';
import { waitFor } from '../support/wait.js';

/** Part of every secret here, and of nothing else. */
const CANARY = 'kanarienvogel7f3a';
const UPSTREAM = `${CANARY}-upstream`;
const USER = `${CANARY}-user`;
const MAIN = join(ROOT, 'dist', 'main.js');
const SEEN = 'the-end-of-the-canary';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'slotgate-canary-'));
const passwordFile = join(folder, 'password');
/** What the processes of a hand-over say to each other. */
const said = join(folder, 'said');
/** One gets its password from a file, one from the environment. */
const successions: Succession[] = [];
/** Those of `successions`, and one that gets a wrong password. */
const proxies: TestProxy[] = [];
let cluster: TestCluster;

beforeAll(async () => {
  writeFileSync(passwordFile, `${UPSTREAM}\n`, { mode: 0o600 });
  cluster = await TestCluster.start({ primaries: 1, requirepass: UPSTREAM });
  const hook = join(folder, 'hook.cjs');
  writeFileSync(hook, NOTE_MESSAGES);
  const args = ['--log-level', 'debug', '--slowlog-slower-than-ms', '0'];
  const seeds = cluster.seeds;
  const env = { NODE_OPTIONS: `--require ${hook}` };
  const [fromFile, fromEnvironment, refused] = await Promise.all([
    Succession.start({
      ...{ seeds, env, args: [...args, '--upstream-password-file', passwordFile] },
    }),
    Succession.start({ seeds, args, env: { ...env, SLOTGATE_UPSTREAM_PASSWORD: UPSTREAM } }),
    TestProxy.start({
      ...{ seeds, args, env: { SLOTGATE_UPSTREAM_PASSWORD: `${CANARY}-wrong` } },
      withoutWaiting: true,
    }),
  ]);
  successions.push(fromFile, fromEnvironment);
  proxies.push(fromFile.proxy, fromEnvironment.proxy, refused);
});
afterAll(async () => {
  await Promise.all(successions.map((succession) => succession.stop()));
  await proxies[2]?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Run by a process at its beginning: writes down what it and the one before it tell each other. */
const NOTE_MESSAGES = `
const { appendFileSync } = require('node:fs');
const { send } = process;
const note = (message) => appendFileSync(${JSON.stringify(said)}, JSON.stringify(message) + '\\n');
if (send !== undefined) {
  note(process.env.SLOTGATE_HANDOVER);
  process.on('message', note);
  process.send = (message, ...rest) => {
    note(message);
    return send.call(process, message, ...rest);
  };
}`;

/** Everything that a client may say with a password in it, in forms that servers take and that they refuse. */
const WITH_SECRETS: readonly (readonly string[])[] = [
  ['AUTH', `${CANARY}-guess`],
  ['AUTH', 'kim', `${CANARY}-guess`],
  ['AUTH', 'nobody', `${CANARY}-guess`, 'and more'],
  ['HELLO', '2', 'AUTH', 'kim', `${CANARY}-guess`],
  ['HELLO', '9', 'AUTH', 'kim', USER],
  ['HELLO', '2', 'AUTH', 'kim', USER, 'SETNAME', 'kim'],
  ['ACL', 'SETUSER', 'lee', 'on', `>${CANARY}-lee`, '~*', '+@all'],
  ['ACL', 'SETUSER', 'lee', `>${CANARY}-other`, 'no such rule'],
  ['ACL', 'SETUSER', 'lee', `<${CANARY}-lee`],
  ['CONFIG', 'SET', 'masterauth', `${CANARY}-masterauth`],
  ['CONFIG', 'SET', 'masterauth', `${CANARY}-masterauth`, 'no-such-setting', '1'],
  ['CONFIG', 'SET', 'requirepass', UPSTREAM],
  ['CONFIG', 'SET', 'requirepass'],
  ['MIGRATE', '127.0.0.1', '1', 'key', '0', '10', 'AUTH', `${CANARY}-migrate`],
  ['MIGRATE', '127.0.0.1', '1', '', '0', '10', 'AUTH2', 'kim', `${CANARY}-migrate`, 'KEYS', 'key'],
  ['MULTI'],
  ['CONFIG', 'SET', 'masterauth', `${CANARY}-queued`],
  ['ACL', 'SETUSER', 'lee', `>${CANARY}-queued`],
  ['MIGRATE', '127.0.0.1', '1', 'key', '0', '10', 'AUTH', `${CANARY}-queued`],
  ['EXEC'],
];

/** All replies, errors included, as text: none may repeat a secret. */
async function sayAll(proxy: TestProxy): Promise<string> {
  const client = await proxy.connect({ password: UPSTREAM });
  await client.call('SET', 'key', 'value');
  const replies: string[] = [];
  for (const command of WITH_SECRETS) {
    replies.push(JSON.stringify(await client.call(...command).catch(String)));
  }
  client.close();
  return replies.join('\n');
}

async function connectUser(proxy: TestProxy): Promise<TestClient> {
  const admin = await proxy.connect({ password: UPSTREAM });
  await admin.call('ACL', 'SETUSER', 'kim', 'reset', 'on', `>${USER}`, '~*', '&*', '+@all');
  const user = await proxy.connect({ username: 'kim', password: USER });
  await user.call('SET', 'key', 'value');
  admin.close();
  return user;
}

async function monitor(proxy: TestProxy): Promise<RawClient> {
  const watcher = await proxy.connectRaw();
  watcher.send(`AUTH ${UPSTREAM}\r\nMONITOR\r\n`);
  await watcher.take('+OK\r\n+OK\r\n'.length);
  return watcher;
}

/** What administrators, other clients and other systems can see of it, by where. */
async function whatIsShown(proxy: TestProxy): Promise<Readonly<Record<string, string>>> {
  const admin = await proxy.connect({ password: UPSTREAM });
  const text = async (...words: readonly string[]) =>
    JSON.stringify(await admin.call(...words).catch(String));
  const ctl = async (...words: readonly string[]) =>
    (await run(process.execPath, [MAIN, 'ctl', ...words, '--url', proxy.adminUrl])).stdout;
  const page = async (path: string) => (await fetch(`${proxy.adminUrl}${path}`)).text();
  const shown = {
    info: await text('INFO', 'everything'),
    clients: await text('CLIENT', 'LIST'),
    client: await text('CLIENT', 'INFO'),
    settings: await text('CONFIG', 'GET', '*'),
    slowLog: await text('SLOWLOG', 'GET', '-1'),
    users: await text('ACL', 'LIST'),
    aclLog: await text('ACL', 'LOG'),
    scripts: await text('COMMAND', 'COUNT'),
    metrics: await page('/metrics'),
    health: await page('/readyz?verbose'),
    nodes: await page('/v1/nodes'),
    databases: await page('/v1/bdbs'),
    shards: await page('/v1/shards'),
    endpoints: await page('/v1/endpoints'),
    balance: await page('/v1/balance'),
    shardsOfDatabase: await page('/v1/bdbs/1/shards'),
    listening: await page('/listening'),
    alive: await page('/livez?verbose'),
    noSuchPage: await page(`/v1/bdbs/none`),
    status: await ctl('status'),
    ofDatabase: await ctl('info', 'db'),
  };
  admin.close();
  return shown;
}

test('no secret is in what is said and shown of clients', async () => {
  const [fromFile, fromEnvironment] = proxies;
  for (const proxy of [fromFile, fromEnvironment]) {
    if (proxy === undefined) throw new Error('there is no such proxy');
    const watcher = await monitor(proxy);
    const user = await connectUser(proxy);
    expect(await sayAll(proxy)).not.toContain(CANARY);
    await user.call('SET', 'key', SEEN);
    await waitFor('MONITOR to show the end', () => watcher.text.includes(SEEN));
    const shown = await whatIsShown(proxy);
    for (const [where, text] of Object.entries({ ...shown, monitor: watcher.text })) {
      expect.soft(text.length, `${where} shows something`).toBeGreaterThan(0);
      expect.soft(text, where).not.toContain(CANARY);
    }
    expect(watcher.text).toContain('"AUTH" "(redacted)"');
    user.close();
    watcher.close();
  }
});

test('no secret is in the command line, and there are no processes that could have it', async () => {
  for (const proxy of proxies) {
    expect(readFileSync(`/proc/${proxy.pid}/cmdline`, 'utf8')).not.toContain(CANARY);
    // Those of `slotgate up` have their own test, in up-local-cluster.test.ts.
    expect(readFileSync(`/proc/${proxy.pid}/task/${proxy.pid}/children`, 'utf8')).toBe('');
  }
});

/** The variables of a process whose value is a secret. */
function secretVariables(pid: number): readonly string[] {
  const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  return variables.filter((variable) => variable.includes(CANARY));
}

test('no secret is in what is left to the next process, nor in what that one says and shows', async () => {
  for (const succession of successions) {
    const before = secretVariables(succession.pid);
    const pid = await succession.handOver();
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(CANARY);
    // What its user has put there, in the one variable that is for it.
    expect(secretVariables(pid)).toEqual(before);
    await succession.untilAlone();
    const user = await connectUser(succession.proxy);
    user.close();
    for (const [where, text] of Object.entries(await whatIsShown(succession.proxy))) {
      expect.soft(text, where).not.toContain(CANARY);
    }
  }
  const messages = readFileSync(said, 'utf8');
  for (const part of ['deadlineMs', '"prepared"', '"go"', '"serving"', '"yours"']) {
    expect(messages).toContain(part);
  }
  expect(messages).not.toContain(CANARY);
});

test('no secret is in the log, whatever is logged', async () => {
  const refused = proxies[2];
  await waitFor(
    'the wrong password to be refused',
    () => refused?.log.includes('WRONGPASS') === true,
  );
  for (const proxy of proxies) {
    expect(proxy.log).not.toBe('');
    expect(proxy.log).not.toContain(CANARY);
  }
});

test('no secret is in what `slotgate check` prints, nor in what it complains of', async () => {
  const env = { ...process.env, SLOTGATE_UPSTREAM_PASSWORD: UPSTREAM };
  const seeds = ['--seed', String(cluster.seeds[0])];
  const both = async (...flags: readonly string[]) => {
    const done = await run(process.execPath, [MAIN, 'check', ...flags], { env }).catch(
      (failed: { stdout: string; stderr: string }) => failed,
    );
    return `${done.stdout}${done.stderr}`;
  };
  const good = await both(...seeds);
  expect(good).toContain('SLOTGATE_UPSTREAM_PASSWORD');
  const inUrl = await both('--seed', `redis://kim:${CANARY}-url@127.0.0.1:1`);
  const missing = await both(...seeds, '--upstream-password-file', join(folder, 'none'));
  const unknown = await both(...seeds, '--password', UPSTREAM);
  for (const text of [good, inUrl, missing, unknown]) {
    expect(text).not.toBe('');
    expect(text).not.toContain(CANARY);
  }
});
