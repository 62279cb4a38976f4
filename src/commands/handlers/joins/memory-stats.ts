import type { RespValue } from '../../../resp/index.js';
import { fieldsIn, integerIn, integerValue, mapValue, textIn } from '../reply-values.js';

/**
 * MEMORY STATS: sizes and counts are added, also those of the databases; of ratios and percentages
 * the largest is shown, as in INFO; the bytes per key follow from the sums.
 */
export function joinMemoryStats(replies: readonly RespValue[]): RespValue {
  const merged = mergeFields(replies);
  if (merged.has('keys.bytes-per-key')) {
    merged.set('keys.bytes-per-key', integerValue(bytesPerKey(merged)));
  }
  return mapValue(merged);
}

function mergeFields(replies: readonly RespValue[]): Map<string, RespValue> {
  const servers = replies.map(fieldsIn);
  const names = new Set(servers.flatMap((fields) => [...fields.keys()]));
  return new Map(
    [...names].map((name) => {
      const values = servers.flatMap((fields) => fields.get(name) ?? []);
      return [name, mergeField(values)] as const;
    }),
  );
}

function mergeField(values: readonly RespValue[]): RespValue {
  if (values.every(({ kind }) => kind === 'integer')) {
    return integerValue(values.reduce((sum, value) => sum + integerIn(value), 0n));
  }
  if (values.every(({ kind }) => kind === 'map' || kind === 'array')) {
    return mapValue(mergeFields(values));
  }
  return values.reduce((best, value) =>
    Number(textIn(value)) > Number(textIn(best)) ? value : best,
  );
}

function bytesPerKey(merged: ReadonlyMap<string, RespValue>): bigint {
  const keys = integerIn(merged.get('keys.count'));
  const used =
    integerIn(merged.get('total.allocated')) - integerIn(merged.get('startup.allocated'));
  return keys === 0n || used < 0n ? 0n : used / keys;
}
