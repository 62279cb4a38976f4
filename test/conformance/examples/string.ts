import type { Examples } from '../support/example.js';

export const STRING: Examples = {
  append: `
    APPEND k a
    APPEND k "b\\r\\n\\x00"
    GET k
    APPEND k ""
  `,
  decr: `
    DECR k
    DECR k
    SET k abc
    DECR k
    SET k -9223372036854775808
    DECR k
  `,
  decrby: `
    DECRBY k 5
    DECRBY k -7
    DECRBY k x
    DECRBY k -9223372036854775808
  `,
  get: `
    GET k
    SET k v
    GET k
    SET k ""
    GET k
  `,
  getdel: `
    GETDEL k
    SET k v
    GETDEL k
    GETDEL k
  `,
  getex: `
    GETEX k
    SET k v
    GETEX k
    GETEX k EX 100
    TTL k
    GETEX k PX 100000
    GETEX k EXAT 4102444800
    = PTTL none
    EXPIRETIME k
    GETEX k PXAT 4102444800001
    PEXPIRETIME k
    GETEX k PERSIST
    = TTL k
    GETEX k EX 0
    GETEX k EX x
    GETEX k NONSENSE
    GETEX k EX 1 PX 1
  `,
  getrange: `
    GETRANGE k 0 -1
    SET k "hello world"
    GETRANGE k 0 4
    GETRANGE k -5 -1
    GETRANGE k 5 1
    GETRANGE k 0 99
    GETRANGE k a b
  `,
  getset: `
    GETSET k 1
    GETSET k 2
    GET k
  `,
  incr: `
    INCR k
    INCR k
    SET k abc
    INCR k
    SET k 9223372036854775807
    INCR k
  `,
  incrby: `
    INCRBY k 5
    INCRBY k -7
    INCRBY k x
    INCRBY k 9223372036854775808
  `,
  incrbyfloat: `
    INCRBYFLOAT k 1.5
    INCRBYFLOAT k -0.25
    INCRBYFLOAT k 5.0e3
    INCRBYFLOAT k x
    INCRBYFLOAT k inf
    SET k abc
    INCRBYFLOAT k 1
  `,
  lcs: `
    LCS {k}1 {k}2
    MSET {k}1 ohmytext {k}2 mynewtext
    LCS {k}1 {k}2
    LCS {k}1 {k}2 LEN
    LCS {k}1 {k}2 IDX
    LCS {k}1 {k}2 IDX MINMATCHLEN 4 WITHMATCHLEN
    LCS {k}1 {k}2 LEN IDX
    LCS {k}1 {k}2 NONSENSE
    RPUSH {k}l a
    LCS {k}1 {k}l
    !CROSSSLOT: LCS a b
  `,
  mget: `
    MGET a b c
    MSET a 1 b 2 c 3
    MGET a b c none a
    MGET a
    RPUSH l x
    MGET a l c
  `,
  mset: `
    MSET a 1 b 2 c 3
    MGET a b c
    MSET a 1 b
    MSET a 1 a 2
    GET a
    RPUSH l x
    MSET l 1
    TYPE l
  `,
  msetnx: `
    MSETNX {k}1 a {k}2 b
    MSETNX {k}2 c {k}3 d
    MGET {k}1 {k}2 {k}3
    MSETNX {k}1 a {k}2
    !CROSSSLOT: MSETNX a 1 b 2
  `,
  psetex: `
    PSETEX k 100000 v
    GET k
    PTTL k
    PSETEX k 0 v
    PSETEX k -1 v
    PSETEX k x v
  `,
  set: `
    SET k v
    SET k w NX
    SET k w XX
    SET none w XX
    SET k x GET
    SET none2 x GET
    SET k y EX 100
    TTL k
    SET k z KEEPTTL
    TTL k
    SET k z PX 100000 XX GET
    SET k z EXAT 4102444800
    EXPIRETIME k
    SET k z PXAT 4102444800001 NX
    SET k z
    = TTL k
    ---
    SET k v EX 0
    SET k v EX x
    SET k v EX 9223372036854775807
    SET k v NX XX
    SET k v NONSENSE
    SET k v EX 1 KEEPTTL
    SET k v EX
    SET "" empty
    GET ""
    SET "\\xff\\x00\\r\\n" "\\r\\n$3\\r\\n"
    GET "\\xff\\x00\\r\\n"
    RPUSH l a
    SET l x GET
    SET l x
    TYPE l
  `,
  setex: `
    SETEX k 100 v
    GET k
    TTL k
    SETEX k 0 v
    SETEX k x v
  `,
  setnx: `
    SETNX k v
    SETNX k w
    GET k
  `,
  setrange: `
    SETRANGE k 5 abc
    GET k
    SETRANGE k 0 xy
    GET k
    SETRANGE k 0 ""
    SETRANGE k -1 a
    SETRANGE k x a
    SETRANGE k 536870912 a
  `,
  strlen: `
    STRLEN k
    SET k hello
    STRLEN k
  `,
  substr: `
    SET k "hello world"
    SUBSTR k 0 4
    SUBSTR k -5 -1
    SUBSTR k a 1
  `,
  delex: 'DELEX {k} IFEQ a',
  delifeq: 'DELIFEQ {k} a',
  digest: 'DIGEST {k}',
  msetex: 'MSETEX 2 {k} a {k}2 b EX 10',
};
