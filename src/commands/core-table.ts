import { commandRow } from './command-row.js';
import { CommandTable } from './command-table.js';
import { CORE_FACTS, CORE_NAMES, type CommandName } from './core-facts.js';
import { clusterRefusal, isClusterSubcommand } from './rules/cluster.js';
import { KEY_SPEC_OVERRIDES } from './rules/key-specs.js';
import { ROUTES } from './rules/routes.js';
import type { CommandRow, Route } from './types.js';

const CONTAINERS: ReadonlySet<string> = new Set(
  CORE_NAMES.filter((name) => name.includes('|')).map((name) => name.split('|')[0] ?? name),
);

/** The command table of the committed data, before any server was asked. */
export function coreTable(): CommandTable {
  return new CommandTable(CORE_NAMES.map(coreRow));
}

export function coreRow(name: CommandName): CommandRow {
  const facts = CORE_FACTS[name];
  const keySpecs = KEY_SPEC_OVERRIDES[name] ?? facts.keySpecs;
  const container = CONTAINERS.has(name);
  const route = coreRoute(name, keySpecs.length > 0, container);
  return commandRow({ ...facts, name, keySpecs, container, source: 'core' }, route);
}

/** A container's own row is asked for only without a subcommand: its handler words the error. */
function coreRoute(name: CommandName, hasKeys: boolean, container: boolean): Route {
  const rule = ROUTES.get(name);
  if (rule !== undefined) {
    return rule;
  }
  if (isClusterSubcommand(name)) {
    return clusterRefusal(name);
  }
  if (container) {
    return { kind: 'control' };
  }
  if (!hasKeys) {
    throw new Error(`command '${name}' has no keys, and rules/routes.ts does not say who answers`);
  }
  return { kind: 'keys' };
}
