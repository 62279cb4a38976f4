import { fanOut } from './fan-out/index.js';
import { integerValue, isError } from './reply-values.js';
import type { ValueHandler } from './types.js';

/** SCRIPT LOAD script: on every shard. */
export const handleScriptLoad: ValueHandler = async (request, context, row) => {
  const reply = await fanOut(row, request, context);
  const body = request.args[2];
  if (!isError(reply) && body !== undefined) {
    context.scripts.learn(body);
  }
  return reply;
};

/** SCRIPT FLUSH [ASYNC | SYNC]: a server that was flushed must answer NOSCRIPT, and so do we. */
export const handleScriptFlush: ValueHandler = async (request, context, row) => {
  const reply = await fanOut(row, request, context);
  if (!isError(reply)) {
    context.scripts.clear();
  }
  return reply;
};

/** SCRIPT EXISTS sha1 [sha1 …]: 1 for what every shard has, or the proxy would load there. */
export const handleScriptExists: ValueHandler = async (request, context, row) => {
  const reply = await fanOut(row, request, context);
  if (reply.kind !== 'array') {
    return reply;
  }
  const digests = request.args.slice(2).map(String);
  const items = reply.items.map((item, i) =>
    context.scripts.has(digests[i] ?? '') ? integerValue(1) : item,
  );
  return { kind: 'array', items };
};
