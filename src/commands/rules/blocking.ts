import type { CommandName } from '../core-facts.js';
import type { Blocking } from '../types.js';

const LAST_SECONDS: Blocking = { kind: 'always', position: -1, unit: 'seconds' };
const FIRST_SECONDS: Blocking = { kind: 'always', position: 1, unit: 'seconds' };
const LAST_MILLISECONDS: Blocking = { kind: 'always', position: -1, unit: 'milliseconds' };
const BLOCK_TOKEN: Blocking = {
  kind: 'token',
  token: 'BLOCK',
  beforeToken: 'STREAMS',
  unit: 'milliseconds',
};

/** Commands with the server's flag `blocking`; a test holds the two lists against each other. */
export const BLOCKING: Readonly<Partial<Record<CommandName, Blocking>>> = {
  blmove: LAST_SECONDS,
  blmpop: FIRST_SECONDS,
  blpop: LAST_SECONDS,
  brpop: LAST_SECONDS,
  brpoplpush: LAST_SECONDS,
  bzmpop: FIRST_SECONDS,
  bzpopmax: LAST_SECONDS,
  bzpopmin: LAST_SECONDS,
  wait: LAST_MILLISECONDS,
  waitaof: LAST_MILLISECONDS,
  xread: BLOCK_TOKEN,
  xreadgroup: BLOCK_TOKEN,
};
