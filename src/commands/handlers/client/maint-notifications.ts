import { OK_REPLY } from '../../../resp/index.js';
import type { ControlHandler, ControlOutcome } from '../types.js';
import { refuse, SYNTAX_ERROR, wordOf } from './arguments.js';

/**
 * What the push MOVING is to name: the address or the name by which a client reaches the node that it
 * is to go to, or nothing. The number of a kind is its place here, from 1 on.
 */
export const MOVING_ENDPOINT_TYPES = [
  'internal-ip',
  'internal-fqdn',
  'external-ip',
  'external-fqdn',
  'none',
] as const;

export type MovingEndpointType = (typeof MOVING_ENDPOINT_TYPES)[number];

/**
 * CLIENT MAINT_NOTIFICATIONS ON [moving-endpoint-type TYPE] | OFF. Only where a client is shown nothing
 * but the proxy: servers send no such notices, and cluster clients go by MOVED. Elsewhere it is answered
 * as by a server without it, which clients take for "not here".
 */
export const handleMaintNotifications: ControlHandler = (request, context) => {
  const { args, protocol } = request;
  if (context.presentation(request).mode !== 'standalone') {
    return refuse(`unknown subcommand '${String(args[1])}'. Try CLIENT HELP.`);
  }
  const outcome = askedFor(args.slice(2));
  return protocol === 3 || (outcome.kind === 'reply' && outcome.noticeKind === undefined)
    ? outcome
    : refuse('CLIENT MAINT_NOTIFICATIONS needs RESP3: send HELLO 3 first');
};

function askedFor([word, ...rest]: readonly Buffer[]): ControlOutcome {
  switch (wordOf(word)) {
    case 'ON':
      return turnedOn(rest);
    case 'OFF':
      return rest.length === 0 ? answered(0) : refuse(SYNTAX_ERROR);
    default:
      return refuse(SYNTAX_ERROR);
  }
}

function turnedOn([name, type, ...rest]: readonly Buffer[]): ControlOutcome {
  if (name === undefined) {
    return answered(1);
  }
  const kind = MOVING_ENDPOINT_TYPES.findIndex((known) => wordOf(type) === known.toUpperCase()) + 1;
  return wordOf(name) === 'MOVING-ENDPOINT-TYPE' && kind > 0 && rest.length === 0
    ? answered(kind)
    : refuse(SYNTAX_ERROR);
}

function answered(noticeKind: number): ControlOutcome {
  return { kind: 'reply', bytes: OK_REPLY, noticeKind };
}
