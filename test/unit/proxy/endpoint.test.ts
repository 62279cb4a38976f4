import { describe, expect, test } from 'vitest';
import { FakeEndpoint } from './endpoint-support.js';

describe('an endpoint', () => {
  test('takes its address at once and listens when it is opened', async () => {
    const { endpoint, events } = new FakeEndpoint();
    await endpoint.reserve();
    expect([endpoint.state, ...events]).toEqual(['closed', 'n1 bind']);
    expect(await endpoint.open()).toBe(true);
    expect([endpoint.state, ...events]).toEqual(['listening', 'n1 bind', 'n1 listen']);
    expect(await endpoint.open()).toBe(true);
    expect(events).toHaveLength(2);
  });

  test('is opened once by all who ask for it meanwhile', async () => {
    const { endpoint, events } = new FakeEndpoint();
    expect(await Promise.all([endpoint.open(), endpoint.open()])).toEqual([true, true]);
    expect(events).toEqual(['n1 bind', 'n1 listen']);
  });

  test('cuts nobody during the grace, tells them at its beginning, and drains them after it', async () => {
    const fake = new FakeEndpoint();
    const { endpoint, events, clock } = fake;
    await endpoint.open();
    fake.clients = 400;
    events.length = 0;
    endpoint.retire();
    await clock.advance(14_999);
    expect([endpoint.state, fake.clients, ...events]).toEqual(['grace', 400, 'n1 moves in 15 s']);
    await clock.advance(2);
    expect(endpoint.state).toBe('draining');
    expect(events.at(-1)).toBe('n1 close');
    expect(fake.clients).toBeGreaterThan(350);
    await clock.advance(2_500);
    expect(fake.clients).toBeGreaterThan(100);
    await clock.advance(2_500);
    expect([endpoint.state, fake.clients]).toEqual(['closed', 0]);
    expect(events).not.toContain('n1 closes 0');
  });

  test('wakes who waits at half of the time, and closes the busy ones at its end', async () => {
    const fake = new FakeEndpoint();
    const { endpoint, events, clock } = fake;
    await endpoint.open();
    fake.clients = fake.busy = 3;
    endpoint.retire();
    await clock.advance(15_000 + 4_900);
    expect(events).not.toContain('n1 unblock');
    await clock.advance(200);
    expect(events.at(-1)).toBe('n1 unblock');
    await clock.advance(5_000);
    expect(events.at(-1)).toBe('n1 closes 3');
    expect(endpoint.state).toBe('closed');
  });

  test('goes on as if nothing had been if it is chosen again during the grace', async () => {
    const fake = new FakeEndpoint();
    const { endpoint, events, clock } = fake;
    await endpoint.open();
    endpoint.retire();
    await clock.advance(10_000);
    expect(await endpoint.open()).toBe(true);
    await clock.advance(60_000);
    expect([endpoint.state, clock.timerCount]).toEqual(['listening', 0]);
    expect(events).not.toContain('n1 close');
  });

  test('keeps the clients that are left if it is chosen again while they are drained', async () => {
    const fake = new FakeEndpoint();
    const { endpoint, events, clock } = fake;
    await endpoint.open();
    fake.clients = 100;
    endpoint.retire();
    await clock.advance(15_000 + 2_000);
    expect(await endpoint.open()).toBe(true);
    const left = fake.clients;
    expect(left).toBeGreaterThan(20);
    await clock.advance(60_000);
    expect([endpoint.state, fake.clients]).toEqual(['listening', left]);
    expect(events.slice(-4)).toEqual(['n1 close', 'n1 bind', `n1 lets ${left} stay`, 'n1 listen']);
  });

  test('says why it cannot be opened, and forgets it when it can', async () => {
    const fake = new FakeEndpoint();
    fake.refusal = 'in use';
    expect(await fake.endpoint.open()).toBe(false);
    expect([fake.endpoint.state, fake.endpoint.problem]).toEqual(['closed', 'in use']);
    fake.refusal = undefined;
    expect(await fake.endpoint.open()).toBe(true);
    expect(fake.endpoint.problem).toBe('');
  });

  test.each([
    ['closed', []],
    ['reserved', ['n1 bind', 'n1 release']],
    ['listening', ['n1 bind', 'n1 listen', 'n1 close']],
    ['grace', ['n1 bind', 'n1 listen', 'n1 moves in 15 s', 'n1 close']],
    ['draining', ['n1 bind', 'n1 listen', 'n1 moves in 15 s', 'n1 close']],
  ])('%s: is shut without cutting anybody, and no timer is left', async (state, expected) => {
    const fake = new FakeEndpoint();
    const { endpoint, clock, events } = fake;
    fake.clients = fake.busy = 2;
    if (state === 'reserved') await endpoint.reserve();
    if (['listening', 'grace', 'draining'].includes(state)) await endpoint.open();
    if (['grace', 'draining'].includes(state)) endpoint.retire();
    if (state === 'draining') await clock.advance(15_010);
    await endpoint.shut();
    await clock.advance(60_000);
    expect(events).toEqual(expected);
    expect([endpoint.state, fake.clients, clock.timerCount]).toEqual(['closed', 2, 0]);
  });
});
