export { allowProblem, applyPolicy, type CommandPolicy, denyProblem } from './command-policy.js';
export { CommandTable } from './command-table.js';
export { type CommandName, isCommandName } from './core-facts.js';
export { coreTable } from './core-table.js';
export type {
  BlockedClient,
  BlockedClients,
  BlockedWait,
  ClientDesk,
  UnblockMode,
} from './handlers/client/desk.js';
export {
  MOVING_ENDPOINT_TYPES,
  type MovingEndpointType,
} from './handlers/client/maint-notifications.js';
export type {
  ErrandArguments,
  ErrandOutcome,
  Errands,
  SendOptions,
  ServersOptions,
  SlotFilter,
  SlotOptions,
} from './handlers/errands.js';
export { busyText } from './handlers/error-texts.js';
export { handleControl } from './handlers/index.js';
export { type PresentationView, STANDALONE_VIEW } from './handlers/presentation.js';
export { Scans } from './handlers/scan/scans.js';
export type { ScriptCache } from './handlers/script-cache.js';
export type {
  ControlContext,
  ControlOutcome,
  ExecuteTarget,
  ProxyStats,
} from './handlers/types.js';
export { UnknownCommands } from './handlers/unknown-commands.js';
export { tooLargeText } from './handlers/value-reply.js';
export { addServerCommands, mergeServerCommands } from './merge.js';
export { toNativeRows } from './native-rows.js';
export { itemsOf, textOf } from './reply-fields.js';
export { refusalText } from './rules/refusals.js';
export { SlowLog, type SlowLogEntry } from './slow-log.js';
export type {
  Blocking,
  CommandFacts,
  CommandRow,
  Compare,
  KeySpec,
  RefusalKind,
  RequestPolicy,
  ResponsePolicy,
  Route,
  SplitRule,
} from './types.js';
