import { describe, expect, test } from 'vitest';
import { renameProblem } from '../../../src/commands/command-policy.js';
import { applyPolicy, toNativeRows } from '../../../src/commands/index.js';
import { Renames } from '../../../src/commands/renames.js';
import { keepPlaces } from '../../../src/proxy/keep-places.js';
import { TABLE } from './support.js';

const RENAME = ['CONFIG=Cfg', 'keys=', 'get=set', 'set=get'];

describe('names', () => {
  const renames = new Renames(RENAME);

  test.each([
    ['config', 'cfg'],
    ['config|get', 'cfg|get'],
    ['keys', undefined],
    ['get', 'set'],
    ['set', 'get'],
    ['del', 'del'],
    ['client|list', 'client|list'],
    ['cfg', undefined],
  ])('%s is called %s', (name, called) => {
    expect(renames.calledAs(name)).toBe(called);
  });

  test.each([
    ['cfg', 'config'],
    ['cfg|get', 'config|get'],
    ['config', undefined],
    ['keys', undefined],
    ['set', 'get'],
    ['del', 'del'],
    ['', ''],
  ])('what is called %j is %s', (called, name) => {
    expect(renames.nameOf(called)).toBe(name);
  });
});

describe('what may be written', () => {
  test.each([
    [RENAME],
    [['ft.search=search', 'debug=d-1.x:y_z']],
    [['config=my.config']],
    [['keys=', 'debug=']],
    [[]],
  ])('%j', (entries) => {
    expect(renameProblem(entries)).toBeUndefined();
  });

  test.each([
    [['config'], 'allowed is NAME=NEW'],
    [['=new'], 'allowed is NAME=NEW'],
    [['config|get=cfg'], 'subcommands go with their container'],
    [['config get=cfg'], 'allowed is NAME=NEW'],
    [['config=a b'], 'allowed is NAME=NEW'],
    [['config=a|b'], 'allowed is NAME=NEW'],
    [[`config=${'x'.repeat(65)}`], 'allowed is NAME=NEW'],
    [['confg=cfg'], 'there is no command "confg"'],
    [['config=a', 'CONFIG=b'], 'each command has one new name'],
    [['config=a', 'keys=A'], 'each command has one new name'],
    [['config=del'], '"del" is the name of another command'],
  ])('not %j', (entries, problem) => {
    expect(renameProblem(entries)).toContain(problem);
  });
});

describe('the table', () => {
  const table = applyPolicy(TABLE, { deny: ['flushall'], allow: [], rename: RENAME });
  const rows = toNativeRows(table);
  const row = (name: string) => rows.find((candidate) => candidate.name === name);

  test('tells the data plane what clients call its rows', () => {
    expect(row('config|get')).toMatchObject({ called: 'cfg|get' });
    expect(row('config|get')?.flags).toContain('renamed');
    expect(row('keys')).toMatchObject({ called: '' });
    expect(row('keys')?.flags).toContain('renamed');
    expect(row('del')).toMatchObject({ called: '' });
    expect(row('del')?.flags).not.toContain('renamed');
  });

  test('answers questions about commands itself then, and only then', () => {
    const routes = ['command', 'command|info', 'command|getkeys'].map((name) => row(name)?.route);
    expect(routes).toEqual(['control', 'control', 'control']);
    const plain = applyPolicy(TABLE, { deny: [], allow: [], rename: [] });
    expect(plain.find('command')?.route.kind).toBe('keyless');
  });

  test('keeps its names when it is published again', () => {
    expect(keepPlaces(TABLE, table).renames).toBe(table.renames);
  });
});
