import { MANY_SLOTS, NO_KEYS } from '../../native/types.js';
import { encodeValue, errorReply } from '../../resp/index.js';
import { CROSSSLOT } from './error-texts.js';
import type { ControlHandler } from './types.js';

/**
 * WATCH: on a private link, which the client keeps until EXEC, DISCARD or UNWATCH. All watched keys
 * are in one slot, since a transaction is.
 */
export const handleWatch: ControlHandler = async (request, context) => {
  if (request.inTransaction) {
    return { kind: 'reply', bytes: errorReply('ERR WATCH inside MULTI is not allowed') };
  }
  const { slot, watchSlot } = request;
  const isElsewhere = watchSlot >= 0 && slot !== watchSlot;
  if (slot === MANY_SLOTS || slot === NO_KEYS || isElsewhere) {
    return { kind: 'reply', bytes: errorReply(CROSSSLOT) };
  }
  const value = await context.errands.sendToSlot(slot, request.args, { lease: true, keep: true });
  const bytes = encodeValue(value, request.protocol);
  return value.kind === 'error'
    ? { kind: 'reply', bytes }
    : { kind: 'reply', bytes, watchSlot: slot };
};
