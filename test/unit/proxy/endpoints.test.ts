import { describe, expect, test } from 'vitest';
import { Endpoints } from '../../../src/proxy/endpoints.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeEndpoint } from './endpoint-support.js';

function setUp(...names: readonly string[]) {
  const clock = new FakeClock();
  const events: string[] = [];
  const fakes = new Map(names.map((name) => [name, new FakeEndpoint(name, clock, events)]));
  const endpoints = new Endpoints(
    new Map([...fakes].map(([name, { endpoint }]) => [name, endpoint])),
    clock,
    () => events.push('retry'),
  );
  const states = () => names.map((name) => endpoints.of(name)?.state);
  const fake = (name: string) => {
    const found = fakes.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  return { clock, events, endpoints, states, fake };
}

describe('the endpoints of a database', () => {
  test('a newly chosen one listens before another one is retired', async () => {
    const { endpoints, events, states } = setUp('a', 'b', 'c');
    await endpoints.choose(['a', 'b'], false);
    expect(states()).toEqual(['listening', 'listening', 'closed']);
    events.length = 0;
    await endpoints.choose(['b', 'c'], false);
    expect(states()).toEqual(['grace', 'listening', 'listening']);
    expect(events).toEqual(['c bind', 'c listen', 'a moves in 15 s']);
    expect(endpoints.addresses).toEqual(['b:12000', 'c:12000']);
  });

  test('nobody is retired as long as no chosen one can be opened; it is tried again', async () => {
    const { endpoints, clock, events, states, fake } = setUp('a', 'b');
    await endpoints.choose(['a'], false);
    fake('b').refusal = 'in use';
    await endpoints.choose(['b'], false);
    expect(states()).toEqual(['listening', 'closed']);
    events.length = 0;
    await clock.advance(1_000);
    expect(events).toEqual(['retry']);
    fake('b').refusal = undefined;
    await endpoints.choose(['b'], false);
    await clock.advance(1_000);
    expect(states()).toEqual(['grace', 'listening']);
    expect(events.filter((event) => event === 'retry')).toEqual(['retry']);
  });

  test('one that cannot be opened does not keep others that are no longer chosen', async () => {
    const { endpoints, states, fake } = setUp('a', 'b', 'c');
    await endpoints.choose(['a'], false);
    fake('b').refusal = 'in use';
    await endpoints.choose(['b', 'c'], false);
    expect(states()).toEqual(['grace', 'closed', 'listening']);
  });

  test('ours is retired when the node of another process is open, not before', async () => {
    const { endpoints, states } = setUp('a');
    await endpoints.choose(['a'], false);
    await endpoints.choose(['elsewhere'], false);
    expect(states()).toEqual(['listening']);
    await endpoints.choose(['elsewhere'], true);
    expect(states()).toEqual(['grace']);
  });

  test('with none chosen, as when all nodes are excluded by mistake, what is open stays', async () => {
    const { endpoints, states } = setUp('a');
    await endpoints.choose(['a'], false);
    await endpoints.choose([], false);
    expect(states()).toEqual(['listening']);
  });

  test('of several choices at once the last one counts', async () => {
    const { endpoints, states, events } = setUp('a', 'b', 'c');
    await Promise.all([
      endpoints.choose(['a'], false),
      endpoints.choose(['b'], false),
      endpoints.choose(['c'], false),
    ]);
    expect(states()[2]).toBe('listening');
    expect(events).not.toContain('b listen');
    expect(endpoints.isChosen('a')).toBe(false);
  });

  test('an address that is taken at the start gives back the others', async () => {
    const { endpoints, events, fake } = setUp('a', 'b');
    fake('b').refusal = 'in use';
    await expect(endpoints.reserve()).rejects.toThrow('in use');
    expect(events).toEqual(['a bind', 'a release']);
  });

  test('after the end nothing opens any more', async () => {
    const { endpoints, clock, states, fake } = setUp('a', 'b');
    fake('b').refusal = 'in use';
    await endpoints.choose(['a', 'b'], false);
    await endpoints.shut();
    fake('b').refusal = undefined;
    await clock.advance(10_000);
    await endpoints.choose(['a', 'b'], false);
    expect(states()).toEqual(['closed', 'closed']);
    expect(clock.timerCount).toBe(0);
  });

  test('while they are frozen nothing is opened or retired; that is made up for', async () => {
    const { endpoints, events, states } = setUp('a', 'b');
    await endpoints.choose(['a'], false);
    expect(await endpoints.freeze()).toEqual([10, 11]);
    await endpoints.choose(['b'], false);
    expect(states()).toEqual(['listening', 'closed']);
    await endpoints.thaw();
    expect(states()).toEqual(['grace', 'listening']);
    expect(events).toContain('b listen');
  });

  test('sockets that another process takes are left to it, also those that never opened', async () => {
    const { endpoints, events, states } = setUp('a', 'b');
    await endpoints.reserve();
    await endpoints.choose(['a'], false);
    expect(endpoints.openDescriptors).toEqual([10, 11]);
    events.length = 0;
    await endpoints.handOver(new Set([10]));
    expect(events).toEqual(expect.arrayContaining(['a leaves 10', 'b leaves 10']));
    expect(states()).toEqual(['closed', 'closed']);
    await endpoints.choose(['b'], false);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test('what only was reserved is given back when it is not needed', async () => {
    const { endpoints, events } = setUp('a', 'b');
    await endpoints.reserve();
    await endpoints.choose(['a'], false);
    endpoints.releaseUnopened();
    expect(events.filter((event) => event.endsWith('release'))).toEqual(['b release']);
  });
});
