import { expect, test } from 'vitest';
import { AttemptLimiter } from '../../../src/proxy/attempt-limiter.js';
import { FakeClock } from '../../support/fake-clock.js';

const refuse = () => Promise.resolve('WRONGPASS no');
const accept = () => Promise.resolve(null);

function setUp() {
  const clock = new FakeClock();
  const limiter = new AttemptLimiter(clock);
  let answered = 0;
  return {
    clock,
    limiter,
    answered: () => answered,
    /** Makes attempts all at once, without waiting for them. */
    attempt(count: number, address: string, outcome: () => Promise<string | null>) {
      return Array.from({ length: count }, () =>
        limiter.run(address, outcome).then((result) => {
          answered++;
          return result;
        }),
      );
    },
  };
}

async function useUp(limiter: AttemptLimiter, address: string): Promise<void> {
  for (let i = 0; i < 30; i++) {
    expect(await limiter.run(address, refuse)).toBe('WRONGPASS no');
  }
}

test('whoever does not fail never waits', async () => {
  const { limiter, clock } = setUp();
  for (let i = 0; i < 1_000; i++) {
    expect(await limiter.run('10.0.0.1', accept)).toBeNull();
  }
  expect(clock.timerCount).toBe(0);
});

test('an address that failed too often makes one attempt per second, and others do not wait', async () => {
  const { limiter, clock, attempt, answered } = setUp();
  await useUp(limiter, '10.0.0.1');
  attempt(3, '10.0.0.1', refuse);
  await clock.advance(900);
  expect(answered()).toBe(0);
  expect(await limiter.run('10.0.0.2', refuse)).toBe('WRONGPASS no');
  await clock.advance(200);
  expect(answered()).toBe(1);
  await clock.advance(1_000);
  expect(answered()).toBe(2);
  await clock.advance(1_000);
  expect(answered()).toBe(3);
});

test('those who know the password wait for one failure at most', async () => {
  const { limiter, clock, attempt } = setUp();
  await useUp(limiter, '10.0.0.1');
  const waiting = attempt(500, '10.0.0.1', accept);
  await clock.advance(1_000);
  expect(await Promise.all(waiting)).toEqual(Array(500).fill(null));
});

test('failures are forgotten with time', async () => {
  const { limiter, clock } = setUp();
  await useUp(limiter, '10.0.0.1');
  await clock.advance(30_000);
  await useUp(limiter, '10.0.0.1');
  expect(clock.timerCount).toBe(0);
});

test('those who wait are bounded', async () => {
  const { limiter, clock, attempt } = setUp();
  await useUp(limiter, '10.0.0.1');
  const waiting = attempt(1_000, '10.0.0.1', accept);
  expect(await limiter.run('10.0.0.1', accept)).toBeUndefined();
  await clock.advance(1_000);
  await Promise.all(waiting);
  expect(await limiter.run('10.0.0.1', accept)).toBeNull();
});

test('a server that cannot be asked is no failure, and holds nobody up', async () => {
  const { limiter, clock, attempt } = setUp();
  await useUp(limiter, '10.0.0.1');
  const [lost] = attempt(1, '10.0.0.1', () => Promise.reject(new Error('late')));
  const [next] = attempt(1, '10.0.0.1', accept);
  const outcome = expect(lost).rejects.toThrow('late');
  await clock.advance(1_000);
  await outcome;
  expect(await next).toBeNull();
});
