import type { Examples } from '../support/example.js';

/** Rows whose name does not begin with `zr`. */
export const SORTED_SET: Examples = {
  zadd: `
    ZADD z 1 a 2 b
    ZADD z 3 a 4 c
    ZADD z NX 9 a
    ZADD z XX CH 5 a 1 d
    ZADD z GT CH 1 a
    ZADD z LT CH 1 a
    ZADD z INCR 1.5 a
    ZADD z NX INCR 1 a
    ZADD z inf i -inf j
    ZADD z x a
    ZADD z NX XX 1 a
    ZADD z GT LT 1 a
    ZADD z INCR 1 a 2 b
    ZADD z 1
    ZADD z 1 a 2
    ZADD z nan a
    ZRANGE z 0 -1 WITHSCORES
  `,
  zcard: `
    ZCARD z
    ZADD z 1 a
    ZCARD z
  `,
  zcount: `
    ZADD z 1 a 2 b 3 c
    ZCOUNT z -inf +inf
    ZCOUNT z (1 3
    ZCOUNT z 5 1
    ZCOUNT none 0 1
    ZCOUNT z a b
  `,
  zdiff: `
    ZADD {z}1 1 a 2 b 3 c
    ZADD {z}2 9 b
    ZDIFF 2 {z}1 {z}2
    ZDIFF 2 {z}1 {z}2 WITHSCORES
    ZDIFF 1 {z}none
    ZDIFF 0 {z}1
    ZDIFF x {z}1
    ZDIFF 2 {z}1 {z}2 NONSENSE
    !CROSSSLOT: ZDIFF 2 a b
  `,
  zdiffstore: `
    ZADD {z}1 1 a 2 b 3 c
    ZADD {z}2 9 b
    ZDIFFSTORE {z}d 2 {z}1 {z}2
    ZRANGE {z}d 0 -1 WITHSCORES
    ZDIFFSTORE {z}d 1 {z}none
    EXISTS {z}d
    ZDIFFSTORE {z}d 0 {z}1
    !CROSSSLOT: ZDIFFSTORE d 2 a b
  `,
  zincrby: `
    ZINCRBY z 1 a
    ZINCRBY z 2.5 a
    ZINCRBY z -inf a
    ZINCRBY z inf a
    ZINCRBY z x a
  `,
  zinter: `
    ZADD {z}1 1 a 2 b 3 c
    ZADD {z}2 10 b 20 c
    ZINTER 2 {z}1 {z}2
    ZINTER 2 {z}1 {z}2 WITHSCORES
    ZINTER 2 {z}1 {z}2 WEIGHTS 2 3 AGGREGATE MAX WITHSCORES
    ZINTER 2 {z}1 {z}none
    ZINTER 2 {z}1 {z}2 WEIGHTS 1
    ZINTER 2 {z}1 {z}2 AGGREGATE NONSENSE
    !CROSSSLOT: ZINTER 2 a b
  `,
  zintercard: `
    ZADD {z}1 1 a 2 b 3 c
    ZADD {z}2 10 b 20 c
    ZINTERCARD 2 {z}1 {z}2
    ZINTERCARD 2 {z}1 {z}2 LIMIT 1
    ZINTERCARD 0 {z}1
    ZINTERCARD 1 {z}1 LIMIT -1
    !CROSSSLOT: ZINTERCARD 2 a b
  `,
  zinterstore: `
    ZADD {z}1 1 a 2 b 3 c
    SADD {z}s b c
    ZINTERSTORE {z}d 2 {z}1 {z}s
    ZRANGE {z}d 0 -1 WITHSCORES
    ZINTERSTORE {z}d 2 {z}1 {z}s WEIGHTS 10 1 AGGREGATE MIN
    ZRANGE {z}d 0 -1 WITHSCORES
    ZINTERSTORE {z}d 2 {z}1 {z}none
    EXISTS {z}d
    ZINTERSTORE {z}d 5 {z}1
    !CROSSSLOT: ZINTERSTORE d 2 a b
  `,
  zlexcount: `
    ZADD z 0 a 0 b 0 c
    ZLEXCOUNT z - +
    ZLEXCOUNT z [a (c
    ZLEXCOUNT z a c
    ZLEXCOUNT none - +
  `,
  zmpop: `
    ZMPOP 2 {z}1 {z}2 MIN
    ZADD {z}2 1 a 2.5 b 3 c
    ZMPOP 2 {z}1 {z}2 MIN
    ZMPOP 2 {z}1 {z}2 MAX COUNT 5
    ZMPOP 0 {z}1 MIN
    ZMPOP 1 {z}1 UP
    ZMPOP 1 {z}1 MIN COUNT 0
    !CROSSSLOT: ZMPOP 2 a b MIN
  `,
  zmscore: `
    ZADD z 1 a 2.5 b
    ZMSCORE z a none b
    ZMSCORE none a
  `,
  zpopmax: `
    ZPOPMAX z
    ZADD z 1 a 2.5 b 3 c
    ZPOPMAX z
    ZPOPMAX z 5
    ZPOPMAX z -1
    ZPOPMAX z x
  `,
  zpopmin: `
    ZPOPMIN z
    ZPOPMIN z 2
    ZADD z 1 a 2.5 b 3 c
    ZPOPMIN z
    ZPOPMIN z 1
    ZPOPMIN z 0
    ZPOPMIN z 5
    EXISTS z
  `,
  zscan: `
    = ZSCAN none 0
    ZADD z 1 a 2.5 b
    = ZSCAN z 0
    = ZSCAN z 0 MATCH a* COUNT 100
    ZSCAN z x
    ZSCAN z 0 COUNT 0
    ZSCAN z 0 NONSENSE
  `,
  zscore: `
    ZADD z 1 a 2.5 b inf c
    ZSCORE z a
    ZSCORE z b
    ZSCORE z c
    ZSCORE z none
    ZSCORE none a
  `,
  zunion: `
    ZADD {z}1 1 a 2 b
    ZADD {z}2 10 b 20 c
    ZUNION 2 {z}1 {z}2
    ZUNION 2 {z}1 {z}2 WITHSCORES
    ZUNION 2 {z}1 {z}2 WEIGHTS 2 3 AGGREGATE MIN WITHSCORES
    ZUNION 1 {z}none
    ZUNION x {z}1
    !CROSSSLOT: ZUNION 2 a b
  `,
  zunionstore: `
    ZADD {z}1 1 a 2 b
    ZADD {z}2 10 b 20 c
    ZUNIONSTORE {z}d 2 {z}1 {z}2 WEIGHTS 2 1.5
    ZRANGE {z}d 0 -1 WITHSCORES
    ZUNIONSTORE {z}d 1 {z}none
    EXISTS {z}d
    ZUNIONSTORE {z}d 2 {z}1 {z}2 WEIGHTS x y
    !CROSSSLOT: ZUNIONSTORE d 2 a b
  `,
};
