import { LATER } from './data/later.js';
import { REDIS_7_0 } from './data/redis-7-0.js';
import { REDIS_7_4 } from './data/redis-7-4.js';
import { VALKEY_8_0 } from './data/valkey-8-0.js';
import type { CommandFacts } from './types.js';

/** Facts of all commands that the committed data knows; later layers correct earlier ones. */
const FACTS = { ...REDIS_7_0, ...REDIS_7_4, ...VALKEY_8_0, ...LATER };

/** A name in the committed data. The rules name commands by it: a wrong name does not compile. */
export type CommandName = keyof typeof FACTS;

export const CORE_FACTS: Readonly<Record<CommandName, CommandFacts>> = FACTS;

export const CORE_NAMES: readonly CommandName[] = Object.keys(FACTS).filter(isCommandName).sort();

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(FACTS, name);
}
