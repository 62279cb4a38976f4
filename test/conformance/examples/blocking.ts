import type { Examples } from '../support/example.js';

export const BLOCKING: Examples = {
  blmove: `
    BLMOVE {l}1 {l}2 LEFT RIGHT 0.01
    RPUSH {l}1 a b
    BLMOVE {l}1 {l}2 LEFT RIGHT 1
    LRANGE {l}2 0 -1
    BLMOVE {l}1 {l}2 LEFT RIGHT -1
    BLMOVE {l}1 {l}2 LEFT RIGHT x
    BLMOVE {l}1 {l}2 UP RIGHT 1
    SET {l}s x
    BLMOVE {l}s {l}2 LEFT LEFT 1
    !CROSSSLOT: BLMOVE a b LEFT LEFT 1
    ---
    > BLMOVE {l}1 {l}2 LEFT RIGHT 5
    @b RPUSH {l}1 v
    <1
    LRANGE {l}2 0 -1
  `,
  blmpop: `
    BLMPOP 0.01 2 {l}1 {l}2 LEFT
    RPUSH {l}2 a b c
    BLMPOP 1 2 {l}1 {l}2 LEFT
    BLMPOP 1 2 {l}1 {l}2 RIGHT COUNT 5
    BLMPOP -1 1 {l}1 LEFT
    BLMPOP x 1 {l}1 LEFT
    BLMPOP 1 0 {l}1 LEFT
    BLMPOP 1 1 {l}1 UP
    !CROSSSLOT: BLMPOP 1 2 a b LEFT
    ---
    > BLMPOP 5 2 {l}1 {l}2 LEFT COUNT 2
    @b RPUSH {l}2 v w
    <1
  `,
  blpop: `
    BLPOP l 0.01
    RPUSH {l}2 a b c
    BLPOP {l}1 {l}2 1
    BLPOP {l}2 0
    BLPOP {l}2 -1
    BLPOP {l}2 x
    SET s x
    BLPOP s 1
    !CROSSSLOT: BLPOP a b 1
    ---
    > BLPOP {l}1 {l}2 5
    > PING behind
    @b RPUSH {l}2 v w
    <2
    LRANGE {l}2 0 -1
    ---
    $id = CLIENT ID
    > BLPOP l 0
    @b ? CLIENT UNBLOCK $id
    <1
    > BLPOP l 0
    @b ? CLIENT UNBLOCK $id ERROR
    <1
    PING
  `,
  brpop: `
    BRPOP l 0.01
    RPUSH {l}2 a b c
    BRPOP {l}1 {l}2 1
    BRPOP {l}2 x
    !CROSSSLOT: BRPOP a b 1
    ---
    > BRPOP {l}1 {l}2 5
    @b RPUSH {l}2 v w
    <1
  `,
  brpoplpush: `
    BRPOPLPUSH {l}1 {l}2 0.01
    RPUSH {l}1 a b
    BRPOPLPUSH {l}1 {l}2 1
    BRPOPLPUSH {l}1 {l}2 x
    LRANGE {l}2 0 -1
    !CROSSSLOT: BRPOPLPUSH a b 1
    ---
    > BRPOPLPUSH {l}1 {l}2 5
    @b RPUSH {l}1 v
    <1
  `,
  bzmpop: `
    BZMPOP 0.01 2 {z}1 {z}2 MIN
    ZADD {z}2 1 a 2 b 3 c
    BZMPOP 1 2 {z}1 {z}2 MIN
    BZMPOP 1 2 {z}1 {z}2 MAX COUNT 5
    BZMPOP 1 1 {z}1 UP
    BZMPOP -1 1 {z}1 MIN
    !CROSSSLOT: BZMPOP 1 2 a b MIN
    ---
    > BZMPOP 5 2 {z}1 {z}2 MIN
    @b ZADD {z}2 1.5 v
    <1
  `,
  bzpopmax: `
    BZPOPMAX z 0.01
    ZADD {z}2 1 a 2 b
    BZPOPMAX {z}1 {z}2 1
    BZPOPMAX {z}2 x
    !CROSSSLOT: BZPOPMAX a b 1
    ---
    > BZPOPMAX {z}1 {z}2 5
    @b ZADD {z}2 1.5 v
    <1
  `,
  bzpopmin: `
    BZPOPMIN z 0.01
    ZADD {z}2 1 a 2.5 b
    BZPOPMIN {z}1 {z}2 1
    BZPOPMIN {z}2 -1
    SET s x
    BZPOPMIN s 1
    !CROSSSLOT: BZPOPMIN a b 1
    ---
    > BZPOPMIN {z}1 {z}2 5
    @b ZADD {z}2 1.5 v
    <1
  `,
};
