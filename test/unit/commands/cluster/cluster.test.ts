import { describe, expect, test } from 'vitest';
import { handleControl } from '../../../../src/commands/index.js';
import { CLUSTER_ANSWERED } from '../../../../src/commands/rules/cluster.js';
import { clusterInfo, clusterNodes } from '../../../../src/placement/index.js';
import { encodeValue, type RespValue } from '../../../../src/resp/index.js';
import { fakeContext } from '../fake-context.js';
import { recordingErrands, value } from '../fake-errands.js';
import { requestOf, rowOf } from '../support.js';
import { fakeView, PICTURE } from './fake-view.js';

const DISABLED = '-ERR This instance has cluster support disabled\r\n';
const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const SHOWN = fakeContext({ presentation: () => fakeView(), maxMergedReplyBytes: 10_000 });

async function ask(line: string, protocol: 2 | 3 = 2, context = SHOWN): Promise<string> {
  const outcome = await handleControl({ ...requestOf(line), protocol }, context);
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

function wire(content: RespValue, protocol: 2 | 3 = 2): string {
  return encodeValue(content, protocol).toString();
}

function text(content: string): RespValue {
  return { kind: 'verbatim', format: 'txt', bytes: Buffer.from(content) };
}

test.each(CLUSTER_ANSWERED)('%s is refused to a client that is shown no cluster', async (name) => {
  const { arity } = rowOf(name);
  const words = [...name.split('|'), '1', '1', '1'].slice(0, Math.abs(arity));
  const { errands, calls } = recordingErrands(() => value('+OK'));
  expect(await ask(words.join(' '), 2, fakeContext({ errands }))).toBe(DISABLED);
  expect(calls).toEqual([]);
});

test('the picture is that for the addresses of the client', async () => {
  const seen: string[] = [];
  const picture = (...addresses: readonly string[]) => {
    seen.push(...addresses);
    return PICTURE;
  };
  const presentation = () => fakeView({ picture });
  await ask('cluster slots', 2, fakeContext({ presentation }));
  expect(seen).toEqual(['127.0.0.1:50000', '127.0.0.1:12000']);
});

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test.each<readonly [string, RespValue]>([
    ['cluster slots', value([[0, 16_383, ['10.0.0.1', 7000, A, {}], ['10.0.0.1', 7001, B, {}]]])],
    ['cluster nodes', text(clusterNodes(PICTURE))],
    ['cluster info', text(clusterInfo(PICTURE))],
    ['cluster myid', value('p'.repeat(40))],
    ['cluster links', value([])],
    ['cluster keyslot foo', value(12_182)],
    ['cluster keyslot foo{hash_tag}', value(2_515)],
    [`cluster replicas ${A}`, value([`${B} 10.0.0.1:7001@17001 slave ${A} 0 0 3 connected`])],
    [`cluster slaves ${'p'.repeat(40)}`, value([])],
    [`cluster replicas ${B}`, value('-ERR The specified node is not a master')],
    ['cluster replicas x', value('-ERR Unknown node x')],
    [`cluster count-failure-reports ${B}`, value(0)],
    ['cluster count-failure-reports x', value('-ERR Unknown node x')],
    ['cluster keyslot', value("-ERR wrong number of arguments for 'cluster|keyslot' command")],
  ])('%s', async (line, expected) => {
    expect(await ask(line, protocol)).toBe(wire(expected, protocol));
  });

  test('cluster shards has maps', async () => {
    const reply = await ask('cluster shards', protocol);
    expect(
      reply.startsWith(protocol === 3 ? '*1\r\n%2\r\n$5\r\nslots' : '*1\r\n*4\r\n$5\r\nslots'),
    ).toBe(true);
  });
});

test('HELP names what is answered, but for older names and what later servers added', async () => {
  const reply = await ask('cluster help');
  const named = [...reply.matchAll(/^\+([A-Z-]+)/gm)].map(([, name]) => name?.toLowerCase());
  const answered = CLUSTER_ANSWERED.map((name) => name.slice('cluster|'.length));
  const older = ['myshardid', 'slaves'];
  expect(named.slice(1).sort()).toEqual(answered.filter((name) => !older.includes(name)).sort());
});

test('MYSHARDID is not MYID, and always the same', async () => {
  const [id, shard, again] = [
    await ask('cluster myid'),
    await ask('cluster myshardid'),
    await ask('cluster myshardid'),
  ];
  expect(shard).toMatch(/^\$40\r\n[0-9a-f]{40}\r\n$/);
  expect(shard).toBe(again);
  expect(shard).not.toBe(id);
});

describe('keys of a slot', () => {
  test.each([
    ['cluster countkeysinslot 4', 'b'],
    ['cluster getkeysinslot 5 10', 'c'],
    ['cluster countkeysinslot 16383', 'a'],
    ['cluster countkeysinslot 16384', 'a'],
    ['cluster getkeysinslot -1 10', 'a'],
    ['cluster getkeysinslot x y', 'a'],
  ])('%s is asked at %s', async (line, owner) => {
    const { errands, calls } = recordingErrands(() => value(7));
    const context = fakeContext({ errands, presentation: () => fakeView() });
    expect(await ask(line, 2, context)).toBe(':7\r\n');
    expect(calls).toEqual([[owner, ...line.split(' ')]]);
  });
});
