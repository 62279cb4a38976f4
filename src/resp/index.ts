export { decodeValue, VALUE_DEPTH_MAX } from './decode-value.js';
export { encodeCommand } from './encode-command.js';
export {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  mapReply,
  nullArrayReply,
  nullReply,
  OK_REPLY,
  simpleReply,
} from './encode-reply.js';
export { encodeValue } from './encode-value.js';
export { ReplyReader, type ReplyReaderOptions } from './reply-reader.js';
export type { CommandArguments, RespReply, RespVersion } from './types.js';
export type { RespValue } from './value.js';
