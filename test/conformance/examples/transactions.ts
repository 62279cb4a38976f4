import type { Examples } from '../support/example.js';

export const TRANSACTIONS: Examples = {
  discard: `
    DISCARD
    MULTI
    SET k v
    DISCARD
    EXISTS k
    DISCARD
    ---
    WATCH k
    MULTI
    DISCARD
    @b SET k other
    MULTI
    SET k mine
    EXEC
  `,
  exec: `
    EXEC
    MULTI
    EXEC
    MULTI
    SET k 5
    INCR k
    GET k
    DISCARD
    GET k
    ---
    MULTI
    SET {t}k 5
    INCR {t}k
    GET {t}none
    RPUSH {t}l a b
    LRANGE {t}l 0 -1
    HSET {t}h a 1
    HGETALL {t}h
    ZADD {t}z 1.5 a
    ZRANGE {t}z 0 -1 WITHSCORES
    SADD {t}s a
    SMEMBERS {t}s
    ECHO x
    PING
    INCR {t}l
    EXEC
    GET {t}k
    ---
    MULTI
    SET {t}k v
    SET {t}k
    NONSENSE {t}k
    EXEC
    EXISTS {t}k
    PING
    ---
    MULTI
    SET {t}k v
    PUBLISH c m
    EVAL "return 1" 0
    COMMAND COUNT
    ACL WHOAMI
    EXEC
    ---
    EXEC x
    MULTI
    SET {t}k v
    EXEC x
    EXEC
    EXISTS {t}k
    ---
    MULTI
    SET {t}k v
    EVAL "return redis.call('GET', KEYS[1])" 1 {t}k
    BLPOP {t}none 0
    EXEC
  `,
  multi: `
    MULTI
    MULTI
    SET k v
    EXEC
    MULTI x
    ---
    MULTI
    SET {t}1 v
    !CROSSSLOT: SET a v
    !EXECABORT Transaction discarded because of previous errors.: EXEC
    RESET
    PING
    ---
    MULTI
    WATCH k
    SUBSCRIBE
    CLIENT REPLY OFF x
    EXEC
    ---
    MULTI
    SELECT 0
    PING
    ECHO x
    EXEC
    ---
    MULTI
    !ERR command is not allowed in a transaction through Slotgate: CLIENT SETNAME me
    !EXECABORT Transaction discarded because of previous errors.: EXEC
    RESET
  `,
  unwatch: `
    UNWATCH
    SET k v
    WATCH k
    UNWATCH
    @b SET k other
    MULTI
    GET k
    EXEC
    UNWATCH x
  `,
  watch: `
    SET k v
    WATCH k
    MULTI
    SET k w
    EXEC
    ---
    SET k v
    WATCH k
    @b SET k other
    MULTI
    SET k w
    EXEC
    GET k
    MULTI
    SET k x
    EXEC
    ---
    WATCH {t}1 {t}2
    GET {t}1
    @b SET {t}2 x
    MULTI
    SET {t}1 x
    EXEC
    EXISTS {t}1
    ---
    WATCH k
    SET k mine
    MULTI
    GET k
    EXEC
    ---
    WATCH k
    MULTI
    WATCH l
    DISCARD
    ---
    !CROSSSLOT: WATCH a b
  `,
};
