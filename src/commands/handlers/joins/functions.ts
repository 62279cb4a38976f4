import type { RespValue } from '../../../resp/index.js';
import {
  bulkValue,
  fieldsIn,
  integerIn,
  integerValue,
  mapValue,
  pairsIn,
  textIn,
} from '../reply-values.js';

/**
 * FUNCTION STATS: a function that runs anywhere, and of each engine the largest counts: all shards
 * have the same libraries.
 */
export function joinFunctionStats(replies: readonly RespValue[]): RespValue {
  const running = replies
    .map((reply) => fieldsIn(reply).get('running_script'))
    .find((script) => script !== undefined && script.kind !== 'null');
  const engines = new Map<string, Map<string, bigint>>();
  for (const [name, counts] of replies.flatMap((r) => pairsIn(fieldsIn(r).get('engines')))) {
    const largest = engines.get(textIn(name)) ?? new Map<string, bigint>();
    engines.set(textIn(name), largest);
    for (const [field, count] of fieldsIn(counts)) {
      const known = largest.get(field) ?? 0n;
      const value = integerIn(count);
      largest.set(field, value > known ? value : known);
    }
  }
  return {
    kind: 'map',
    entries: [
      [bulkValue('running_script'), running ?? { kind: 'null', isArray: false }],
      [bulkValue('engines'), mapValue([...engines].map(([name, c]) => [name, countsValue(c)]))],
    ],
  };
}

function countsValue(counts: ReadonlyMap<string, bigint>): RespValue {
  return mapValue([...counts].map(([field, count]) => [field, integerValue(count)]));
}
