import type { RespValue } from '../../../resp/index.js';
import {
  fieldsIn,
  integerIn,
  integerValue,
  itemsIn,
  mapValue,
  pairsIn,
  textIn,
} from '../reply-values.js';

/** Where in an entry of LATENCY LATEST its fields are. */
const TIMESTAMP = 1;
const LATEST = 2;
const MAXIMUM = 3;

/**
 * LATENCY LATEST: of each event the latest spike of any server, and the largest. Later servers add
 * numbers (sum and count of the spikes), which are added.
 */
export function joinLatencyLatest(replies: readonly RespValue[]): RespValue {
  const events = new Map<string, readonly RespValue[]>();
  for (const entry of replies.flatMap(itemsIn).map(itemsIn)) {
    const name = textIn(entry[0]);
    const known = events.get(name);
    events.set(name, known === undefined ? entry : mergeEvent(known, entry));
  }
  return { kind: 'array', items: [...events.values()].map((items) => ({ kind: 'array', items })) };
}

function mergeEvent(a: readonly RespValue[], b: readonly RespValue[]): readonly RespValue[] {
  const younger = integerIn(b[TIMESTAMP]) > integerIn(a[TIMESTAMP]) ? b : a;
  return a.map((field, at) => {
    switch (at) {
      case 0:
        return field;
      case TIMESTAMP:
      case LATEST:
        return younger[at] ?? field;
      case MAXIMUM:
        return integerIn(b[at]) > integerIn(field) ? (b[at] ?? field) : field;
      default:
        return integerValue(integerIn(field) + integerIn(b[at]));
    }
  });
}

/** LATENCY HISTORY event: the spikes of all servers, oldest first. */
export function joinLatencyHistory(replies: readonly RespValue[]): RespValue {
  const spikes = replies.flatMap(itemsIn);
  return {
    kind: 'array',
    items: spikes.toSorted((a, b) => Number(integerIn(itemsIn(a)[0]) - integerIn(itemsIn(b)[0]))),
  };
}

/** LATENCY HISTOGRAM [command …]: calls are added, and so are the cumulative counts per bound. */
export function joinLatencyHistograms(replies: readonly RespValue[]): RespValue {
  const byCommand = new Map<string, RespValue[]>();
  for (const [name, histogram] of replies.flatMap(pairsIn)) {
    const key = textIn(name);
    byCommand.set(key, [...(byCommand.get(key) ?? []), histogram]);
  }
  return mapValue([...byCommand].map(([name, all]) => [name, mergeHistograms(all)] as const));
}

function mergeHistograms(histograms: readonly RespValue[]): RespValue {
  const fields = histograms.map(fieldsIn);
  const calls = fields.reduce((sum, each) => sum + integerIn(each.get('calls')), 0n);
  return mapValue([
    ['calls', integerValue(calls)],
    ['histogram_usec', mergeBuckets(fields.map((each) => each.get('histogram_usec')))],
  ]);
}

/** A server shows only the bounds at which its count grows: at others it has that of the one below. */
function mergeBuckets(histograms: readonly (RespValue | undefined)[]): RespValue {
  const servers = histograms.map((each) =>
    pairsIn(each).map(([bound, count]) => [integerIn(bound), integerIn(count)] as const),
  );
  const bounds = [...new Set(servers.flat().map(([bound]) => bound))].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  const countAt = (buckets: (typeof servers)[number], bound: bigint) =>
    buckets.findLast(([other]) => other <= bound)?.[1] ?? 0n;
  return {
    kind: 'map',
    entries: bounds.map((bound) => {
      const count = servers.reduce((sum, buckets) => sum + countAt(buckets, bound), 0n);
      return [integerValue(bound), integerValue(count)] as const;
    }),
  };
}
