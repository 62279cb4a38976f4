import type { ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';
import { fieldsIn, itemsIn, textIn } from '../reply-values.js';

/** What a server shows if it is not told how many. */
const DEFAULT_COUNT = 10;

/** ACL LOG [count | RESET]: the youngest entries of all servers, youngest first. */
export function joinAclLogs(replies: readonly RespValue[], request: ControlRequest): RespValue {
  const [first] = replies;
  if (first !== undefined && first.kind !== 'array') {
    return first;
  }
  const given = request.args[2];
  const count = given === undefined ? DEFAULT_COUNT : Math.max(Number(given.toString()), 0);
  const entries = replies
    .flatMap(itemsIn)
    .map((entry) => ({ entry, age: Number(textIn(fieldsIn(entry).get('age-seconds'))) }))
    .toSorted((a, b) => a.age - b.age)
    .slice(0, count);
  return { kind: 'array', items: entries.map(({ entry }) => entry) };
}
