import { expect, test } from 'vitest';
import { ProxyError } from '../../../src/errors/index.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../../src/shards/index.js';
import type { FetchedView } from '../../../src/topology/fetch-view.js';
import { type GatheredViews, gatherViews } from '../../../src/topology/gather-views.js';
import { FakeClock } from '../../support/fake-clock.js';

/** When each endpoint answers, in ms; `fail` at once, or never. */
type Plan = Readonly<Record<string, number | 'fail' | 'never'>>;

function gather(plan: Plan, enough: number) {
  const clock = new FakeClock();
  const fetch = (endpoint: Endpoint) =>
    new Promise<FetchedView>((resolve, reject) => {
      const source = formatEndpoint(endpoint);
      const when = plan[source];
      if (when === 'fail') {
        reject(new ProxyError('connect_failed', `${source} failed`));
      } else if (typeof when === 'number') {
        clock.after(when, () => resolve(viewOf(endpoint)));
      }
    });
  const state: { result: GatheredViews | null } = { result: null };
  const endpoints = Object.keys(plan).map(parseEndpoint);
  void gatherViews({ endpoints, fetch, isEnough: (v) => v.length >= enough, clock }).then(
    (result) => {
      state.result = result;
    },
  );
  return { clock, state };
}

function viewOf(endpoint: Endpoint): FetchedView {
  return {
    source: formatEndpoint(endpoint),
    endpoint,
    remoteHost: null,
    nodeId: '',
    currentEpoch: 1,
    nodes: [],
    prefersHostnames: false,
  };
}

function summary({ result }: { readonly result: GatheredViews | null }) {
  return result === null
    ? null
    : [result.views.map(({ source }) => source), [...result.failures.keys()]];
}

test('ends at once when all have answered or failed, in the order of the endpoints', async () => {
  const { clock, state } = gather({ 'a:1': 20, 'b:1': 'fail', 'c:1': 10 }, 9);
  await clock.advance(19);
  expect(summary(state)).toBeNull();
  await clock.advance(1);
  expect(summary(state)).toEqual([['a:1', 'c:1'], ['b:1']]);
  expect(clock.timerCount).toBe(0);
});

test('ends 100 ms after the views are enough, without those that are late', async () => {
  const { clock, state } = gather({ 'a:1': 50, 'b:1': 140, 'c:1': 'never' }, 1);
  await clock.advance(149);
  expect(summary(state)).toBeNull();
  await clock.advance(1);
  expect(summary(state)).toEqual([['a:1', 'b:1'], []]);
});

test('ends after 1 s with what there is; who has not answered has failed', async () => {
  const { clock, state } = gather({ 'a:1': 50, 'b:1': 'never' }, 2);
  await clock.advance(999);
  expect(summary(state)).toBeNull();
  await clock.advance(1);
  expect(summary(state)).toEqual([['a:1'], ['b:1']]);
  expect(state.result?.failures.get('b:1')).toMatchObject({ code: 'call_timeout' });
});

test('no endpoint at all is no view at all', async () => {
  const { clock, state } = gather({}, 1);
  await clock.advance(0);
  expect(summary(state)).toEqual([[], []]);
});
