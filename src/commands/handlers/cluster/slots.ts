import { nativeAddon } from '../../../native/index.js';
import type { ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';
import { SLOT_COUNT } from '../../../topology/index.js';
import { integerValue } from '../reply-values.js';
import type { ControlContext } from '../types.js';

export function keySlot({ args }: ControlRequest): RespValue {
  return integerValue(nativeAddon().slotForKey(args[2] ?? Buffer.alloc(0)));
}

/** Sends the command to the owner of its slot. What is wrong with it, any server says as well. */
export function askOwner(
  { args }: ControlRequest,
  { errands, maxMergedReplyBytes }: ControlContext,
): Promise<RespValue> {
  const slot = Number(args[2]);
  const isSlot = Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT;
  return errands.sendToSlot(isSlot ? slot : 0, args, { replyBytesMax: maxMergedReplyBytes });
}
