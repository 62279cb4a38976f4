import type { Examples } from '../support/example.js';

export const PUBSUB: Examples = {
  psubscribe: `
    @b PSUBSCRIBE news.* other?
    PUBLISH news.art hello
    @b <1
    PUBLISH other1 x
    @b <1
    PUBLISH none x
    @b PUNSUBSCRIBE news.*
    PUBLISH news.art hello
    @b PING
    @b PUNSUBSCRIBE other?
    ---
    @b SUBSCRIBE news.art
    @b PSUBSCRIBE news.*
    PUBLISH news.art hello
    @b % <2
  `,
  publish: `
    PUBLISH c message
    @b SUBSCRIBE c
    @c SUBSCRIBE c
    PUBLISH c "a\\r\\n\\x00b"
    @b <1
    @c <1
    PUBLISH c ""
    @b <1
    @c <1
    PUBLISH d message
  `,
  pubsub: 'PUBSUB NONSENSE',
  'pubsub|channels': `
    PUBSUB CHANNELS
    @b SUBSCRIBE c1 c2 d1
    % PUBSUB CHANNELS
    % PUBSUB CHANNELS c*
    PUBSUB CHANNELS none*
  `,
  'pubsub|help': 'PUBSUB HELP',
  'pubsub|numpat': `
    PUBSUB NUMPAT
    @b PSUBSCRIBE a* b*
    @c PSUBSCRIBE a*
    PUBSUB NUMPAT
  `,
  'pubsub|numsub': `
    PUBSUB NUMSUB none
    PUBSUB NUMSUB
    @b SUBSCRIBE c1 c2
    @c SUBSCRIBE c1
    PUBSUB NUMSUB c1 c2 none
  `,
  'pubsub|shardchannels': `
    PUBSUB SHARDCHANNELS
    @b SSUBSCRIBE {c}1 {c}2
    % PUBSUB SHARDCHANNELS
    % PUBSUB SHARDCHANNELS *1
  `,
  'pubsub|shardnumsub': `
    PUBSUB SHARDNUMSUB none
    PUBSUB SHARDNUMSUB
    @b SSUBSCRIBE {c}1 {c}2
    @c SSUBSCRIBE {c}1
    PUBSUB SHARDNUMSUB {c}1 {c}2 none
  `,
  punsubscribe: `
    @b PUNSUBSCRIBE
    @b PUNSUBSCRIBE a* b*
    @b PSUBSCRIBE a* b*
    @b PUNSUBSCRIBE a*
    @b PUNSUBSCRIBE
    PUBLISH a1 x
    @b PING
  `,
  spublish: `
    SPUBLISH c message
    @b SSUBSCRIBE c
    SPUBLISH c message
    @b <1
    SPUBLISH d message
  `,
  ssubscribe: `
    @b SSUBSCRIBE {c}1 {c}2
    SPUBLISH {c}1 x
    @b <1
    PUBLISH {c}1 x
    @b SSUBSCRIBE {c}1
    ---
    !CROSSSLOT: SSUBSCRIBE a b
  `,
  subscribe: `
    SUBSCRIBE a b
    SUBSCRIBE b c
    @b PUBLISH c hello
    <1
    SUBSCRIBE
    PING
    PING behind
    UNSUBSCRIBE a
    RESET
    PING
    ---
    SUBSCRIBE a
    > GET k
    <1
    QUIT
    <1
  `,
  sunsubscribe: `
    @b SUNSUBSCRIBE
    @b SUNSUBSCRIBE c
    @b SSUBSCRIBE {c}1 {c}2
    @b SUNSUBSCRIBE {c}2
    SPUBLISH {c}2 x
    @b SUNSUBSCRIBE
    SPUBLISH {c}1 x
    @b PING
  `,
  unsubscribe: `
    @b UNSUBSCRIBE
    @b UNSUBSCRIBE c
    @b SUBSCRIBE c1
    @b PSUBSCRIBE p*
    @b UNSUBSCRIBE c1
    PUBLISH c1 x
    @b UNSUBSCRIBE
    @b PUNSUBSCRIBE
    @b GET k
  `,
};
