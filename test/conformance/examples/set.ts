import type { Examples } from '../support/example.js';

export const SET: Examples = {
  sadd: `
    SADD s a b c
    SADD s a d
    SADD i 3 1 2
    = SMEMBERS i
  `,
  scard: `
    SCARD s
    SADD s a b
    SCARD s
  `,
  sdiff: `
    SADD {s}1 a b c
    SADD {s}2 b
    SDIFF {s}1 {s}2
    SDIFF {s}1 {s}none
    SDIFF {s}none {s}1
    SET {s}x 1
    SDIFF {s}1 {s}x
    !CROSSSLOT: SDIFF a b
  `,
  sdiffstore: `
    SADD {s}1 a b c
    SADD {s}2 b
    SDIFFSTORE {s}d {s}1 {s}2
    SMEMBERS {s}d
    SDIFFSTORE {s}d {s}none {s}1
    EXISTS {s}d
    !CROSSSLOT: SDIFFSTORE a b c
  `,
  sinter: `
    SADD {s}1 a b c
    SADD {s}2 b c d
    SINTER {s}1 {s}2
    SINTER {s}1 {s}none
    SINTER {s}1
    !CROSSSLOT: SINTER a b
  `,
  sintercard: `
    SADD {s}1 a b c
    SADD {s}2 b c d
    SINTERCARD 2 {s}1 {s}2
    SINTERCARD 2 {s}1 {s}2 LIMIT 1
    SINTERCARD 2 {s}1 {s}none
    SINTERCARD 0 {s}1
    SINTERCARD x {s}1
    SINTERCARD 5 {s}1
    SINTERCARD 1 {s}1 LIMIT -1
    SINTERCARD 1 {s}1 NONSENSE
    !CROSSSLOT: SINTERCARD 2 a b
  `,
  sinterstore: `
    SADD {s}1 a b c
    SADD {s}2 b c d
    SINTERSTORE {s}d {s}1 {s}2
    SMEMBERS {s}d
    SINTERSTORE {s}d {s}1 {s}none
    EXISTS {s}d
    !CROSSSLOT: SINTERSTORE a b c
  `,
  sismember: `
    SADD s a
    SISMEMBER s a
    SISMEMBER s b
    SISMEMBER none a
  `,
  smembers: `
    SADD s a b c
    SMEMBERS s
    SADD i 3 1 2
    = SMEMBERS i
    SMEMBERS none
  `,
  smismember: `
    SADD s a b
    SMISMEMBER s a c b
    SMISMEMBER none a
  `,
  smove: `
    SADD {s}1 a b
    SMOVE {s}1 {s}2 a
    SMOVE {s}1 {s}2 none
    SMOVE {s}none {s}2 a
    SMEMBERS {s}2
    !CROSSSLOT: SMOVE a b x
  `,
  spop: `
    = SPOP s
    = SPOP s 2
    SADD s a b c
    % SPOP s 3
    EXISTS s
    SADD s a b c
    SPOP s
    SPOP s 0
    SPOP s 1
    SPOP s 99
    EXISTS s
    SADD s a
    = SPOP s 3
    SADD s a
    SPOP s -1
    SPOP s x
    SPOP s 1 NONSENSE
  `,
  srandmember: `
    = SRANDMEMBER s
    = SRANDMEMBER s 2
    SADD s a
    = SRANDMEMBER s
    = SRANDMEMBER s 5
    = SRANDMEMBER s -3
    = SRANDMEMBER s 0
    SADD s b c
    SRANDMEMBER s
    SRANDMEMBER s 2
    % SRANDMEMBER s 3
    SRANDMEMBER s -5
    SRANDMEMBER s x
  `,
  srem: `
    SADD s a b c
    SREM s a none
    SREM s b c
    SREM s b
    EXISTS s
  `,
  sscan: `
    = SSCAN none 0
    SADD s a b c
    % SSCAN s 0
    % SSCAN s 0 MATCH a* COUNT 100
    SADD i 1 2 3
    = SSCAN i 0
    SSCAN s x
    SSCAN s 0 COUNT 0
    SSCAN s 0 NONSENSE
  `,
  sunion: `
    SADD {s}1 a b
    SADD {s}2 b c
    SUNION {s}1 {s}2
    SUNION {s}none {s}1
    SUNION {s}none
    !CROSSSLOT: SUNION a b
  `,
  sunionstore: `
    SADD {s}1 a b
    SADD {s}2 b c
    SUNIONSTORE {s}d {s}1 {s}2
    SMEMBERS {s}d
    SUNIONSTORE {s}d {s}none
    EXISTS {s}d
    !CROSSSLOT: SUNIONSTORE a b c
  `,
};
