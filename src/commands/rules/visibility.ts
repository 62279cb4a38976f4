import type { CommandName } from '../core-facts.js';
import type { CommandRow } from '../types.js';

/** Servers execute these as reads or without keys, and may still replicate something. */
const MAY_REPLICATE: ReadonlySet<string> = new Set<CommandName>([
  ...(['eval', 'evalsha', 'fcall', 'pfcount', 'publish', 'spublish'] as const),
]);

/** Their arguments may hold passwords. */
const SECRET: ReadonlySet<string> = new Set<CommandName>([
  ...(['auth', 'hello', 'acl|setuser', 'config|set', 'migrate'] as const),
]);

/** Waits while `CLIENT PAUSE … WRITE` is in force. */
export function mayReplicate({ name, flags }: Pick<CommandRow, 'name' | 'flags'>): boolean {
  return flags.includes('write') || MAY_REPLICATE.has(name);
}

/** Reads or writes the key space, as a server's replicas may not ask for it. */
export function isKeyspaceCommand(row: Pick<CommandRow, 'name' | 'flags'>): boolean {
  return row.flags.includes('readonly') || mayReplicate(row);
}

/** Left out of MONITOR, as by a server. */
export function isUnmonitored({ flags }: Pick<CommandRow, 'flags'>): boolean {
  return flags.includes('admin');
}

export function isSecret({ name }: Pick<CommandRow, 'name'>): boolean {
  return SECRET.has(name);
}
