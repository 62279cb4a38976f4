import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isSpecialName } from '../../../src/commands/handlers/joins/index.js';
import { coreTable, toNativeRows } from '../../../src/commands/index.js';
import { BLOCKING } from '../../../src/commands/rules/blocking.js';
import { rowOf, TABLE } from './support.js';

const NATIVE = toNativeRows(TABLE);

function nativeRow(name: string) {
  const row = NATIVE.find((candidate) => candidate.name === name);
  expect(row, name).toBeDefined();
  return row;
}

/** The flags of a command that a server executes as a write. */
function writes(...flags: readonly string[]): readonly string[] {
  return [...flags, 'may_replicate', 'keyspace'];
}

function golden(file: string): readonly string[] {
  return readFileSync(new URL(`golden/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}

describe('the committed table', () => {
  test.each([
    ['command-list-redis-7.0.15.txt', 366],
    ['command-list-valkey-8.0.1.txt', 373],
  ])('has a row for every command of %s', (file, count) => {
    const names = golden(file);
    expect(names).toHaveLength(count);
    expect(names.filter((name) => TABLE.find(name) === undefined)).toEqual([]);
  });

  test('the two servers have the same container commands as the table says', () => {
    const subcommands = golden('command-list-redis-7.0.15.txt').filter((n) => n.includes('|'));
    const containers = new Set(subcommands.map((name) => name.split('|')[0]));
    for (const name of containers) {
      expect(rowOf(name ?? '').container, name).toBe(true);
    }
    expect(rowOf('get').container).toBe(false);
  });

  test('rules on blocking fit the servers’ flag', () => {
    const flagged = TABLE.rows.filter((row) => row.flags.includes('blocking'));
    expect(Object.keys(BLOCKING).sort()).toEqual(flagged.map((row) => row.name).sort());
  });

  test('every row that goes to several servers says to which, and how their replies become one', () => {
    const rows = TABLE.rows.filter(({ route }) => route.kind === 'fan_out');
    expect(rows.length).toBeGreaterThan(25);
    for (const { name, requestPolicy, responsePolicy, barrier, answersItself } of rows) {
      expect(['all_shards', 'all_nodes'], name).toContain(requestPolicy);
      expect(responsePolicy === 'special', name).toBe(isSpecialName(name));
      expect({ barrier, answersItself }, name).toEqual({ barrier: 'drain', answersItself: false });
    }
  });

  test('what the proxy answers by itself is asked for with ACL DRYRUN', () => {
    expect(rowOf('client|list').answersItself).toBe(true);
    expect(rowOf('config|get').answersItself).toBe(false);
    expect(rowOf('randomkey').answersItself).toBe(false);
  });

  test('every row says how its replies compare with a stand-alone server’s', () => {
    for (const { name, compare } of TABLE.rows) {
      expect(compare.kind !== 'none' || compare.reason.length > 5, name).toBe(true);
    }
    expect(rowOf('get').compare.kind).toBe('exact');
    expect(rowOf('smembers').compare.kind).toBe('unordered');
    expect(rowOf('spop').compare.kind).toBe('shape');
  });

  test('later servers’ corrections of the tips hold', () => {
    expect(rowOf('msetnx').requestPolicy).toBe('default');
    expect(rowOf('latency|reset').responsePolicy).toBe('agg_sum');
    expect(rowOf('config|resetstat').requestPolicy).toBe('all_nodes');
    expect(rowOf('dbsize').responsePolicy).toBe('agg_sum');
  });
});

describe('rows for the data plane', () => {
  test('have the same order and names as the table', () => {
    expect(NATIVE.map((row) => row.name)).toEqual(TABLE.rows.map((row) => row.name));
    expect(new Set(NATIVE.map((row) => row.name)).size).toBe(NATIVE.length);
  });

  test('a plain read', () => {
    expect(nativeRow('get')).toEqual({
      name: 'get',
      arity: 2,
      flags: ['readonly', 'queueable', 'keyspace', 'at_replica'],
      route: 'keys',
      local: 'none',
      split: 'none',
      splitStep: 1,
      barrier: 'none',
      pubsub: 'none',
      family: 'channel',
      keySpecs: [
        {
          begin: { kind: 'index', index: 1 },
          find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
        },
      ],
      readyReply: '',
      blockToken: '',
      called: '',
      retryOptionsFrom: 0,
      retryOptions: [],
    });
  });

  test('writes that once more change nothing, and in which form', () => {
    const retried = NATIVE.filter((row) => row.flags.includes('repeatable'));
    expect(retried.map((row) => row.name)).toEqual([
      ...['hmset', 'mset', 'pfmerge', 'psetex', 'set', 'setex', 'setrange', 'sinterstore'],
      'sunionstore',
    ]);
    expect(retried.filter((row) => row.retryOptions.length > 0)).toMatchObject([
      { name: 'set', retryOptionsFrom: 3, retryOptions: ['EX', 'PX', 'EXAT', 'PXAT'] },
    ]);
    for (const { name, flags, route } of retried) {
      expect(route, name).toBe('keys');
      expect(flags, name).toContain('write');
    }
  });

  test.each([
    ['mget', 'array_in_order', 1],
    ['mset', 'all_ok', 2],
    ['del', 'sum', 1],
    ['unlink', 'sum', 1],
    ['exists', 'sum', 1],
    ['touch', 'sum', 1],
    ['msetnx', 'none', 1],
    ['sinterstore', 'none', 1],
  ])('%s splits by %s, step %i', (name, split, splitStep) => {
    expect(nativeRow(name)).toMatchObject({ split, splitStep, route: 'keys' });
  });

  test.each([
    ['ping', 'ping'],
    ['echo', 'echo_argument'],
    ['quit', 'quit'],
    ['select', 'select_database'],
    ['hello', 'hello'],
    ['client|setname', 'set_name'],
    ['client|getname', 'get_name'],
    ['client|setinfo', 'set_library'],
    ['client|id', 'client_id'],
  ])('%s is answered by the worker: %s', (name, local) => {
    expect(nativeRow(name)).toMatchObject({ route: 'local', local });
  });

  test.each([
    [
      'clusterscan',
      "-ERR command is not supported by this version of Slotgate: 'clusterscan' (SCAN goes over all shards)\r\n",
    ],
    ['debug', "-ERR command is not allowed through Slotgate: 'debug'\r\n"],
    ['restore-asking', "-ERR command is not allowed through Slotgate: 'restore-asking'\r\n"],
  ])('%s is refused', (name, readyReply) => {
    expect(nativeRow(name)).toMatchObject({ route: 'refuse', readyReply });
  });

  test.each([
    ['cluster|addslots', "-ERR command is not allowed through Slotgate: 'cluster|addslots'\r\n"],
    ['cluster|reset', "-ERR command is not allowed through Slotgate: 'cluster|reset'\r\n"],
    [
      'cluster|slot-stats',
      "-ERR command is not supported by this version of Slotgate: 'cluster|slot-stats' (it is about the slots of one server)\r\n",
    ],
  ])('%s is refused where a cluster is shown, with a reason', (name, readyReply) => {
    expect(nativeRow(name)).toMatchObject({ route: 'local', local: 'if_cluster', readyReply });
  });

  test.each(['asking', 'readonly', 'readwrite'])('%s: OK where a cluster is shown', (name) => {
    expect(nativeRow(name)).toMatchObject({
      route: 'local',
      local: 'if_cluster',
      readyReply: '+OK\r\n',
    });
    expect(nativeRow(name)?.flags).not.toContain('queueable');
  });

  test.each(['command', 'command|docs', 'config|help', 'time'])('%s: any primary', (name) => {
    expect(nativeRow(name)).toMatchObject({ route: 'keyless', keySpecs: [] });
  });

  test.each([
    ...(['info', 'config|get', 'auth', 'config', 'client'] as const),
    ...(['cluster|slots', 'cluster|help', 'cluster|keyslot', 'cluster|myshardid'] as const),
    ...(['keys', 'flushall', 'role', 'wait'] as const),
  ])('%s: control plane', (name) => {
    expect(nativeRow(name)).toMatchObject({ route: 'control', barrier: 'drain' });
  });

  test.each([
    ['subscribe', 'subscribe', 'channel', 'drain'],
    ['punsubscribe', 'unsubscribe', 'pattern', 'drain'],
    ['ssubscribe', 'subscribe', 'shard', 'drain'],
    ['publish', 'publish', 'channel', 'none'],
    ['spublish', 'publish', 'shard', 'none'],
  ])('%s: the worker, to %s to a %s; barrier: %s', (name, pubsub, family, barrier) => {
    expect(nativeRow(name)).toMatchObject({ route: 'pubsub', pubsub, family, barrier });
  });

  test('a RESP2 subscriber may send what is about subscriptions, PING, QUIT and RESET', () => {
    const allowed = NATIVE.filter((row) => row.flags.includes('while_subscribed'));
    expect(allowed.map((row) => row.name).sort()).toEqual([
      ...['ping', 'psubscribe', 'punsubscribe', 'quit', 'reset', 'ssubscribe', 'subscribe'],
      ...['sunsubscribe', 'unsubscribe'],
    ]);
  });

  test('nothing with state of the connection goes over shared links; what blocks has keys', () => {
    const shared = NATIVE.filter((row) => row.route === 'keys' || row.route === 'keyless');
    const wrong = shared.filter(
      ({ flags, route }) =>
        flags.includes('connection_state') || (flags.includes('blocking') && route === 'keyless'),
    );
    expect(wrong.map((row) => row.name)).toEqual([]);
    expect(shared.length).toBeGreaterThan(200);
  });

  test('nothing on a shared link has keys that cannot be evaluated', () => {
    const unknown = NATIVE.filter((row) => row.flags.includes('keys_unknown'));
    expect(unknown.filter((row) => row.route !== 'refuse').map((row) => row.name)).toEqual([]);
  });

  test('a row is a write unless the server says that it only reads', () => {
    expect(nativeRow('getex')?.flags).toEqual(writes('write', 'queueable'));
    expect(nativeRow('fcall')?.flags).toEqual(writes('write', 'script', 'queueable'));
    expect(nativeRow('eval')?.flags).toEqual([
      ...writes('write', 'script', 'queueable'),
      'runs_body',
    ]);
    expect(nativeRow('evalsha_ro')?.flags).toEqual([
      ...(['readonly', 'script', 'queueable', 'keyspace', 'runs_digest'] as const),
    ]);
    expect(nativeRow('publish')?.flags).toEqual(writes('write', 'queueable'));
    expect(nativeRow('hgetdel')?.flags).toEqual(writes('write', 'queueable'));
    for (const { name, flags } of NATIVE) {
      expect(flags.includes('write') !== flags.includes('readonly'), name).toBe(true);
    }
  });

  test('replicas may be asked for what shows whether its key was there', () => {
    const asked = NATIVE.filter(({ flags }) => flags.includes('at_replica'));
    const names = new Set(asked.map(({ name }) => name));
    for (const name of ['get', 'mget', 'exists', 'hgetall', 'object|encoding', 'xread', 'zscore']) {
      expect(names).toContain(name);
    }
    // Writes, scripts, cursors, commands without keys, what only the primary knows.
    const others = [
      'set',
      'sort',
      'georadius',
      'eval_ro',
      'fcall_ro',
      'evalsha_ro',
      'hscan',
      'scan',
    ];
    for (const name of [...others, 'dbsize', 'touch', 'pfcount', 'object|freq', 'watch', 'keys']) {
      expect(names).not.toContain(name);
    }
    for (const { route, flags } of asked) {
      expect(route).toBe('keys');
      expect(flags).toContain('readonly');
      expect(flags).not.toContain('script');
    }
  });

  test('XREAD blocks with a token only', () => {
    expect(nativeRow('xread')).toMatchObject({ route: 'keys', blockToken: 'BLOCK' });
    expect(nativeRow('xread')?.flags).toEqual([
      ...['readonly', 'blocks_with_token', 'queueable', 'keyspace', 'at_replica'],
    ]);
    expect(nativeRow('xreadgroup')?.flags).toEqual(
      writes('write', 'blocks_with_token', 'queueable'),
    );
  });

  test('what a pause of writes holds, and what MONITOR does not show', () => {
    const flagsOf = (name: string) => nativeRow(name)?.flags;
    for (const name of ['set', 'flushall', 'eval', 'fcall', 'publish', 'spublish', 'pfcount']) {
      expect(flagsOf(name), name).toContain('may_replicate');
    }
    for (const name of ['get', 'eval_ro', 'fcall_ro', 'ping', 'exec', 'client|pause', 'info']) {
      expect(flagsOf(name), name).not.toContain('may_replicate');
    }
    for (const name of ['randomkey', 'dbsize', 'keys', 'scan', 'object|encoding']) {
      expect(flagsOf(name), name).toContain('keyspace');
    }
    expect(flagsOf('time')).not.toContain('keyspace');
    for (const name of ['monitor', 'config|get', 'client|list', 'acl|setuser', 'slowlog|get']) {
      expect(flagsOf(name), name).toContain('unmonitored');
    }
    expect(flagsOf('auth')).not.toContain('unmonitored');
    const secret = NATIVE.filter(({ flags }) => flags.includes('secret')).map(({ name }) => name);
    expect(secret).toEqual(['acl|setuser', 'auth', 'config|set', 'hello', 'migrate']);
  });

  test('AUTH, HELLO, QUIT and RESET are allowed before authentication, nothing else', () => {
    const allowed = NATIVE.filter((row) => row.flags.includes('before_auth'));
    expect(allowed.map((row) => row.name)).toEqual(['auth', 'hello', 'quit', 'reset']);
  });

  test('two builds are equal', () => {
    expect(toNativeRows(coreTable())).toEqual(NATIVE);
  });
});
