import type { RespValue } from '../../../resp/index.js';
import { type ErrorValue, errorValue, isError } from '../reply-values.js';

/** Words on which client libraries repeat a command by themselves. */
const RETRIED = /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|MOVED|ASK|BUSY|READONLY)\b/;

/**
 * The error that answers for all servers, if one of them failed. What some servers have executed must
 * not be repeated unnoticed: the text says so, and begins with no word that libraries take as a
 * request to try again.
 * @param changes Whether the command changes anything at a server.
 */
export function failureAmong(
  replies: readonly RespValue[],
  changes: boolean,
): ErrorValue | undefined {
  const errors = replies.filter(isError);
  const [first] = errors;
  if (first === undefined) {
    return replies.length === 0 ? errorValue('CLUSTERDOWN The cluster is down') : undefined;
  }
  const unknown = errors.find(({ text }) => text.startsWith('OUTCOMEUNKNOWN'));
  if (unknown !== undefined || !changes || errors.length === replies.length) {
    return unknown ?? first;
  }
  const count = `${errors.length} of ${replies.length} servers failed, the others executed it`;
  return RETRIED.test(first.text)
    ? errorValue(`ERR partly executed: ${first.text} (${count})`)
    : errorValue(`${first.text} (${count})`);
}
