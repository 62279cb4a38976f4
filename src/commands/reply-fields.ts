import type { RespReply } from '../resp/index.js';

/** The elements of an array reply; of anything else, none. */
export function itemsOf(reply: RespReply | undefined): readonly RespReply[] {
  return reply?.kind === 'array' ? reply.items : [];
}

/** The text of a string reply; of anything else, the empty string. */
export function textOf(reply: RespReply | undefined): string {
  return reply?.kind === 'string' ? reply.bytes.toString() : '';
}

/** The value of an integer reply; of anything else, 0. */
export function numberOf(reply: RespReply | undefined): number {
  return reply?.kind === 'integer' ? Number(reply.value) : 0;
}
