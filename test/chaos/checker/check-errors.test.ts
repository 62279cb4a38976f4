import { describe, expect, test } from 'vitest';
import type { FaultRecord } from '../history/fault-record.js';
import type { Operation } from '../history/operations.js';
import { checkError, checkPassedForOrder } from './check-errors.js';
import { KILL, SLOT } from './forge.js';

const LIMITS = { holdMs: 7_000, recoveryMs: 1_000, passedForOrder: 1 };
const MOVE: FaultRecord = {
  ...KILL,
  fault: { kind: 'move-slots', forMs: 5_000 },
  mayLoseTail: false,
};
/** The cluster was not back before the client's time was up. */
const LONG_KILL: FaultRecord = { ...KILL, directAt: 20_000, settledAt: 25_000 };

const UNKNOWN =
  'OUTCOMEUNKNOWN outcome unknown: connection to 127.0.0.1:7000 (slot 5) was lost after the command was sent';
const DOWN = 'CLUSTERDOWN Hash slot not served';

function ruleFor(
  message: string,
  operation: Operation,
  times: { readonly sentAt: number; readonly at: number },
  faults: readonly FaultRecord[],
  mayBeOvertaken = false,
): string | undefined {
  const error = { operation, client: 'c', slots: [SLOT], message, mayBeOvertaken, ...times };
  const [violation] = checkError(error, faults, LIMITS);
  return violation?.rule;
}

const SHORT = { sentAt: 11_000, at: 11_100 };
const HELD = { sentAt: 10_500, at: 17_500 };

describe('an error', () => {
  test('of a write whose connection was lost is documented', () => {
    expect(ruleFor(UNKNOWN, 'push', SHORT, [KILL])).toBeUndefined();
  });

  test('that nobody has documented is a violation', () => {
    expect(ruleFor('ERR something else', 'push', SHORT, [KILL])).toBe('undocumented error');
    expect(ruleFor('OUTCOMEUNKNOWN', 'push', SHORT, [KILL])).toBe('undocumented error');
    expect(ruleFor('UNBLOCKED force unblock', 'pop', SHORT, [KILL])).toBe('undocumented error');
  });

  test('needs a fault', () => {
    expect(ruleFor(UNKNOWN, 'push', SHORT, [])).toBe('error without a fault');
    expect(ruleFor(UNKNOWN, 'push', { sentAt: 16_001, at: 16_002 }, [KILL])).toBe(
      'error without a fault',
    );
    expect(ruleFor(UNKNOWN, 'push', { sentAt: 9_000, at: 9_999 }, [KILL])).toBe(
      'error without a fault',
    );
  });

  test('about a lost connection needs a fault that loses connections', () => {
    expect(ruleFor(UNKNOWN, 'push', SHORT, [MOVE])).toBe('error without a fault');
  });

  test('about a lost connection is none of a stop, unless the server was replaced meanwhile', () => {
    const stop = { ...MOVE, fault: { kind: 'stop-primary', shard: 0, forMs: 500 } } as const;
    expect(ruleFor(UNKNOWN, 'push', SHORT, [stop])).toBe('error without a fault');
    expect(ruleFor(UNKNOWN, 'push', SHORT, [{ ...stop, mayLoseTail: true }])).toBeUndefined();
  });

  test('of a read is none that is documented, while the cluster recovers in time', () => {
    expect(ruleFor(UNKNOWN, 'get', SHORT, [KILL])).toBe('read failed');
    expect(ruleFor(UNKNOWN, 'get', { ...HELD, at: 17_499 }, [KILL])).toBe('read failed');
    expect(ruleFor(UNKNOWN, 'get', HELD, [KILL])).toBeUndefined();
    expect(ruleFor(DOWN, 'get', HELD, [KILL])).toBe('refused though served');
    expect(ruleFor(DOWN, 'get', HELD, [LONG_KILL])).toBeUndefined();
  });

  test('about a shard that is away comes when the time is up, not before', () => {
    expect(ruleFor(DOWN, 'push', { sentAt: 10_500, at: 17_000 }, [LONG_KILL])).toBe(
      'refused early',
    );
    expect(ruleFor(DOWN, 'push', HELD, [LONG_KILL])).toBeUndefined();
    expect(ruleFor(DOWN, 'push', HELD, [KILL])).toBe('refused though served');
  });

  test('about a shard comes at once if a younger request has overtaken it, as often as counted', () => {
    expect(ruleFor(DOWN, 'push', SHORT, [KILL], true)).toBeUndefined();
    expect(ruleFor(UNKNOWN, 'get', SHORT, [KILL], true)).toBe('read failed');
    expect(ruleFor(DOWN, 'push', SHORT, [], true)).toBe('error without a fault');
    const error = {
      operation: 'push',
      client: 'c',
      slots: [SLOT],
      message: DOWN,
      mayBeOvertaken: true,
      ...SHORT,
    } as const;
    expect(checkPassedForOrder([error, { ...error, ...HELD }], LIMITS)).toEqual([]);
    expect(checkPassedForOrder([error, error], LIMITS)).toMatchObject([{ rule: 'refused early' }]);
  });

  test('of a script is passed on', () => {
    expect(ruleFor(DOWN, 'eval', SHORT, [KILL])).toBeUndefined();
    expect(ruleFor(DOWN, 'eval', SHORT, [])).toBe('error without a fault');
  });

  test('a closed connection is documented for half a large reply only', () => {
    expect(ruleFor('connection closed', 'push', SHORT, [KILL])).toBe('undocumented error');
    expect(ruleFor('connection closed', 'large-get', SHORT, [KILL])).toBeUndefined();
    expect(ruleFor('connection closed', 'large-get', SHORT, [MOVE])).toBe('undocumented error');
  });

  test('of a large request need not wait', () => {
    const text =
      'TRYAGAIN slot moved while a request of 9 bytes was being sent; nothing was executed';
    expect(ruleFor(text, 'large-set', SHORT, [MOVE])).toBeUndefined();
    expect(ruleFor('TRYAGAIN Multiple keys', 'push', SHORT, [MOVE])).toBe('refused early');
  });
});
