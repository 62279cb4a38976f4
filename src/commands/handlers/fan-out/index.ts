import type { ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';
import type { CommandRow } from '../../types.js';
import { isSpecialName, SPECIAL_JOINS } from '../joins/index.js';
import { integerValue, isError } from '../reply-values.js';
import { scopeOf, slotsOf } from '../scope.js';
import type { ControlContext } from '../types.js';
import { failureAmong } from './failures.js';
import { askServers, type FanOutPolicy } from './request-policies.js';
import { joinReplies } from './response-policies.js';

const OK: RespValue = { kind: 'simple', text: 'OK' };
/** The answers of a proxy that serves no slots, to what is about keys; the rest goes to all servers. */
const WITHOUT_SLOTS: ReadonlyMap<string, RespValue> = new Map([
  ['dbsize', integerValue(0)],
  ['flushall', OK],
  ['flushdb', OK],
  ['keys', { kind: 'array', items: [] }],
]);

/**
 * Sends a command to the servers that its request policy names, as far as they are in the client's
 * scope, as the client, and makes one reply of theirs as its response policy says.
 * @throws Error if the row has no such policies: a bug.
 */
export async function fanOut(
  row: CommandRow,
  request: ControlRequest,
  context: ControlContext,
): Promise<RespValue> {
  const scope = scopeOf(context.presentation(request));
  const answer = scope.kind === 'none' ? WITHOUT_SLOTS.get(row.name) : undefined;
  if (answer !== undefined) {
    return answer;
  }
  const replies = await askServers(fanOutPolicyOf(row), context.errands, request.args, {
    lease: row.endsScripts,
    toBusy: row.endsScripts,
    replyBytesMax: context.maxMergedReplyBytes,
    ...slotsOf(scope),
  });
  if (row.changesRights) {
    context.rightsChanged();
  }
  return join(row, replies, request, context);
}

function fanOutPolicyOf({ name, requestPolicy }: CommandRow): FanOutPolicy {
  if (requestPolicy === 'all_nodes' || requestPolicy === 'all_shards') {
    return requestPolicy;
  }
  throw new Error(`command '${name}' is to go to several servers, and no policy says to which`);
}

function join(
  row: CommandRow,
  replies: readonly RespValue[],
  request: ControlRequest,
  context: ControlContext,
): RespValue {
  const { name, responsePolicy } = row;
  const changes = !row.repeatable;
  if (responsePolicy !== 'special') {
    return joinReplies(responsePolicy, replies, changes);
  }
  if (!isSpecialName(name)) {
    throw new Error(`command '${name}' has a reply of its own kind, and nothing joins it`);
  }
  const { join: joinSpecially, nothingToAdd } = SPECIAL_JOINS[name];
  const telling = replies.filter(
    (reply) => !isError(reply) || nothingToAdd?.test(reply.text) !== true,
  );
  const counted = telling.length === 0 ? replies : telling;
  return failureAmong(counted, changes) ?? joinSpecially(counted, request, context);
}
