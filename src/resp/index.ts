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
export { ReplyReader, type ReplyReaderOptions } from './reply-reader.js';
export type { CommandArguments, RespReply, RespVersion } from './types.js';
