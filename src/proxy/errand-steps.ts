import type { RespValue } from '../resp/index.js';
import type { ServerNode } from '../topology/index.js';

/** What to do with a server's reply to a command that was sent to the owner of a slot. */
export type NextStep =
  | { readonly kind: 'done'; readonly reply: RespValue }
  /** The server did not execute it: later, at whoever owns the slot then. */
  | { readonly kind: 'wait'; readonly reply: RespValue }
  | {
      readonly kind: 'redirect';
      readonly nodeId: string;
      readonly asking: boolean;
      readonly reply: RespValue;
    };

/** Error words that say "I did not execute this, and it will pass". */
const PASSING = /^(?:CLUSTERDOWN|LOADING|MASTERDOWN|TRYAGAIN|READONLY)\b/;
/** A blocked command that was thrown out by a failover; unlike one that CLIENT UNBLOCK ended. */
const THROWN_OUT = /^UNBLOCKED force unblock/;
const REDIRECT = /^(MOVED|ASK) (\d+) (\S*)$/;

/**
 * @param nodeId Who replied: a redirect without a host means its host.
 * A redirect is believed only if it is about `slot` and names a server that is listed, since scripts
 * can make up errors.
 */
export function nextStep(
  reply: RespValue,
  slot: number,
  nodeId: string,
  servers: readonly ServerNode[],
): NextStep {
  if (reply.kind !== 'error') {
    return { kind: 'done', reply };
  }
  const redirect = REDIRECT.exec(reply.text);
  if (redirect !== null && Number(redirect[2]) === slot) {
    const target = findServer(redirect[3] ?? '', nodeId, servers);
    const shown: RespValue = {
      kind: 'error',
      text: `TRYAGAIN slot ${slot} is being moved; nothing was executed`,
    };
    return target === undefined
      ? { kind: 'wait', reply: shown }
      : { kind: 'redirect', nodeId: target.nodeId, asking: redirect[1] === 'ASK', reply: shown };
  }
  const passes = PASSING.test(reply.text) || THROWN_OUT.test(reply.text);
  return { kind: passes ? 'wait' : 'done', reply };
}

function findServer(
  endpoint: string,
  from: string,
  servers: readonly ServerNode[],
): ServerNode | undefined {
  const host = servers.find(({ nodeId }) => nodeId === from)?.announced.host ?? '';
  const name = endpoint.startsWith(':') ? `${host}${endpoint}` : endpoint;
  return servers.find(({ redirectNames }) => redirectNames.includes(name));
}
