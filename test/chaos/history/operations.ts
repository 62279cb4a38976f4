/** What clients do. A transaction, an MSET, a blocking pop count as one. */
export const OPERATIONS = {
  push: 'write',
  get: 'read',
  mget: 'read',
  exists: 'read',
  echo: 'read',
  mset: 'write',
  set: 'write',
  eval: 'write',
  evalsha: 'write',
  transaction: 'write',
  pop: 'write',
  publish: 'write',
  subscribe: 'other',
  wait: 'other',
  'large-get': 'read',
  'large-set': 'write',
} as const;
export type Operation = keyof typeof OPERATIONS;

/** `read`: read-only, so it never fails while the cluster recovers in time. */
export function classOf(operation: Operation): 'read' | 'write' | 'other' {
  return OPERATIONS[operation];
}

/** One request, from the moment it was sent. Times are ms of the run. */
export interface Pending {
  readonly operation: Operation;
  /** The slots of its keys, in any order; empty if it has none. */
  readonly slots: readonly number[];
  readonly client: string;
  readonly sentAt: number;
  /** The client may have a younger request on its way that shares a key, and one of them writes. */
  readonly mayBeOvertaken: boolean;
}
