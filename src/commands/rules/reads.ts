import type { CommandName } from '../core-facts.js';
import type { CommandRow } from '../types.js';
import { mayReplicate } from './visibility.js';

/**
 * Reads whose answer only the primary can give: cursors that hold at one server, and what a server
 * remembers of the use of its keys.
 */
const OF_THE_PRIMARY: ReadonlySet<string> = new Set<CommandName>([
  ...(['hscan', 'sscan', 'zscan', 'touch', 'object|freq', 'object|idletime'] as const),
]);

/**
 * Replicas may be asked. Scripts are not for them: from the reply nobody could tell whether a key was
 * missing at the replica only.
 */
export function mayAskReplica(
  row: Pick<CommandRow, 'name' | 'flags' | 'route' | 'script' | 'repeatable' | 'keySpecs'>,
): boolean {
  const isKeyed =
    row.route.kind === 'keys' &&
    row.keySpecs.length > 0 &&
    row.keySpecs.every(({ begin, find, flags }) => {
      const isKnown = begin.kind !== 'unknown' && find.kind !== 'unknown';
      return isKnown && !flags.includes('not_key');
    });
  const isPlainRead = row.repeatable && !row.script && !mayReplicate(row);
  return isKeyed && isPlainRead && !OF_THE_PRIMARY.has(row.name);
}
