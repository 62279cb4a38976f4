import { describe, expect, test } from 'vitest';
import {
  allowProblem,
  applyPolicy,
  denyProblem,
  toNativeRows,
} from '../../../src/commands/index.js';
import { LIFTABLE } from '../../../src/commands/rules/liftable.js';
import { rowOf, TABLE } from './support.js';

function routes(deny: readonly string[], allow: readonly string[], names: readonly string[]) {
  const table = applyPolicy(TABLE, { deny, allow, rename: [] });
  return names.map((name) => rowOf(name, table).route.kind);
}

describe('denyCommands', () => {
  test('refuses a command with the words for those that are never allowed', () => {
    const table = applyPolicy(TABLE, { deny: ['FlushAll'], allow: [], rename: [] });
    const place = table.rows.findIndex(({ name }) => name === 'flushall');
    expect(toNativeRows(table)[place]).toMatchObject({
      route: 'refuse',
      readyReply: "-ERR command is not allowed through Slotgate: 'flushall'\r\n",
    });
    expect(TABLE.rows[place]?.name).toBe('flushall');
  });

  test('names subcommands as users write them, and containers for all of theirs', () => {
    const names = ['config|set', 'config|get', 'acl|setuser', 'acl|help', 'acl'];
    expect(routes(['CONFIG SET', 'acl'], [], names)).toEqual([
      ...['refuse', 'control', 'refuse', 'refuse', 'refuse'],
    ]);
    expect(routes(['config|set'], [], ['config|set'])).toEqual(['refuse']);
  });

  test('hides what servers would do with it, too: keys, local answers', () => {
    expect(routes(['get', 'ping'], [], ['get', 'ping', 'set'])).toEqual([
      'refuse',
      'refuse',
      'keys',
    ]);
  });

  test.each(['get', 'Config Set', 'config|set', ' acl ', 'json.set', 'ft.config'])(
    '%j is a name',
    (name) => {
      expect(denyProblem(name)).toBeUndefined();
    },
  );

  test.each([
    ['flushal', 'did you mean "flushall"?'],
    ['config sets', 'did you mean "config set"?'],
    ['', 'no such command'],
    ['*', 'no such command'],
  ])('%j is none', (name, text) => {
    expect(denyProblem(name)).toContain(text);
  });
});

describe('allowCommands', () => {
  test('every command that can be allowed is refused without, and answered with it', () => {
    const names = [...LIFTABLE.keys()];
    expect(new Set(routes([], [], names))).toEqual(new Set(['refuse']));
    expect(routes([], names, names)).not.toContain('refuse');
    for (const name of names) {
      expect(rowOf(name).liftable, name).toBe(true);
    }
  });

  test('debug goes to every shard then', () => {
    const row = rowOf('debug', applyPolicy(TABLE, { deny: [], allow: ['DEBUG'], rename: [] }));
    expect(row).toMatchObject({ route: { kind: 'fan_out' }, requestPolicy: 'all_shards' });
  });

  test('denying is stronger', () => {
    expect(routes(['module'], ['module load'], ['module|load'])).toEqual(['refuse']);
  });

  test.each(['shutdown', 'get', 'nosuch'])(
    '%s cannot be allowed; the choices are named',
    (name) => {
      expect(allowProblem(name)).toContain('debug, module load, module loadex');
    },
  );

  test('the names may be written as users do', () => {
    expect(allowProblem('MODULE LOAD')).toBeUndefined();
  });
});

test('a policy without entries changes nothing', () => {
  expect(applyPolicy(TABLE, { deny: [], allow: [], rename: [] }).rows).toEqual(TABLE.rows);
});
