import { describe, expect, test } from 'vitest';
import { ChannelHistory, ChannelPublications } from '../history/channel-history.js';
import type { FaultRecord } from '../history/fault-record.js';
import { RegisterHistory } from '../history/register-history.js';
import { checkChannel, checkOpen, checkStaleRead } from './check-observations.js';
import { checkRecovery } from './check-recovery.js';
import { KILL, SLOT } from './forge.js';

describe('a register', () => {
  function forge(acknowledgedAt: number) {
    const register = new RegisterHistory('c', 'k', SLOT);
    for (let i = 0; i < 3; i++) register.next();
    register.acknowledge(2, acknowledgedAt);
    return register;
  }

  test('shows what was acknowledged, or what was sent behind it', () => {
    const register = forge(1_000);
    expect(register.read(register.value(2), 2_000)).toBeUndefined();
    expect(register.read(register.value(3), 2_000)).toBeUndefined();
  });

  test.each([null, 'c|k|1'])('never goes back, to %s', (reply) => {
    const problem = forge(1_000).read(reply, 2_000);
    const read = problem?.kind === 'stale' ? problem.read : expect.fail();
    expect(checkStaleRead(read, [KILL])).toMatchObject([{ rule: 'stale read' }]);
  });

  test('goes back, once, if its primary failed', () => {
    const register = forge(9_900);
    const problem = register.read('c|k|1', 14_000);
    const read = problem?.kind === 'stale' ? problem.read : expect.fail();
    expect(checkStaleRead(read, [KILL])).toEqual([]);
    expect(checkStaleRead(read, [{ ...KILL, mayLoseTail: false }])).toHaveLength(1);
    expect(register.read('c|k|1', 14_100)).toBeUndefined();
  });

  test.each(['c|k|4', 'c|other|1', 'd|k|1', 'c|k|', 'OK', 7])(
    'shows a foreign value: %s',
    (value) => {
      expect(forge(1_000).read(value, 2_000)).toMatchObject({ kind: 'foreign' });
    },
  );
});

describe('a channel', () => {
  test('gives each message once, in order; some may be missing', () => {
    const channel = new ChannelHistory('s', new ChannelPublications('ch', false));
    for (const number of [0, 1, 5]) channel.message(number, 1);
    expect(checkChannel(channel, [])).toEqual([]);
    expect([channel.received, channel.last]).toEqual([3, 5]);
  });

  test('tells a message that comes twice from one that comes late', () => {
    const channel = new ChannelHistory('s', new ChannelPublications('ch', false));
    for (const number of [1, 3, 3, 2]) channel.message(number, 1);
    expect(checkChannel(channel, []).map(({ rule }) => rule)).toEqual([
      'message twice',
      'message out of order',
    ]);
  });

  test('may give a message of unknown outcome late, but once', () => {
    const publications = new ChannelPublications('ch', false);
    publications.failed(2);
    const channel = new ChannelHistory('s', publications);
    for (const number of [1, 3, 2]) channel.message(number, 1);
    expect(checkChannel(channel, [])).toEqual([]);
    channel.message(2, 1);
    expect(checkChannel(channel, [])).toMatchObject([{ rule: 'message twice' }]);
  });
});

describe('a channel whose home moves', () => {
  const FAIL_OVER: FaultRecord = { ...KILL, fault: { kind: 'fail-over', shard: 0 } };
  function rules(
    numbers: readonly number[],
    at: number,
    fault: FaultRecord,
    isShardChannel = false,
  ) {
    const channel = new ChannelHistory('s', new ChannelPublications('ch', isShardChannel));
    for (const number of numbers) channel.message(number, at);
    return checkChannel(channel, [fault]).map(({ rule }) => rule);
  }

  test('may give a message of that moment twice', () => {
    expect(rules([1, 2, 1], 12_000, FAIL_OVER)).toEqual([]);
    expect(rules([1, 2, 1], 9_000, FAIL_OVER)).toEqual(['message twice']);
    expect(rules([1, 2, 1], 18_000, FAIL_OVER)).toEqual(['message twice']);
    expect(rules([1, 500, 1], 12_000, FAIL_OVER)).toEqual(['message twice']);
  });

  test('gives it once if no primary was replaced, and on a shard channel', () => {
    const cut: FaultRecord = { ...KILL, fault: { kind: 'cut-links', shard: 0, mode: 'end' } };
    expect(rules([1, 2, 1], 12_000, cut)).toEqual(['message twice']);
    expect(rules([1, 2, 1], 12_000, FAIL_OVER, true)).toEqual(['message twice']);
  });
});

describe('a recovery', () => {
  test('takes no longer than the limit', () => {
    expect(checkRecovery(KILL, [], 200)).toEqual([]);
    expect(checkRecovery(KILL, [], 199)).toMatchObject([{ rule: 'slow recovery' }]);
  });

  test('may take longer by the time in which the clients themselves stood still', () => {
    expect(checkRecovery(KILL, [{ at: 13_100, ms: 100 }], 100)).toEqual([]);
    expect(checkRecovery(KILL, [{ at: 12_900, ms: 100 }], 100)).toHaveLength(1);
  });

  test('is of all slots', () => {
    const record: FaultRecord = { ...KILL, slots: [SLOT, SLOT + 1] };
    expect(checkRecovery(record, [], 1_000)).toMatchObject([{ rule: 'slow recovery' }]);
  });

  test('is limited after kills, and where the servers recovered at all', () => {
    const hang: FaultRecord = {
      ...KILL,
      fault: { kind: 'hang-primary', shard: 0, continueAfterMs: 0 },
    };
    expect(checkRecovery(hang, [], 100)).toEqual([]);
    const { directAt: _, ...never } = KILL;
    expect(checkRecovery(never, [], 100)).toEqual([]);
  });
});

test('a request without a reply is told', () => {
  const open = [
    { operation: 'get', slots: [], client: 'c', sentAt: 5, mayBeOvertaken: false } as const,
  ];
  expect(checkOpen(open)).toEqual([{ rule: 'never answered', detail: 'c, get, sent at 5 ms' }]);
});
