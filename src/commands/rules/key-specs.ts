import type { CommandName } from '../core-facts.js';
import type { KeySpec } from '../types.js';

/**
 * Key specifications that replace the servers' own, where those say "unknown".
 *
 * SORT … STORE destination: the server takes the last STORE, so the search runs backwards from the
 * second-last argument. BY and GET patterns name keys that only the server can tell; in a cluster it
 * refuses those that lie elsewhere.
 */
export const KEY_SPEC_OVERRIDES: Readonly<Partial<Record<CommandName, readonly KeySpec[]>>> = {
  sort: [
    {
      begin: { kind: 'index', index: 1 },
      find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
      flags: ['RO', 'access'],
    },
    {
      begin: { kind: 'keyword', keyword: 'STORE', startFrom: -2 },
      find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
      flags: ['OW', 'update'],
    },
  ],
  sort_ro: [
    {
      begin: { kind: 'index', index: 1 },
      find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
      flags: ['RO', 'access'],
    },
  ],
};
