import type { Examples } from '../support/example.js';

export const BITMAP: Examples = {
  bitcount: `
    BITCOUNT k
    SET k foobar
    BITCOUNT k
    BITCOUNT k 0 0
    BITCOUNT k 1 -1
    BITCOUNT k 5 30 BIT
    BITCOUNT k 1 1 BYTE
    BITCOUNT k 1
    BITCOUNT k a b
    BITCOUNT k 0 0 NONSENSE
  `,
  bitfield: `
    BITFIELD k SET u8 0 255 GET u4 0 INCRBY i5 100 1
    BITFIELD k OVERFLOW SAT INCRBY u2 102 10 OVERFLOW FAIL INCRBY u2 102 10
    BITFIELD k OVERFLOW WRAP INCRBY u2 #0 3
    BITFIELD k
    BITFIELD k GET u64 0
    BITFIELD k GET i64 0 GET u63 0
    BITFIELD k SET u8 x 1
    BITFIELD k NONSENSE
    GET k
  `,
  bitfield_ro: `
    SET k abc
    BITFIELD_RO k GET u8 0 GET i4 #1
    BITFIELD_RO none GET u8 0
    BITFIELD_RO k SET u8 0 1
  `,
  bitop: `
    MSET {k}1 abcdef {k}2 foo
    BITOP AND {k}d {k}1 {k}2
    GET {k}d
    BITOP OR {k}d {k}1 {k}2 {k}none
    GET {k}d
    BITOP XOR {k}d {k}1 {k}2
    GET {k}d
    BITOP NOT {k}d {k}1
    GET {k}d
    BITOP NOT {k}d {k}1 {k}2
    BITOP NONSENSE {k}d {k}1
    BITOP AND {k}d {k}none
    EXISTS {k}d
    RPUSH {k}l a
    BITOP AND {k}d {k}l
    !CROSSSLOT: BITOP AND a b c
  `,
  bitpos: `
    BITPOS k 0
    BITPOS k 1
    SET k "\\xff\\xf0\\x00"
    BITPOS k 0
    BITPOS k 1 2
    BITPOS k 1 0 -1
    BITPOS k 0 2 15 BIT
    BITPOS k 2
    BITPOS k 0 x
    BITPOS k 0 0 0 NONSENSE
  `,
  getbit: `
    GETBIT k 0
    SET k a
    GETBIT k 1
    GETBIT k 100
    GETBIT k -1
    GETBIT k x
  `,
  setbit: `
    SETBIT k 7 1
    SETBIT k 7 0
    SETBIT k 100 1
    STRLEN k
    SETBIT k 7 2
    SETBIT k -1 1
    SETBIT k 4294967296 1
  `,
};
