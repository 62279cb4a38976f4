import type { ControlRequest } from '../../native/types.js';
import { bulkReply, errorReply, mapReply } from '../../resp/index.js';
import { itemsOf, textOf } from '../reply-fields.js';
import { globMatches } from './glob.js';
import type { ControlContext, ControlOutcome } from './types.js';

/** The servers' own passwords: whoever may use the proxy must not learn them from it. */
const SECRETS: ReadonlySet<string> = new Set([
  ...['requirepass', 'masterauth', 'primaryauth', 'tls-key-file-pass', 'tls-client-key-file-pass'],
]);

/** How the proxy presents itself, whatever the servers are. */
const OWN_CONSTANTS: Readonly<Record<string, string>> = { 'cluster-enabled': 'no' };

/**
 * CONFIG GET pattern [pattern …]: the settings of any primary, except for those that the proxy has
 * itself, and without the servers' passwords.
 */
export async function handleConfigGet(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const patterns = request.args.slice(2).map((arg) => arg.toString('latin1').toLowerCase());
  const own = { ...OWN_CONSTANTS, ...context.configValues() };
  const values = new Map<string, string>();
  if (!patterns.every((pattern) => Object.hasOwn(own, pattern))) {
    const args = ['CONFIG', 'GET', ...request.args.slice(2)];
    const [reply] = await context.execute('any_primary', args);
    if (reply?.kind === 'error') {
      return { kind: 'reply', bytes: errorReply(reply.message) };
    }
    const items = itemsOf(reply).map(textOf);
    for (let i = 0; i + 1 < items.length; i += 2) {
      const name = items[i] ?? '';
      values.set(name, SECRETS.has(name) ? '' : (items[i + 1] ?? ''));
    }
  }
  for (const [name, value] of Object.entries(own)) {
    if (patterns.some((pattern) => globMatches(pattern, name))) {
      values.set(name, value);
    }
  }
  const entries = [...values].map(([name, value]) => [bulkReply(name), bulkReply(value)] as const);
  return { kind: 'reply', bytes: mapReply(request.protocol, entries) };
}
