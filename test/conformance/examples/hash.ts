import type { Examples } from '../support/example.js';

export const HASH: Examples = {
  hdel: `
    HSET h a 1 b 2 c 3
    HDEL h a none
    HDEL h b c
    EXISTS h
    HDEL h a
  `,
  hexists: `
    HSET h a 1
    HEXISTS h a
    HEXISTS h b
    HEXISTS none a
  `,
  hget: `
    HSET h a 1 "" empty
    HGET h a
    HGET h ""
    HGET h b
    HGET none a
  `,
  hgetall: `
    HSET h a 1 b 2 c 3
    = HGETALL h
    HGETALL none
    HSET long "a field with a value that is longer than sixty-four bytes, so it is no listpack" 1 b 2
    HGETALL long
  `,
  hincrby: `
    HINCRBY h a 5
    HINCRBY h a -7
    HINCRBY h a x
    HSET h b abc
    HINCRBY h b 1
    HSET h c 9223372036854775807
    HINCRBY h c 1
  `,
  hincrbyfloat: `
    HINCRBYFLOAT h a 1.5
    HINCRBYFLOAT h a -0.25
    HINCRBYFLOAT h a x
    HSET h b abc
    HINCRBYFLOAT h b 1
  `,
  hkeys: `
    HSET h a 1 b 2
    = HKEYS h
    HKEYS none
  `,
  hlen: `
    HSET h a 1 b 2
    HLEN h
    HLEN none
  `,
  hmget: `
    HSET h a 1 b 2
    HMGET h a none b
    HMGET none a
  `,
  hmset: `
    HMSET h a 1 b 2
    HMSET h a
    HMSET h a 1 b
    HGET h b
  `,
  hrandfield: `
    = HRANDFIELD none
    = HRANDFIELD none 5
    HSET h a 1
    = HRANDFIELD h
    = HRANDFIELD h 5
    = HRANDFIELD h -3
    = HRANDFIELD h 5 WITHVALUES
    = HRANDFIELD h -2 WITHVALUES
    = HRANDFIELD h 0
    HRANDFIELD h x
    HRANDFIELD h 1 NONSENSE
    HSET h b 2 c 3
    HRANDFIELD h
    HRANDFIELD h 2
    % HRANDFIELD h 3 WITHVALUES
  `,
  hscan: `
    = HSCAN none 0
    HSET h a 1 b 2 c 3
    = HSCAN h 0
    = HSCAN h 0 MATCH a* COUNT 100
    HSCAN h x
    HSCAN h 0 COUNT 0
    HSCAN h 0 COUNT x
    HSCAN h 0 NONSENSE
  `,
  hset: `
    HSET h a 1
    HSET h a 2 b 3
    HSET h a
    HSET h a 1 b
    HGET h a
  `,
  hsetnx: `
    HSETNX h a 1
    HSETNX h a 2
    HGET h a
  `,
  hstrlen: `
    HSET h a hello
    HSTRLEN h a
    HSTRLEN h b
    HSTRLEN none a
  `,
  hvals: `
    HSET h a 1 b 2
    = HVALS h
    HVALS none
  `,
  hexpire: 'HEXPIRE {k} 10 FIELDS 1 a',
  hexpireat: 'HEXPIREAT {k} 4102444800 FIELDS 1 a',
  hexpiretime: 'HEXPIRETIME {k} FIELDS 1 a',
  hgetdel: 'HGETDEL {k} FIELDS 1 a',
  hgetex: 'HGETEX {k} EX 10 FIELDS 1 a',
  hpersist: 'HPERSIST {k} FIELDS 1 a',
  hpexpire: 'HPEXPIRE {k} 10000 FIELDS 1 a',
  hpexpireat: 'HPEXPIREAT {k} 4102444800000 FIELDS 1 a',
  hpexpiretime: 'HPEXPIRETIME {k} FIELDS 1 a',
  hpttl: 'HPTTL {k} FIELDS 1 a',
  hsetex: 'HSETEX {k} EX 10 FIELDS 1 a 1',
  httl: 'HTTL {k} FIELDS 1 a',
  himport: 'HIMPORT',
  'himport|discard': 'HIMPORT DISCARD name',
  'himport|discardall': 'HIMPORT DISCARDALL',
  'himport|prepare': 'HIMPORT PREPARE name a',
  'himport|set': 'HIMPORT SET {k} name 1',
};
