import { ACL } from './acl.js';
import { BITMAP } from './bitmap.js';
import { BLOCKING } from './blocking.js';
import { CLUSTER } from './cluster.js';
import { CONNECTION } from './connection.js';
import { FUNCTIONS } from './functions.js';
import { GENERIC } from './generic.js';
import { GEO } from './geo.js';
import { HASH } from './hash.js';
import { HYPERLOGLOG } from './hyperloglog.js';
import { LIST } from './list.js';
import { PUBSUB } from './pubsub.js';
import { SCRIPTING } from './scripting.js';
import { SERVER } from './server.js';
import { SET } from './set.js';
import { SORTED_SET } from './sorted-set.js';
import { SORTED_SET_RANGES } from './sorted-set-ranges.js';
import { STREAM } from './stream.js';
import { STRING } from './string.js';
import { TRANSACTIONS } from './transactions.js';

const GROUPS = [
  ...[STRING, BITMAP, HASH, LIST, BLOCKING, SET, SORTED_SET, SORTED_SET_RANGES, GEO],
  ...[HYPERLOGLOG, STREAM, GENERIC, SCRIPTING, FUNCTIONS, PUBSUB, TRANSACTIONS],
  ...[CONNECTION, SERVER, ACL, CLUSTER],
];

/** All examples by row name, in the order of the groups. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map(
  GROUPS.flatMap((group) => Object.entries(group)),
);

/** Rows for which two groups have examples: one of them would be lost. */
export const REPEATED: readonly string[] = GROUPS.flatMap((group) => Object.keys(group)).filter(
  (name, i, names) => names.indexOf(name) !== i,
);
