import { expect, test } from 'vitest';
import { HoldingWatch } from '../../../src/proxy/holding-watch.js';
import { FakeClock } from '../../support/fake-clock.js';

function setUp() {
  const clock = new FakeClock();
  const told: boolean[] = [];
  let held = 0;
  const watch = new HoldingWatch({
    clock,
    heldNow: () => held,
    setHolding: (isHolding) => told.push(isHolding),
  });
  return {
    clock,
    watch,
    told,
    hold: (count: number) => {
      held = count;
    },
  };
}

test('the beginning is told at once, the end when it is seen', async () => {
  const { clock, watch, told, hold } = setUp();
  hold(3);
  watch.begin();
  watch.begin();
  expect(told).toEqual([true]);
  await clock.advance(1_000);
  hold(0);
  await clock.advance(200);
  expect(told).toEqual([true, false]);
});

test('what was let go and waits again is seen, though nobody tells', async () => {
  const { clock, watch, told, hold } = setUp();
  hold(1);
  watch.begin();
  hold(0);
  await clock.advance(5_000);
  expect(told).toEqual([true, false]);
  hold(1);
  await clock.advance(200);
  expect(told).toEqual([true, false, true]);
  hold(0);
  await clock.advance(9_000);
  hold(1);
  await clock.advance(200);
  expect(told).toEqual([true, false, true, false, true]);
});

test('it costs nothing when nothing was held for a while, and begins again', async () => {
  const { clock, watch, told, hold } = setUp();
  hold(1);
  watch.begin();
  hold(0);
  await clock.advance(11_000);
  expect(clock.timerCount).toBe(0);
  hold(1);
  watch.begin();
  expect(told).toEqual([true, false, true]);
  watch.stop();
  expect(clock.timerCount).toBe(0);
});
