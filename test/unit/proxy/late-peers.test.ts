import { describe, expect, test } from 'vitest';
import { LatePeers, PATIENCE_MS } from '../../../src/proxy/late-peers.js';
import { FakeClock } from '../../support/fake-clock.js';

/** Node `a` is this process's, and always listens as far as it is asked. */
function setUp(...first: readonly string[]) {
  const clock = new FakeClock();
  const open = new Set(['a', ...first]);
  let changes = 0;
  const late = new LatePeers({
    clock,
    listens: (node) => open.has(node),
    changed: () => {
      changes++;
    },
  });
  /** As the policy `single` does it. */
  const single = (...nodes: readonly string[]) =>
    late.choose((without) => nodes.filter((node) => !without.includes(node)).slice(0, 1));
  return { clock, open, late, single, changes: () => changes };
}

describe('a chosen node of another process that does not listen', () => {
  test('is waited for, then done without until it listens', async () => {
    const { clock, open, single, changes } = setUp();
    expect(single('b', 'a')).toEqual(['b']);
    await clock.advance(PATIENCE_MS - 1);
    expect([single('b', 'a'), changes()]).toEqual([['b'], 0]);
    await clock.advance(1);
    expect([single('b', 'a'), changes()]).toEqual([['a'], 1]);
    await clock.advance(PATIENCE_MS);
    expect([single('b', 'a'), changes(), clock.timerCount]).toEqual([['a'], 1, 0]);
    open.add('b');
    expect(single('b', 'a')).toEqual(['b']);
    open.delete('b');
    expect(single('b', 'a')).toEqual(['b']);
  });

  test('counts from when it is chosen: not to listen before is no fault', async () => {
    const { clock, single } = setUp('b');
    expect(single('b', 'c', 'a')).toEqual(['b']);
    await clock.advance(10 * PATIENCE_MS);
    expect(single('c', 'a')).toEqual(['c']);
    await clock.advance(PATIENCE_MS);
    expect(single('c', 'a')).toEqual(['a']);
  });

  test('is followed by the next one, which is waited for as well', async () => {
    const { clock, single } = setUp();
    single('b', 'c', 'a');
    await clock.advance(PATIENCE_MS);
    expect(single('b', 'c', 'a')).toEqual(['c']);
    await clock.advance(PATIENCE_MS);
    expect(single('b', 'c', 'a')).toEqual(['a']);
  });

  test('stays chosen where there is no other', async () => {
    const { clock, single } = setUp();
    single('b');
    await clock.advance(PATIENCE_MS);
    expect(single('b')).toEqual(['b']);
  });

  test('nobody is looked after when all is over', () => {
    const { clock, late, single } = setUp();
    single('b', 'a');
    late.stop();
    expect(clock.timerCount).toBe(0);
  });
});
