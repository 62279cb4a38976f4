import type { Examples } from '../support/example.js';

/** Rows of sorted sets whose name begins with `zr`. */
export const SORTED_SET_RANGES: Examples = {
  zrandmember: `
    = ZRANDMEMBER z
    = ZRANDMEMBER z 2
    ZADD z 1.5 a
    = ZRANDMEMBER z
    = ZRANDMEMBER z 5
    = ZRANDMEMBER z -3
    = ZRANDMEMBER z 5 WITHSCORES
    = ZRANDMEMBER z -2 WITHSCORES
    ZRANDMEMBER z x
    ZRANDMEMBER z 1 NONSENSE
    ZADD z 2 b 3 c
    ZRANDMEMBER z
    ZRANDMEMBER z 2
    % ZRANDMEMBER z 3 WITHSCORES
  `,
  zrange: `
    ZADD z 1 a 2.5 b 3 c inf d
    ZRANGE z 0 -1
    ZRANGE z 0 -1 WITHSCORES
    ZRANGE z 0 1 REV
    ZRANGE z (1 3 BYSCORE
    ZRANGE z 3 1 BYSCORE REV WITHSCORES LIMIT 0 1
    ZRANGE z [a (c BYLEX
    ZRANGE none 0 -1
    ZRANGE z a b
    ZRANGE z a b BYSCORE
    ZRANGE z a b BYLEX
    ZRANGE z 0 1 LIMIT 0 1
    ZRANGE z 0 1 BYLEX WITHSCORES
    ZRANGE z 0 1 NONSENSE
  `,
  zrangebylex: `
    ZADD z 0 a 0 b 0 c
    ZRANGEBYLEX z - +
    ZRANGEBYLEX z [a (c
    ZRANGEBYLEX z - + LIMIT 1 1
    ZRANGEBYLEX z a c
    ZRANGEBYLEX none - +
  `,
  zrangebyscore: `
    ZADD z 1 a 2.5 b 3 c
    ZRANGEBYSCORE z -inf +inf
    ZRANGEBYSCORE z (1 3 WITHSCORES
    ZRANGEBYSCORE z 1 3 LIMIT 1 1
    ZRANGEBYSCORE z a b
    ZRANGEBYSCORE none 0 1
    ZRANGEBYSCORE z 1 3 LIMIT x 1
    ZRANGEBYSCORE z 1 3 NONSENSE
  `,
  zrangestore: `
    ZADD {z}1 1 a 2.5 b 3 c
    ZRANGESTORE {z}d {z}1 0 1
    ZRANGE {z}d 0 -1 WITHSCORES
    ZRANGESTORE {z}d {z}1 (1 3 BYSCORE LIMIT 0 1
    ZRANGE {z}d 0 -1 WITHSCORES
    ZRANGESTORE {z}d {z}none 0 -1
    EXISTS {z}d
    ZRANGESTORE {z}d {z}1 0 1 WITHSCORES
    !CROSSSLOT: ZRANGESTORE a b 0 1
  `,
  zrank: `
    ZADD z 1 a 2 b
    ZRANK z b
    ZRANK z none
    ZRANK none a
  `,
  zrem: `
    ZADD z 1 a 2 b
    ZREM z a none
    ZREM z b
    ZREM z b
    EXISTS z
  `,
  zremrangebylex: `
    ZADD z 0 a 0 b 0 c
    ZREMRANGEBYLEX z [a (c
    ZREMRANGEBYLEX z - +
    ZREMRANGEBYLEX z a c
    ZREMRANGEBYLEX none - +
  `,
  zremrangebyrank: `
    ZADD z 1 a 2 b 3 c
    ZREMRANGEBYRANK z 0 0
    ZREMRANGEBYRANK z -1 -1
    ZREMRANGEBYRANK z a b
    ZREMRANGEBYRANK none 0 1
    ZRANGE z 0 -1
  `,
  zremrangebyscore: `
    ZADD z 1 a 2 b 3 c
    ZREMRANGEBYSCORE z (1 2
    ZREMRANGEBYSCORE z -inf +inf
    ZREMRANGEBYSCORE z a b
    ZREMRANGEBYSCORE none 0 1
  `,
  zrevrange: `
    ZADD z 1 a 2.5 b 3 c
    ZREVRANGE z 0 -1
    ZREVRANGE z 0 1 WITHSCORES
    ZREVRANGE none 0 1
    ZREVRANGE z a b
  `,
  zrevrangebylex: `
    ZADD z 0 a 0 b 0 c
    ZREVRANGEBYLEX z + -
    ZREVRANGEBYLEX z (c [a LIMIT 0 1
    ZREVRANGEBYLEX z c a
  `,
  zrevrangebyscore: `
    ZADD z 1 a 2.5 b 3 c
    ZREVRANGEBYSCORE z +inf -inf
    ZREVRANGEBYSCORE z 3 (1 WITHSCORES LIMIT 0 1
    ZREVRANGEBYSCORE z a b
  `,
  zrevrank: `
    ZADD z 1 a 2 b
    ZREVRANK z a
    ZREVRANK z none
    ZREVRANK none a
  `,
};
