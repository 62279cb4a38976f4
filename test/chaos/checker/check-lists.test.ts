import { describe, expect, test } from 'vitest';
import { ListHistory } from '../history/list-history.js';
import { checkList, checkTwins } from './check-lists.js';
import { acknowledgedAt, forgeList, KILL, SLOT, tokens } from './forge.js';

const OTHER_SLOT = { ...KILL, slots: [SLOT + 1] };
const NO_LOSS = { ...KILL, mayLoseTail: false };

function rules(...args: Parameters<typeof checkList>): string[] {
  return checkList(...args).map(({ rule }) => rule);
}

describe('a list', () => {
  test('with everything in its place is right, also if more than the first block was sent', () => {
    const list = forgeList(...acknowledgedAt(...Array.from({ length: 200 }, (_, i) => i)));
    expect(rules(list, tokens(...Array.from({ length: 200 }, (_, i) => i)), [])).toEqual([]);
  });

  test('may have a write of unknown outcome, or not; and one that was never answered', () => {
    const list = forgeList('unknown', 'unknown', 'nothing');
    expect(rules(list, tokens(1), [])).toEqual([]);
    expect(rules(list, tokens(0, 1, 2), [])).toEqual([]);
    expect(rules(list, [], [])).toEqual([]);
  });

  test('has no token twice', () => {
    const list = forgeList(...acknowledgedAt(1, 2));
    expect(rules(list, tokens(0, 1, 0), [])).toEqual(['executed twice']);
  });

  test('has them in the order in which they were sent', () => {
    const list = forgeList('unknown', 'unknown', 'unknown');
    expect(rules(list, tokens(0, 2, 1), [])).toEqual(['out of order']);
  });

  test('has nothing that was refused', () => {
    expect(rules(forgeList('no'), tokens(0), [])).toEqual(['executed though refused']);
    expect(rules(forgeList('no'), [], [])).toEqual([]);
  });

  test('has nothing that was not sent', () => {
    const list = forgeList(...acknowledgedAt(1));
    expect(rules(list, ['w1:0', 'w1:1', 'w2:0', 'w1:x', ''], [])).toEqual(
      Array(4).fill('foreign value'),
    );
  });

  test('shows a reply that belongs to another request', () => {
    const list = forgeList({ at: 1, position: 2 }, { at: 1, position: 1 });
    expect(rules(list, tokens(0, 1), [])).toEqual(['wrong reply', 'wrong reply']);
  });

  test('has all that was acknowledged', () => {
    const list = forgeList(...acknowledgedAt(1, 2));
    expect(rules(list, tokens(0), [])).toEqual(['lost']);
  });

  test('may lack the newest writes to a primary that failed', () => {
    const list = forgeList(...acknowledgedAt(9_000, 9_990, 10_001), { at: 14_000, position: 3 });
    expect(rules(list, tokens(0, 1, 3), [KILL])).toEqual([]);
  });

  test.each([
    ['on another shard', OTHER_SLOT],
    ['where nothing failed over', NO_LOSS],
  ])('may not lack them %s', (_, fault) => {
    const list = forgeList(...acknowledgedAt(9_990));
    expect(rules(list, [], [fault])).toEqual(['lost']);
  });

  test.each([8_999, 15_001])('may not lack what was acknowledged at %i ms', (at) => {
    expect(rules(forgeList({ at, position: 1 }), [], [KILL])).toEqual(['lost']);
  });

  test('may not lack what is older than what survived', () => {
    const list = forgeList(...acknowledgedAt(9_500, 9_900, 9_950));
    expect(rules(list, tokens(0, 2), [KILL])).toEqual(['lost', 'wrong reply'].reverse());
  });

  test('never lacks what a replica had', () => {
    const list = forgeList({ at: 9_999, position: 1, isSafe: true });
    expect(rules(list, [], [KILL])).toEqual(['lost after WAIT']);
  });
});

describe('two lists of the same transactions', () => {
  const one = forgeList('unknown', 'unknown');
  const other = new ListHistory('w2', '{a}:w2', SLOT);
  for (let i = 0; i < 2; i++) other.log.fail(other.log.add(), 'unknown', 0);

  test('are the same, or half of a transaction was executed', () => {
    expect(checkTwins([one, other], [tokens(0, 1), ['w2:0', 'w2:1']])).toEqual([]);
    expect(checkTwins([one, other], [tokens(0, 1), ['w2:1']])).toMatchObject([
      { rule: 'half a transaction' },
    ]);
  });
});
