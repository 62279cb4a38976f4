import type { Examples } from '../support/example.js';

const LIBRARY = [
  '#!lua name=mylib',
  "redis.register_function('put', function(keys, args)",
  "  return redis.call('SET', keys[1], args[1])",
  'end)',
  "redis.register_function{function_name = 'look', flags = {'no-writes'},",
  "  description = 'reads', callback = function(keys, args)",
  "    return redis.call('GET', keys[1])",
  '  end}',
].join('\\n');

const LOAD = `
  FUNCTION LOAD "${LIBRARY}"
`;

export const FUNCTIONS: Examples = {
  fcall: `${LOAD}
    FCALL put 1 a v1
    FCALL put 1 b v2
    FCALL put 1 c v3
    MGET a b c
    FCALL look 1 a
    FCALL none 0
    FCALL put x
    FCALL put 5 a
    FCALL put -1
    !CROSSSLOT: FCALL look 2 a b
  `,
  fcall_ro: `${LOAD}
    SET a v
    FCALL_RO look 1 a
    FCALL_RO put 1 a x
    FCALL_RO none 0
    !CROSSSLOT: FCALL_RO look 2 a b
  `,
  function: 'FUNCTION NONSENSE',
  'function|delete': `${LOAD}
    FUNCTION DELETE mylib
    FUNCTION DELETE mylib
    FCALL put 1 a v1
  `,
  'function|dump': `
    FUNCTION DUMP
    ${LOAD}
    FUNCTION DUMP
  `,
  'function|flush': `${LOAD}
    FUNCTION FLUSH
    FUNCTION LIST
    FCALL put 1 a v1
    FUNCTION FLUSH SYNC
    FUNCTION FLUSH ASYNC
    FUNCTION FLUSH NONSENSE
  `,
  'function|help': 'FUNCTION HELP',
  'function|kill': 'FUNCTION KILL',
  'function|list': `
    FUNCTION LIST
    ${LOAD}
    % FUNCTION LIST
    % FUNCTION LIST WITHCODE LIBRARYNAME my*
    FUNCTION LIST LIBRARYNAME none
    FUNCTION LIST NONSENSE
  `,
  'function|load': `
    FUNCTION LOAD "${LIBRARY}"
    FUNCTION LOAD "${LIBRARY}"
    FUNCTION LOAD REPLACE "${LIBRARY}"
    FUNCTION LOAD "no header"
    FUNCTION LOAD "#!lua name=bad\\nnonsense"
    FUNCTION LOAD NONSENSE x
  `,
  'function|restore': `${LOAD}
    $dump = FUNCTION DUMP
    FUNCTION RESTORE $dump
    FUNCTION RESTORE $dump REPLACE
    FUNCTION FLUSH
    FUNCTION RESTORE $dump
    FCALL put 1 a v1
    FCALL put 1 b v1
    FUNCTION RESTORE $dump FLUSH
    FUNCTION RESTORE $dump NONSENSE
    FUNCTION RESTORE nonsense
  `,
  'function|stats': `
    FUNCTION STATS
    ${LOAD}
    FUNCTION STATS
  `,
};
