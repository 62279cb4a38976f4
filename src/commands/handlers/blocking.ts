import { MANY_SLOTS, NO_KEYS } from '../../native/types.js';
import { encodeValue, errorReply, type RespValue } from '../../resp/index.js';
import type { Blocking } from '../types.js';
import type { ErrandArguments } from './errands.js';
import { CROSSSLOT } from './error-texts.js';
import type { ControlHandler } from './types.js';

/** A command that is sent again must not wait for ever because its time is just over. */
const REST_MS_MIN = 1;

/**
 * BLPOP and all others that wait at the server. They wait over a private link, so nobody else does.
 * Redirected, or thrown out by a failover, they go on at the new owner for the rest of their time.
 */
export const handleBlocking: ControlHandler = async (request, context) => {
  if (request.slot === MANY_SLOTS) {
    return { kind: 'reply', bytes: errorReply(CROSSSLOT) };
  }
  const blocking = context.table.rows[request.row]?.blocking ?? { kind: 'never' };
  // Without keys the request is malformed: any server words the error.
  const slot = request.slot === NO_KEYS ? 0 : request.slot;
  const wait = context.clients.blocked.begin(request);
  let value: RespValue;
  let isLast = false;
  try {
    value = await context.errands.sendToSlot(slot, withRestOfTime(blocking, request.args), {
      lease: true,
      blocks: true,
      interrupted: wait.interrupted,
    });
  } finally {
    isLast = wait.end().closesClient;
  }
  return { kind: 'reply', bytes: encodeValue(value, request.protocol), close: isLast };
};

/** The request as it came, and when it is sent again, with the time that is left of its time-out. */
export function withRestOfTime(
  blocking: Blocking,
  args: readonly Buffer[],
  nowMs: () => number = () => performance.now(),
): ErrandArguments {
  const index = timeoutIndex(blocking, args);
  const given = index < 0 ? Number.NaN : Number(args[index]?.toString() || Number.NaN);
  if (blocking.kind === 'never' || !(given > 0)) {
    return args;
  }
  const isSeconds = blocking.unit === 'seconds';
  const endMs = nowMs() + given * (isSeconds ? 1000 : 1);
  let isFirst = true;
  return () => {
    if (isFirst) {
      isFirst = false;
      return args;
    }
    const restMs = Math.max(REST_MS_MIN, Math.ceil(endMs - nowMs()));
    const rest = isSeconds ? (restMs / 1000).toFixed(3) : String(restMs);
    return args.map((arg, i) => (i === index ? Buffer.from(rest) : arg));
  };
}

/** Where the time-out stands; -1: nowhere. */
function timeoutIndex(blocking: Blocking, args: readonly Buffer[]): number {
  switch (blocking.kind) {
    case 'never':
      return -1;
    case 'always':
      return blocking.position < 0 ? args.length + blocking.position : blocking.position;
    case 'token': {
      const words = args.map((arg) => arg.toString('latin1').toUpperCase());
      const end = words.indexOf(blocking.beforeToken);
      const token = words.indexOf(blocking.token);
      return token >= 0 && (end < 0 || token < end) ? token + 1 : -1;
    }
  }
}
