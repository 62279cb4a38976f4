import type { Examples } from '../support/example.js';

export const GENERIC: Examples = {
  copy: `
    COPY {k}1 {k}2
    SET {k}1 v
    COPY {k}1 {k}2
    COPY {k}1 {k}2
    COPY {k}1 {k}2 REPLACE
    GET {k}2
    COPY {k}1 {k}1
    COPY {k}1 {k}3 DB 99
    COPY {k}1 {k}3 NONSENSE
    !CROSSSLOT: COPY a b
  `,
  del: `
    MSET a 1 b 2 c 3
    DEL a none b
    DEL a
    DEL b c
    EXISTS a b c
  `,
  dump: `
    DUMP k
    SET k v
    = DUMP k
    RPUSH l a b 3
    = DUMP l
    HSET h a 1
    = DUMP h
    ZADD z 1.5 a
    = DUMP z
  `,
  exists: `
    MSET a 1 b 2
    EXISTS a none b a
    EXISTS none
  `,
  expire: `
    EXPIRE k 100
    SET k v
    EXPIRE k 100
    TTL k
    EXPIRE k 50 GT
    EXPIRE k 50 LT
    EXPIRE k 10 NX
    EXPIRE k 200 XX
    EXPIRE k x
    EXPIRE k 9223372036854775807
    EXPIRE k 1 NX XX
    EXPIRE k 1 NONSENSE
    EXPIRE k -1
    EXISTS k
  `,
  expireat: `
    SET k v
    EXPIREAT k 4102444800
    EXPIRETIME k
    EXPIREAT none 4102444800
    EXPIREAT k 4102444900 GT
    EXPIREAT k x
    EXPIREAT k 1
    EXISTS k
  `,
  expiretime: `
    EXPIRETIME none
    SET k v
    EXPIRETIME k
    EXPIREAT k 4102444800
    EXPIRETIME k
  `,
  keys: `
    KEYS *
    MSET a1 1 a2 2 b1 3 {t}x 4
    KEYS *
    KEYS a?
    KEYS [ab]1
    KEYS {t}*
    KEYS none*
  `,
  move: `
    SET k v
    !ERR MOVE is not allowed in cluster mode: MOVE k 0
    !ERR MOVE is not allowed in cluster mode: MOVE none 1
  `,
  object: 'OBJECT NONSENSE k',
  'object|encoding': `
    SET k 1
    = OBJECT ENCODING k
    APPEND k a
    = OBJECT ENCODING k
    = OBJECT ENCODING none
  `,
  'object|freq': `
    SET k v
    OBJECT FREQ k
    = OBJECT FREQ none
  `,
  'object|help': 'OBJECT HELP',
  'object|idletime': `
    SET k v
    OBJECT IDLETIME k
    = OBJECT IDLETIME none
  `,
  'object|refcount': `
    SET k hello
    OBJECT REFCOUNT k
    = OBJECT REFCOUNT none
  `,
  persist: `
    PERSIST k
    SET k v EX 100
    PERSIST k
    PERSIST k
    = TTL k
  `,
  pexpire: `
    SET k v
    PEXPIRE k 100000
    PTTL k
    PEXPIRE none 100000
    PEXPIRE k 50000 GT
    PEXPIRE k x
    PEXPIRE k 0
    EXISTS k
  `,
  pexpireat: `
    SET k v
    PEXPIREAT k 4102444800001
    PEXPIRETIME k
    PEXPIREAT none 4102444800001
    PEXPIREAT k x
  `,
  pexpiretime: `
    PEXPIRETIME none
    SET k v PXAT 4102444800001
    PEXPIRETIME k
  `,
  pttl: `
    = PTTL none
    SET k v
    = PTTL k
    PEXPIRE k 100000
    PTTL k
  `,
  randomkey: `
    = RANDOMKEY
    SET k v
    = RANDOMKEY
    MSET a 1 b 2 c 3 d 4
    RANDOMKEY
  `,
  rename: `
    RENAME {k}1 {k}2
    SET {k}1 v
    RENAME {k}1 {k}2
    RENAME {k}2 {k}2
    GET {k}2
    EXISTS {k}1
    !CROSSSLOT: RENAME a b
  `,
  renamenx: `
    RENAMENX {k}1 {k}2
    MSET {k}1 v {k}2 w
    RENAMENX {k}1 {k}2
    RENAMENX {k}1 {k}3
    !CROSSSLOT: RENAMENX a b
  `,
  restore: `
    SET k v
    ~ $dump = DUMP k
    RESTORE r 0 $dump
    GET r
    RESTORE r 0 $dump
    RESTORE r 0 $dump REPLACE
    RESTORE e 4102444800000 $dump ABSTTL
    PEXPIRETIME e
    RESTORE f 100000 $dump IDLETIME 10
    PTTL f
    RESTORE g 0 nonsense
    RESTORE g x $dump
    RESTORE g 0 $dump NONSENSE
  `,
  scan: `
    * SCAN 0
    MSET a1 1 a2 2 b1 3 c1 4 {t}x 5
    RPUSH l a
    % * SCAN 0
    % * SCAN 0 COUNT 1
    % * SCAN 0 MATCH a* COUNT 100
    % * SCAN 0 TYPE list
    % * SCAN 0 MATCH {t}*
    % * SCAN 0 MATCH none*
    SCAN x
    SCAN 0 COUNT 0
    SCAN 0 COUNT x
    SCAN 0 NONSENSE
    SCAN 0 MATCH
  `,
  sort: `
    RPUSH l 3 1 2
    SORT l
    SORT l DESC
    SORT l LIMIT 0 2
    RPUSH a b c a
    SORT a ALPHA
    SORT a
    SORT none
    SORT {l}none STORE {l}d
    RPUSH {l}1 3 1 2
    SORT {l}1 STORE {l}d
    LRANGE {l}d 0 -1
    SORT l BY nosort
    !ERR GET option of SORT denied in Cluster mode.: SORT l BY nosort GET #
    SORT l LIMIT x 1
    SORT l NONSENSE
    !CROSSSLOT: SORT a STORE b
  `,
  sort_ro: `
    RPUSH l 3 1 2
    SORT_RO l
    SORT_RO l DESC LIMIT 1 1
    SORT_RO l STORE d
    SORT_RO none
  `,
  touch: `
    MSET a 1 b 2
    TOUCH a b none
    TOUCH none
  `,
  ttl: `
    = TTL none
    SET k v
    = TTL k
    EXPIRE k 100
    TTL k
  `,
  type: `
    TYPE none
    SET s v
    TYPE s
    RPUSH l a
    TYPE l
    SADD t a
    TYPE t
    ZADD z 1 a
    TYPE z
    HSET h a 1
    TYPE h
    = XADD x 1-1 a b
    TYPE x
  `,
  unlink: `
    MSET a 1 b 2 c 3
    UNLINK a none b
    UNLINK a
    EXISTS a b c
  `,
  wait: `
    WAIT 0 10
    SET k v
    WAIT 0 0
    WAIT 1 10
    WAIT x 10
    WAIT 0 x
    WAIT 0 -1
  `,
  waitaof: `
    WAITAOF 0 0 10
    SET k v
    WAITAOF 0 0 0
    WAITAOF 2 0 0
    WAITAOF 0 -1 0
    WAITAOF 0 0 x
    GET k
  `,
};
