import { describe, expect, test } from 'vitest';
import { addServerCommands, mergeServerCommands } from '../../../src/commands/index.js';
import { reply, rowOf, type Shorthand, TABLE } from './support.js';

interface Entry {
  readonly name: string;
  readonly arity?: number;
  readonly flags?: readonly string[];
  readonly triple?: readonly [number, number, number];
  readonly specs?: readonly Shorthand[];
  readonly subcommands?: readonly Shorthand[];
}

function entry({ name, arity = -2, flags = [], triple = [0, 0, 0], specs, subcommands }: Entry) {
  return [name, arity, flags, ...triple, [], [], specs ?? [], subcommands ?? []];
}

function indexSpec(index: number, lastKey = 0, flags: readonly string[] = ['RW']): Shorthand {
  return [
    ...['flags', flags, 'begin_search', ['type', 'index', 'spec', ['index', index]]],
    'find_keys',
    ['type', 'range', 'spec', ['lastkey', lastKey, 'keystep', 1, 'limit', 0]],
  ];
}

const KEYNUM_SPEC: Shorthand = [
  ...['flags', ['RO'], 'begin_search', ['type', 'index', 'spec', ['index', 2]], 'find_keys'],
  ['type', 'keynum', 'spec', ['keynumidx', 0, 'firstkey', 1, 'keystep', 1]],
];

function added(...entries: readonly Entry[]) {
  return addServerCommands(TABLE, [reply(entries.map(entry))]);
}

describe('commands of modules', () => {
  test('route by their key specifications', () => {
    const flags = ['write', 'module'];
    const table = added({ name: 'JSON.SET', arity: -4, flags, specs: [indexSpec(1)] });
    expect(rowOf('json.set', table)).toMatchObject({
      source: 'server',
      group: 'module',
      route: { kind: 'keys' },
      repeatable: false,
      keySpecs: [{ begin: { kind: 'index', index: 1 } }],
    });
  });

  test('a counted key list is understood', () => {
    const flags = ['readonly', 'module', 'movablekeys'];
    const row = rowOf('m.count', added({ name: 'm.count', flags, specs: [KEYNUM_SPEC] }));
    expect(row.route).toEqual({ kind: 'keys' });
    expect(row.keySpecs[0]?.find).toMatchObject({ kind: 'keynum', keynumIndex: 0, firstKey: 1 });
  });

  test('route by the legacy triple where there are no specifications', () => {
    const mget = { name: 'json.mget', flags: ['readonly', 'module'], triple: [1, -2, 1] as const };
    const pair = { name: 'm.pair', flags: ['module'], triple: [2, 3, 1] as const };
    const table = added(mget, pair);
    expect(rowOf('json.mget', table).keySpecs).toEqual([
      {
        begin: { kind: 'index', index: 1 },
        find: { kind: 'range', lastKey: -2, step: 1, limit: 0 },
        flags: [],
      },
    ]);
    expect(rowOf('json.mget', table).repeatable).toBe(true);
    expect(rowOf('m.pair', table).keySpecs[0]?.find).toMatchObject({ lastKey: 1 });
    expect(rowOf('m.pair', table).repeatable).toBe(false);
  });

  test.each([
    ['no specification', { triple: [1, 1, 1] as const }],
    ['one plain specification, as a module with code of its own shows', { specs: [indexSpec(1)] }],
  ])('with movable keys and %s are refused in clear words', (_, keys) => {
    const row = rowOf(
      'm.move',
      added({ name: 'm.move', flags: ['module', 'movablekeys'], ...keys }),
    );
    expect(row.route).toEqual({ kind: 'refuse', refusal: 'keys_unknown' });
  });

  test.each([
    ['a position of 0', { specs: [indexSpec(0)] }],
    ['a huge position', { specs: [indexSpec(70_000)] }],
    ['a triple that ends before it begins', { triple: [2, 1, 1] as const }],
  ])('with %s have keys that nobody can tell', (_, keys) => {
    const table = added({ name: 'm.odd', arity: 40_000, flags: ['module'], ...keys });
    expect(rowOf('m.odd', table)).toMatchObject({ arity: 0, route: { refusal: 'keys_unknown' } });
  });

  test('without keys go to any primary; blocking ones, and pub/sub, are refused', () => {
    const table = added(
      { name: 'ft.search', flags: ['readonly', 'module'] },
      { name: 'm.block', flags: ['module', 'blocking'] },
      { name: 'm.pop', flags: ['module', 'blocking'], specs: [indexSpec(1)] },
      { name: 'm.sub', flags: ['module', 'pubsub'] },
    );
    expect(rowOf('ft.search', table).route).toEqual({ kind: 'keyless' });
    expect(rowOf('m.block', table).route).toEqual({ kind: 'refuse', refusal: 'unsupported' });
    expect(rowOf('m.pop', table).route).toEqual({ kind: 'keys' });
    expect(rowOf('m.sub', table)).toMatchObject({
      connectionState: true,
      route: { kind: 'refuse' },
    });
  });

  test('containers bring their subcommands', () => {
    const set = entry({ name: 'm.box|set', flags: ['write'], specs: [indexSpec(2)] });
    const table = added({ name: 'm.box', flags: ['module'], subcommands: [set] });
    expect(rowOf('m.box', table)).toMatchObject({ container: true, route: { kind: 'control' } });
    expect(rowOf('m.box|set', table)).toMatchObject({ group: 'module', route: { kind: 'keys' } });
  });
});

describe('commands of newer servers', () => {
  test('with keys are sent on, without are refused', () => {
    const table = added({ name: 'newget', specs: [indexSpec(1)] }, { name: 'newmode' });
    expect(rowOf('newget', table)).toMatchObject({ route: { kind: 'keys' }, repeatable: false });
    expect(rowOf('newmode', table).route).toEqual({ kind: 'refuse', refusal: 'unsupported' });
  });

  test('a new subcommand is as careful as its container', () => {
    const newest = entry({ name: 'client|newest', specs: [indexSpec(2)] });
    const clusterNew = entry({ name: 'cluster|newest' });
    const table = added(
      { name: 'client', subcommands: [newest] },
      { name: 'cluster', subcommands: [clusterNew] },
    );
    expect(rowOf('client|newest', table)).toMatchObject({
      connectionState: true,
      route: { kind: 'refuse', refusal: 'unsupported' },
    });
    expect(rowOf('cluster|newest', table).route).toEqual({
      kind: 'local',
      answer: 'if_cluster',
      reply: "-ERR command is not allowed through Slotgate: 'cluster|newest'\r\n",
    });
  });
});

test('a cluster can be asked what its servers can be asked', () => {
  const table = mergeServerCommands(TABLE, [
    reply([entry({ name: 'cluster', subcommands: [entry({ name: 'cluster|slots' })] })]),
  ]);
  const names = table.subcommandsOf('cluster').map(({ name }) => name);
  expect(names).toEqual(['cluster|slots']);
});

describe('servers that differ', () => {
  test('write wins, the looser arity wins, keys are united', () => {
    const one = entry({
      name: 'm.x',
      arity: 3,
      flags: ['readonly', 'module'],
      specs: [indexSpec(1)],
    });
    const two = entry({
      ...{ name: 'm.x', arity: -4, flags: ['write', 'module'] },
      specs: [indexSpec(1), indexSpec(2)],
    });
    const table = mergeServerCommands(TABLE, [reply([one]), reply([two])]);
    const row = rowOf('m.x', table);
    expect(row).toMatchObject({ arity: -3, repeatable: false });
    expect(row.keySpecs.map((spec) => spec.begin)).toEqual([
      { kind: 'index', index: 1 },
      { kind: 'index', index: 2 },
    ]);
  });

  test('known rows keep our columns', () => {
    const changed = entry({ name: 'mget', arity: -3, flags: ['write'], specs: [indexSpec(5)] });
    const row = rowOf('mget', mergeServerCommands(TABLE, [reply([changed])]));
    expect(row).toMatchObject({ arity: -2, split: { kind: 'array_in_order' }, repeatable: false });
    expect(row.keySpecs).toEqual(rowOf('mget').keySpecs);
  });
});

describe('commands that no server has', () => {
  const merged = mergeServerCommands(TABLE, [
    reply([
      entry({ name: 'config', subcommands: [entry({ name: 'config|get', arity: -3 })] }),
      entry({ name: 'client' }),
    ]),
  ]);

  test('have no row if the proxy would only refuse them', () => {
    expect(merged.find('himport|set')).toBeUndefined();
    expect(merged.find('himport')).toBeUndefined();
    expect(merged.find('module|load')).toBeUndefined();
  });

  test('have no row if servers would have to do it for the connection', () => {
    const client = { name: 'client', subcommands: [entry({ name: 'client|list' })] };
    const table = mergeServerCommands(TABLE, [reply([entry(client)])]);
    expect(table.find('client|no-touch')).toBeUndefined();
    expect(table.find('client|list')).toBeDefined();
  });

  test('keep their row if the proxy, or a shard, answers', () => {
    expect(merged.find('hexpire')).toBeDefined();
    expect(merged.find('client|setinfo')).toBeDefined();
    expect(merged.find('config|get')).toBeDefined();
  });

  test('keep their row if the server lists a container without its subcommands', () => {
    expect(merged.find('client|kill')).toBeDefined();
  });

  test('come back with our columns when a server knows them', () => {
    const again = addServerCommands(merged, [reply([entry({ name: 'save', arity: 1 })])]);
    expect(rowOf('save', again)).toEqual(rowOf('save'));
  });
});

test('a name that is too long for the data plane is left out', () => {
  expect(added({ name: 'm'.repeat(129) }).rows).toEqual(TABLE.rows);
});

test('no reply, no change; nulls of COMMAND INFO say nothing', () => {
  expect(mergeServerCommands(TABLE, [])).toBe(TABLE);
  expect(addServerCommands(TABLE, [reply([null])]).rows).toEqual(TABLE.rows);
});

test.each([
  [{ kind: 'error', message: 'NOPERM this user has no permissions' } as const, 'permission_denied'],
  [reply('OK'), 'reply_invalid'],
  [reply([['get']]), 'reply_invalid'],
])('a reply that is none is an error: %j', (bad, code) => {
  expect(() => mergeServerCommands(TABLE, [bad])).toThrowError(expect.objectContaining({ code }));
});
