import { expect, test } from 'vitest';
import { RedirectWatch } from '../../../src/proxy/redirect-watch.js';
import { FakeClock } from '../../support/fake-clock.js';

test('tells every second of the redirects since the last time, and of none', async () => {
  const clock = new FakeClock();
  const told: number[] = [];
  let answered = 5;
  const watch = new RedirectWatch({
    clock,
    answered: () => answered,
    onRedirects: (count) => told.push(count),
  });
  watch.start();
  watch.start();
  await clock.advance(1_000);
  expect(told).toEqual([]);
  answered = 8;
  await clock.advance(3_000);
  expect(told).toEqual([3]);
  answered = 9;
  await clock.advance(1_000);
  expect(told).toEqual([3, 1]);
  watch.stop();
  answered = 20;
  await clock.advance(5_000);
  watch.start();
  await clock.advance(1_000);
  expect(told).toEqual([3, 1]);
  watch.stop();
  expect(clock.timerCount).toBe(0);
});
