import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { FunctionCopier } from '../../../src/proxy/functions.js';
import type { RespReply } from '../../../src/resp/index.js';
import type { ServerNode } from '../../../src/topology/index.js';
import { serverNode as node, topologyWith } from '../../support/topology.js';

function text(words: string): RespReply {
  return { kind: 'string', bytes: Buffer.from(words) };
}

/** Servers with libraries by node id; an error is what FUNCTION LIST is refused with. */
function setUp(libraries: Record<string, string[] | string>) {
  const calls: string[] = [];
  const copier = new FunctionCopier({
    execute: async (nodeId, args) => {
      const line = args.slice(1).map(String).join(' ');
      const present = libraries[nodeId];
      if (present === undefined) {
        throw new Error('connection refused');
      }
      if (line === 'LIST') {
        return typeof present === 'string'
          ? { kind: 'error', message: present }
          : { kind: 'array', items: present.map(entry) };
      }
      calls.push(`${nodeId} ${line}`);
      if (line === 'DUMP') {
        return text(`dump of ${nodeId}`);
      }
      libraries[nodeId] = ['restored'];
      return text('OK');
    },
    log: SILENT_LOGGER,
  });
  return { calls, copier };
}

function entry(name: string): RespReply {
  return { kind: 'array', items: [text('engine'), text('LUA'), text('library_name'), text(name)] };
}

const COPIED = ['a DUMP', 'c RESTORE dump of a REPLACE'];

test('the primaries of the first topology are taken as they are', async () => {
  const { calls, copier } = setUp({ a: ['lib'], c: [] });
  await copier.adopt(topologyWith([node('a'), node('c')]));
  expect(calls).toEqual([]);
});

test('a new primary is given the functions of the others, once', async () => {
  const { calls, copier } = setUp({ a: ['lib'], b: [], c: [] });
  await copier.adopt(topologyWith([node('b'), node('a')]));
  await copier.adopt(topologyWith([node('b'), node('a'), node('c')]));
  await copier.adopt(topologyWith([node('b'), node('a'), node('c')]));
  expect(calls).toEqual(COPIED);
});

test('a new primary is looked at before it has slots, and when it has some', async () => {
  const libraries: Record<string, string[]> = { a: ['restored'], c: [] };
  const { calls, copier } = setUp(libraries);
  await copier.adopt(topologyWith([node('a')]));
  await copier.adopt(topologyWith([node('a'), node('c', { hasSlots: false })]));
  expect(calls).toEqual(COPIED);
  libraries.a = ['restored', 'new'];
  await copier.adopt(topologyWith([node('a'), node('c')]));
  expect(calls).toEqual([...COPIED, ...COPIED]);
});

test.each<[string, Record<string, string[] | string>, Partial<ServerNode>]>([
  ['that has them', { a: ['lib'], c: ['own', 'lib'] }, {}],
  ['where nobody has any', { a: [], c: [] }, {}],
  ['of a version without functions', { a: "ERR unknown command 'FUNCTION'", c: [] }, {}],
  ['that we may not ask', { a: ['lib'], c: 'NOPERM no' }, {}],
  ['that fails', { a: ['lib'], c: [] }, { flags: ['fail'] }],
  ['that is a replica', { a: ['lib'], c: [] }, { role: 'replica' }],
])('nothing is copied to a server %s', async (_, libraries, fields) => {
  const { calls, copier } = setUp(libraries);
  await copier.adopt(topologyWith([node('a')]));
  await copier.adopt(topologyWith([node('a'), node('c', fields)]));
  expect(calls).toEqual([]);
});

test.each([
  ['cannot be reached', undefined],
  ['is loading', 'LOADING Redis is loading the dataset in memory'],
])('a new primary that %s is looked at with the next topology', async (_, state) => {
  const libraries: Record<string, string[] | string> = { a: ['lib'] };
  if (state !== undefined) {
    libraries.c = state;
  }
  const { calls, copier } = setUp(libraries);
  await copier.adopt(topologyWith([node('a')]));
  await copier.adopt(topologyWith([node('a'), node('c')]));
  expect(calls).toEqual([]);
  libraries.c = [];
  await copier.adopt(topologyWith([node('a'), node('c')]));
  expect(calls).toEqual(COPIED);
});
