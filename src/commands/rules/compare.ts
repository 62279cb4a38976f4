import type { CommandName } from '../core-facts.js';
import type { CommandRow, Compare } from '../types.js';

/** Answers that differ from server to server, or from moment to moment, without a tip saying so. */
const SHAPE_ONLY: ReadonlySet<string> = new Set<CommandName>([
  ...(['acl|genpass', 'client|id', 'config|get', 'hello', 'lolwut', 'time', 'dump'] as const),
  ...(['object|freq', 'object|idletime', 'memory|usage', 'xinfo|consumers'] as const),
]);

/** Where a cluster, or the proxy, cannot say what one server says. */
const NOT_COMPARED: ReadonlyMap<string, string> = new Map<CommandName, string>([
  ['info', 'merged from all shards, with a section of the proxy'],
  ['move', 'a cluster has one database: there is nowhere to move a key'],
]);

const NONE_REASONS = {
  unsupported: 'not supported by this version',
  forbidden: 'not allowed through the proxy',
  keys_unknown: 'the module does not declare where the keys are',
} as const;

/** How far a reply through the proxy must equal the reply of one stand-alone server. */
export function compareOf(row: Pick<CommandRow, 'name' | 'route' | 'tips' | 'source'>): Compare {
  const { route } = row;
  if (route.kind === 'refuse') {
    return { kind: 'none', reason: NONE_REASONS[route.refusal] };
  }
  const reason = NOT_COMPARED.get(row.name);
  if (reason !== undefined) {
    return { kind: 'none', reason };
  }
  if (SHAPE_ONLY.has(row.name) || row.tips.includes('nondeterministic_output')) {
    return { kind: 'shape' };
  }
  const isUnordered = row.tips.includes('nondeterministic_output_order');
  return { kind: isUnordered ? 'unordered' : 'exact' };
}
