import type { Examples } from '../support/example.js';

export const SERVER: Examples = {
  bgrewriteaof: 'BGREWRITEAOF',
  bgsave: `
    BGSAVE NONSENSE
    BGSAVE
  `,
  command: '% COMMAND',
  'command|count': 'COMMAND COUNT',
  'command|docs': `
    COMMAND DOCS get
    COMMAND DOCS nonsense
    COMMAND DOCS config
  `,
  'command|getkeys': `
    COMMAND GETKEYS MSET a 1 b 2
    COMMAND GETKEYS EVAL "return 1" 2 a b c
    COMMAND GETKEYS PING x
    COMMAND GETKEYS NONSENSE x
  `,
  'command|getkeysandflags': `
    COMMAND GETKEYSANDFLAGS SET a 1 GET
    COMMAND GETKEYSANDFLAGS PING x
  `,
  'command|help': 'COMMAND HELP',
  'command|info': `
    = COMMAND INFO get nonsense config|get
    COMMAND INFO config
  `,
  'command|list': `
    COMMAND LIST
    COMMAND LIST FILTERBY PATTERN xr*
    COMMAND LIST FILTERBY ACLCAT hyperloglog
    COMMAND LIST FILTERBY MODULE none
    COMMAND LIST NONSENSE
  `,
  config: 'CONFIG NONSENSE',
  'config|get': `
    CONFIG GET maxmemory-policy
    = CONFIG GET maxmemory-policy
    = CONFIG GET none
    CONFIG GET maxmemory maxmemory-policy
  `,
  'config|help': 'CONFIG HELP',
  'config|resetstat': 'CONFIG RESETSTAT',
  'config|rewrite': 'CONFIG REWRITE',
  'config|set': `
    CONFIG SET slowlog-max-len 100
    = CONFIG GET slowlog-max-len
    CONFIG SET slowlog-max-len 128 latency-monitor-threshold 0
    = CONFIG GET slowlog-max-len
    CONFIG SET slowlog-max-len x
    CONFIG SET nonsense x
    CONFIG SET slowlog-max-len 1 slowlog-max-len 2
    CONFIG SET slowlog-max-len
    CONFIG SET slowlog-max-len 1 x
  `,
  dbsize: `
    DBSIZE
    MSET a 1 b 2 c 3 d 4
    DBSIZE
  `,
  flushall: `
    MSET a 1 b 2 c 3
    FLUSHALL
    DBSIZE
    FLUSHALL ASYNC
    FLUSHALL SYNC
    FLUSHALL NONSENSE
    FLUSHALL SYNC x
  `,
  flushdb: `
    MSET a 1 b 2 c 3
    FLUSHDB
    DBSIZE
    FLUSHDB ASYNC
    FLUSHDB SYNC
    FLUSHDB NONSENSE
  `,
  info: `
    INFO
    INFO server
    INFO nonsense
    INFO server keyspace
  `,
  lastsave: 'LASTSAVE',
  latency: 'LATENCY NONSENSE',
  'latency|doctor': 'LATENCY DOCTOR',
  'latency|graph': `
    LATENCY GRAPH nonsense
  `,
  'latency|help': 'LATENCY HELP',
  'latency|histogram': `
    LATENCY HISTOGRAM nonsense
    LATENCY HISTOGRAM get
  `,
  'latency|history': `
    LATENCY HISTORY command
    LATENCY HISTORY nonsense
  `,
  'latency|latest': 'LATENCY LATEST',
  'latency|reset': `
    LATENCY RESET
    LATENCY RESET command
  `,
  lolwut: `
    LOLWUT
    LOLWUT VERSION 5
  `,
  memory: 'MEMORY NONSENSE',
  'memory|doctor': 'MEMORY DOCTOR',
  'memory|help': 'MEMORY HELP',
  'memory|malloc-stats': 'MEMORY MALLOC-STATS',
  'memory|purge': 'MEMORY PURGE',
  'memory|stats': 'MEMORY STATS',
  'memory|usage': `
    = MEMORY USAGE none
    SET k v
    MEMORY USAGE k
    MEMORY USAGE k SAMPLES 0
    MEMORY USAGE k SAMPLES x
    MEMORY USAGE k NONSENSE
  `,
  module: 'MODULE NONSENSE',
  'module|help': 'MODULE HELP',
  'module|list': 'MODULE LIST',
  monitor: `
    PING
    @b MONITOR
    SET k v
    @b ~ <1
    GET k
    @b ~ <1
    @b RESET
  `,
  role: 'ROLE',
  save: 'SAVE',
  slowlog: 'SLOWLOG NONSENSE',
  'slowlog|get': `
    CONFIG SET slowlog-log-slower-than 1000000
    SLOWLOG RESET
    SLOWLOG GET
    SLOWLOG GET 5
    SLOWLOG GET -1
    SLOWLOG GET -2
    SLOWLOG GET x
    CONFIG SET slowlog-log-slower-than 10000
  `,
  'slowlog|help': 'SLOWLOG HELP',
  'slowlog|len': `
    CONFIG SET slowlog-log-slower-than 1000000
    SLOWLOG RESET
    = SLOWLOG LEN
    CONFIG SET slowlog-log-slower-than 10000
  `,
  'slowlog|reset': 'SLOWLOG RESET',
  time: `
    TIME
    TIME x
  `,
  commandlog: 'COMMANDLOG NONSENSE',
  'commandlog|get': 'COMMANDLOG GET 5 slow',
  'commandlog|help': 'COMMANDLOG HELP',
  'commandlog|len': 'COMMANDLOG LEN slow',
  'commandlog|reset': 'COMMANDLOG RESET slow',
};
