import { describe, expect, test } from 'vitest';
import { handleControl } from '../../../src/commands/index.js';
import { decodeValue, encodeValue, type RespValue } from '../../../src/resp/index.js';
import { fakeContext } from './fake-context.js';
import { inOrder, recordingErrands, type ValueShorthand, value } from './fake-errands.js';
import { requestOf } from './support.js';

/** The answer to `line`, if the servers give these replies in their order. */
async function joined(line: string, replies: readonly ValueShorthand[], protocol: 2 | 3 = 3) {
  const { errands } = recordingErrands(inOrder(...replies.map((each) => value(each, protocol))));
  const context = fakeContext({ errands, maxMergedReplyBytes: 100_000 });
  const outcome = await handleControl({ ...requestOf(line), protocol }, context);
  if (outcome.kind !== 'reply') {
    throw new Error('no reply');
  }
  return decodeValue(outcome.bytes);
}

/** As a client of that protocol sees the value. */
function seen(content: ValueShorthand, protocol: 2 | 3): RespValue {
  return decodeValue(encodeValue(value(content, protocol), protocol));
}

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  const check = async (
    line: string,
    replies: readonly ValueShorthand[],
    expected: ValueShorthand,
  ) => {
    expect(await joined(line, replies, protocol)).toEqual(seen(expected, protocol));
  };

  test('ROLE is that of a primary without replicas', () =>
    check(
      'role',
      [
        ['master', 50, [['10.0.0.1', '7001', '50']]],
        ['slave', '10.0.0.1', 7000, 'connected', 9],
        ['master', 70, []],
      ],
      ['master', 70, []],
    ));

  test('MEMORY STATS', () => {
    const stats = (keys: number, total: number, ratio: number) => ({
      'peak.allocated': 1_000,
      'total.allocated': total,
      'startup.allocated': 100,
      'db.0': { 'overhead.hashtable.main': 8 },
      'keys.count': keys,
      'keys.bytes-per-key': 99,
      fragmentation: ratio,
    });
    return check('memory stats', [stats(1, 200, 1.5), stats(2, 300, 2.25), stats(0, 100, 1.75)], {
      'peak.allocated': 3_000,
      'total.allocated': 600,
      'startup.allocated': 300,
      'db.0': { 'overhead.hashtable.main': 24 },
      'keys.count': 3,
      'keys.bytes-per-key': 100,
      fragmentation: 2.25,
    });
  });

  test('MEMORY STATS without keys', () =>
    check(
      'memory stats',
      [{ 'total.allocated': 5, 'startup.allocated': 6, 'keys.count': 0, 'keys.bytes-per-key': 0 }],
      { 'total.allocated': 15, 'startup.allocated': 18, 'keys.count': 0, 'keys.bytes-per-key': 0 },
    ));

  test('LATENCY HISTOGRAM: counts are cumulative, so a missing bound has that below it', () =>
    check(
      'latency histogram',
      [
        { get: { calls: 10, histogram_usec: { 1: 4, 4: 10 } } },
        {
          get: { calls: 5, histogram_usec: { 2: 5 } },
          set: { calls: 1, histogram_usec: { 8: 1 } },
        },
        {},
      ],
      {
        get: { calls: 15, histogram_usec: { 1: 4, 2: 9, 4: 15 } },
        set: { calls: 1, histogram_usec: { 8: 1 } },
      },
    ));

  test('FUNCTION STATS', () => {
    const running = { name: 'f', command: ['fcall', 'f', '0'], duration_ms: 7 };
    const engines = (libraries: number) => ({
      LUA: { libraries_count: libraries, functions_count: 2 },
    });
    return check(
      'function stats',
      [
        { running_script: null, engines: engines(1) },
        { running_script: running, engines: engines(3) },
        { running_script: null, engines: engines(3) },
      ],
      { running_script: running, engines: engines(3) },
    );
  });

  test('ACL LOG: the youngest of all, as many as wanted', () => {
    const entry = (age: number) => ({ count: 1, reason: 'command', 'age-seconds': age });
    const logs = [[entry(1.5), entry(9.5)], [entry(0.5)], [], [entry(4.5)], [], []];
    return Promise.all([
      check('acl log', logs, [0.5, 1.5, 4.5, 9.5].map(entry)),
      check('acl log 2', logs, [0.5, 1.5].map(entry)),
      check('acl log -3', logs, []),
    ]);
  });
});

test('FUNCTION STATS while nothing runs', async () => {
  const idle = { running_script: null, engines: {} };
  expect(await joined('function stats', [idle])).toEqual(value(idle));
});

test('ACL LOG shows ten entries, and RESET answers OK', async () => {
  const entries = Array.from({ length: 8 }, (_, i) => ({ 'age-seconds': i + 0.5 }));
  const reply = await joined('acl log', [entries, entries, []]);
  expect(reply.kind === 'array' && reply.items).toHaveLength(10);
  expect(await joined('acl log reset', ['+OK'])).toEqual(value('+OK'));
});

describe('LATENCY', () => {
  test('LATEST: the younger spike and the larger maximum; what later servers add is added', async () => {
    const reply = await joined('latency latest', [
      [['command', 100, 5, 50, 500, 3]],
      [
        ['command', 200, 7, 9, 70, 2],
        ['fork', 1, 2, 3, 4, 5],
      ],
      [],
    ]);
    expect(reply).toEqual(
      value([
        ['command', 200, 7, 50, 570, 5],
        ['fork', 1, 2, 3, 4, 5],
      ]),
    );
  });

  test('HISTORY: oldest first', async () => {
    const reply = await joined('latency history command', [
      [
        [3, 30],
        [7, 70],
      ],
      [[5, 50]],
      [],
    ]);
    expect(reply).toEqual(
      value([
        [3, 30],
        [5, 50],
        [7, 70],
      ]),
    );
  });

  test('GRAPH: servers without samples have nothing to add, unless all have none', async () => {
    const none = "-ERR No samples available for event 'command'";
    expect(await joined('latency graph command', [none, 'graph', none])).toEqual(value('graph'));
    expect(await joined('latency graph command', [none])).toEqual(value(none));
    expect(await joined('latency graph command', ['-NOPERM no', 'graph'])).toEqual(
      value('-NOPERM no'),
    );
  });
});

test('texts: one if all say the same, else each under its heading', async () => {
  expect(await joined('memory doctor', ['fine'])).toEqual(value('fine'));
  expect(await joined('memory doctor', ['fine', 'sick', 'fine'])).toEqual(
    value('# Server 1 of 3\nfine\n# Server 2 of 3\nsick\n# Server 3 of 3\nfine'),
  );
});
