import { type CommandName, isCommandName } from '../core-facts.js';
import type { RefusalKind } from '../types.js';

const CONNECTIONS_ARE_SHARED =
  'it prepares a connection to a server, and clients share connections';

/** More about why commands are not supported. */
const REASONS: Readonly<Partial<Record<CommandName, string>>> = {
  clusterscan: 'SCAN goes over all shards',
  'cluster|slot-stats': 'it is about the slots of one server',
  'himport|discard': CONNECTIONS_ARE_SHARED,
  'himport|discardall': CONNECTIONS_ARE_SHARED,
  'himport|prepare': CONNECTIONS_ARE_SHARED,
  'himport|set': CONNECTIONS_ARE_SHARED,
};

/** The reason why a command is not supported, if there is more to say than that. */
export function unsupportedReason(name: string): string | undefined {
  return isCommandName(name) ? REASONS[name satisfies CommandName] : undefined;
}

/** The error reply, without `-` and line end, for a command that the proxy refuses. */
export function refusalText(refusal: RefusalKind, name: string): string {
  switch (refusal) {
    case 'unsupported': {
      const reason = unsupportedReason(name);
      const text = `ERR command is not supported by this version of Slotgate: '${name}'`;
      return reason === undefined ? text : `${text} (${reason})`;
    }
    case 'forbidden':
      return `ERR command is not allowed through Slotgate: '${name}'`;
    case 'keys_unknown':
      return `ERR Slotgate cannot tell the keys of '${name}': the module does not declare where they are`;
  }
}
