import type { CommandName } from '../core-facts.js';
import type { Route } from '../types.js';

/**
 * Commands that are refused unless `allowCommands` names them, and who answers them then. The other
 * refused ones cannot be allowed: nothing here could answer them.
 */
export const LIFTABLE: ReadonlyMap<string, Route> = new Map<CommandName, Route>([
  ['debug', { kind: 'fan_out' }],
  ['module|load', { kind: 'fan_out' }],
  ['module|loadex', { kind: 'fan_out' }],
  ['module|unload', { kind: 'fan_out' }],
  ['pfdebug', { kind: 'keys' }],
  ['pfselftest', { kind: 'keyless' }],
]);
