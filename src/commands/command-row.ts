import { type CommandName, isCommandName } from './core-facts.js';
import { answersItself } from './rules/answers-itself.js';
import { barrierOf } from './rules/barriers.js';
import { BLOCKING } from './rules/blocking.js';
import { compareOf } from './rules/compare.js';
import { CONNECTION_STATE } from './rules/connection-state.js';
import { LIFTABLE } from './rules/liftable.js';
import { policiesOf } from './rules/policies.js';
import { unsupportedReason } from './rules/refusals.js';
import { REPEATABLE } from './rules/repeatable.js';
import { retryOf } from './rules/retries.js';
import { CHANGES_RIGHTS } from './rules/rights.js';
import { ENDS_SCRIPTS, SCRIPTS } from './rules/scripts.js';
import { NO_SPLIT, SPLITS } from './rules/split.js';
import type { Blocking, CommandFacts, CommandRow, Route } from './types.js';

/** What is known of a command before the rules are applied. */
export interface CommandSeed extends CommandFacts {
  readonly name: string;
  readonly container: boolean;
  readonly source: CommandRow['source'];
  /** Known from elsewhere than the rules, for example from the rest of its container. */
  readonly connectionState?: boolean;
}

/**
 * Applies the rules to a command.
 * @param wanted Who should answer. A command with keys that would change the state of a connection
 * cannot go over a shared link: it is refused instead, as is one that blocks and has no keys.
 */
export function commandRow(seed: CommandSeed, wanted: Route): CommandRow {
  const connectionState = seed.connectionState ?? CONNECTION_STATE.has(seed.name);
  const blocking = blockingOf(seed);
  const blocksSomewhere = blocking.kind === 'always' && wanted.kind === 'keyless';
  const route = sharedLinkOnly(wanted, connectionState || blocksSomewhere);
  const { name, source, tips } = seed;
  const policies = policiesOf(name, tips);
  const split = isCommandName(name) ? (SPLITS[name] ?? NO_SPLIT) : NO_SPLIT;
  return {
    ...seed,
    repeatable: isRepeatable(seed),
    retry: retryOf(name, source === 'core'),
    connectionState,
    script: SCRIPTS.has(name),
    ...policies,
    answersItself: answersItself({ name, route, flags: seed.flags }),
    refusalReason: unsupportedReason(name) ?? '',
    liftable: LIFTABLE.has(name),
    changesRights: CHANGES_RIGHTS.has(name),
    endsScripts: ENDS_SCRIPTS.has(name),
    barrier: barrierOf({ ...policies, name, route, blocking, connectionState }),
    blocking,
    split,
    compare: compareOf({ name, route, tips, source }),
    route,
  };
}

/** A blocking command that no rule describes is taken to block always, with its time-out last. */
function blockingOf({ name, flags }: CommandSeed): Blocking {
  const known = isCommandName(name) ? BLOCKING[name satisfies CommandName] : undefined;
  if (known !== undefined) {
    return known;
  }
  return flags.includes('blocking')
    ? { kind: 'always', position: -1, unit: 'seconds' }
    : { kind: 'never' };
}

/** "Readonly" is taken from the servers, and only if none of them says "write". */
function isRepeatable({ name, flags, source }: CommandSeed): boolean {
  const isRead = flags.includes('readonly') && !flags.includes('write');
  return isRead || (source === 'core' && REPEATABLE.has(name));
}

function sharedLinkOnly(wanted: Route, needsOwnLink: boolean): Route {
  const goesOverSharedLink = wanted.kind === 'keys' || wanted.kind === 'keyless';
  return goesOverSharedLink && needsOwnLink ? { kind: 'refuse', refusal: 'unsupported' } : wanted;
}

/** True if a key specification says that the keys cannot be found from the arguments. */
export function hasUnknownKeys({ keySpecs }: Pick<CommandRow, 'keySpecs'>): boolean {
  return keySpecs.some(({ begin, find }) => begin.kind === 'unknown' || find.kind === 'unknown');
}
