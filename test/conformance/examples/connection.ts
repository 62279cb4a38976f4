import type { Examples } from '../support/example.js';

export const CONNECTION: Examples = {
  auth: `
    AUTH secret
    AUTH default secret
    AUTH nobody secret
    AUTH a b c
    PING
  `,
  client: 'CLIENT NONSENSE',
  'client|caching': `
    CLIENT CACHING YES
    CLIENT CACHING NO
    CLIENT CACHING NONSENSE
    CLIENT TRACKING ON OPTIN
    CLIENT CACHING NO
    CLIENT CACHING YES
    CLIENT TRACKING OFF
  `,
  'client|capa': '!OK: CLIENT CAPA redirect',
  'client|getname': `
    CLIENT GETNAME
    CLIENT SETNAME me
    CLIENT GETNAME
    CLIENT SETNAME ""
    CLIENT GETNAME
  `,
  'client|getredir': `
    CLIENT GETREDIR
    CLIENT TRACKING ON
    CLIENT GETREDIR
  `,
  'client|help': 'CLIENT HELP',
  'client|id': 'CLIENT ID',
  'client|info': 'CLIENT INFO',
  'client|kill': `
    @b $id = CLIENT ID
    CLIENT KILL ID $id
    @b <1
    CLIENT KILL ID $id
    CLIENT KILL ID 0
    CLIENT KILL ID x
    CLIENT KILL 127.0.0.1:1
    CLIENT KILL ADDR 127.0.0.1:1
    CLIENT KILL LADDR 127.0.0.1:1
    CLIENT KILL TYPE nonsense
    CLIENT KILL TYPE pubsub
    CLIENT KILL SKIPME maybe
    CLIENT KILL USER nobody
    CLIENT KILL NONSENSE x
    PING
    ---
    $self = CLIENT ID
    CLIENT KILL ID $self SKIPME yes
    CLIENT KILL ID $self SKIPME no
    <1
    ---
    @b SUBSCRIBE c
    CLIENT KILL TYPE pubsub
    @b <1
  `,
  'client|list': `
    CLIENT SETNAME looking
    CLIENT LIST
    $id = CLIENT ID
    CLIENT LIST ID $id
    CLIENT LIST ID 999999999
    CLIENT LIST TYPE normal
    CLIENT LIST TYPE pubsub
    CLIENT LIST TYPE nonsense
    CLIENT LIST NONSENSE
  `,
  'client|maint_notifications': '!ERR syntax error: CLIENT MAINT_NOTIFICATIONS maybe',
  'client|no-evict': `
    CLIENT NO-EVICT ON
    CLIENT NO-EVICT OFF
    CLIENT NO-EVICT maybe
  `,
  'client|no-touch': 'CLIENT NO-TOUCH ON',
  'client|pause': `
    CLIENT PAUSE 100000 WRITE
    GET k
    CLIENT UNPAUSE
    SET k v
    CLIENT PAUSE 1
    GET k
    CLIENT PAUSE x
    CLIENT PAUSE -1
    CLIENT PAUSE 1 NONSENSE
    ---
    CLIENT PAUSE 100000 WRITE
    > SET k v
    @b CLIENT UNPAUSE
    <1
  `,
  'client|reply': `
    CLIENT REPLY ON
    CLIENT REPLY maybe
    > CLIENT REPLY OFF
    > SET k v
    > NONSENSE
    CLIENT REPLY ON
    GET k
    > CLIENT REPLY SKIP
    > SET k w
    GET k
    > CLIENT REPLY SKIP
    > NONSENSE
    GET k
    > CLIENT REPLY SKIP
    > CLIENT REPLY OFF
    > GET k
    CLIENT REPLY ON
  `,
  'client|setinfo': '!OK: CLIENT SETINFO LIB-NAME mine',
  'client|setname': `
    CLIENT SETNAME me
    CLIENT GETNAME
    CLIENT SETNAME "not me"
    CLIENT SETNAME "not\\nme"
    CLIENT GETNAME
  `,
  'client|tracking': `
    CLIENT TRACKING maybe
    CLIENT TRACKING ON NONSENSE
    CLIENT TRACKING ON OPTIN OPTOUT
    CLIENT TRACKING ON PREFIX a
    CLIENT TRACKING ON BCAST PREFIX a PREFIX ab
    CLIENT TRACKING ON REDIRECT 999999999
    CLIENT TRACKING OFF
  `,
  'client|trackinginfo': `
    CLIENT TRACKINGINFO
    CLIENT TRACKING ON BCAST NOLOOP
    CLIENT TRACKINGINFO
    CLIENT TRACKING ON BCAST PREFIX a
    CLIENT TRACKING ON BCAST
    CLIENT TRACKINGINFO
    CLIENT TRACKING OFF
    CLIENT TRACKINGINFO
    ---
    CLIENT TRACKING ON BCAST PREFIX b
    CLIENT TRACKING ON BCAST PREFIX c NOLOOP
    CLIENT TRACKING ON BCAST PREFIX bc
    CLIENT TRACKING ON
    CLIENT TRACKINGINFO
    ---
    CLIENT TRACKING ON OPTOUT
    CLIENT TRACKINGINFO
    CLIENT TRACKING ON OPTIN
    CLIENT TRACKINGINFO
  `,
  'client|unblock': `
    CLIENT UNBLOCK 999999999
    $id = CLIENT ID
    > BLPOP l 0
    @b ? CLIENT UNBLOCK $id TIMEOUT
    <1
    @b CLIENT UNBLOCK $id
    @b CLIENT UNBLOCK x
    @b CLIENT UNBLOCK $id NONSENSE
  `,
  'client|unpause': `
    CLIENT UNPAUSE
    CLIENT PAUSE 100000 WRITE
    CLIENT UNPAUSE
    SET k v
  `,
  echo: `
    ECHO hello
    ECHO ""
    ECHO "\\r\\n\\x00"
  `,
  hello: `
    HELLO
    HELLO 2
    HGETALL none
    HELLO 3
    HGETALL none
    HELLO 3 SETNAME me
    CLIENT GETNAME
    HELLO 4
    HELLO x
    HELLO 3 NONSENSE
    HELLO 3 SETNAME "not me"
    HELLO 3 AUTH nobody secret
    HELLO 3 AUTH default
    HELLO 2 SETNAME
    PING
  `,
  ping: `
    PING
    PING hello
    PING ""
    PING a b
  `,
  quit: `
    QUIT
    <1
    ---
    QUIT with arguments
    <1
  `,
  reset: `
    RESET
    CLIENT SETNAME me
    MULTI
    SET k v
    RESET
    CLIENT GETNAME
    EXEC
    HGETALL none
    SUBSCRIBE c
    RESET
    GET k
  `,
  select: `
    SELECT 0
    SELECT 99
    SELECT -1
    SELECT x
    SELECT 1
  `,
};

/** What a client is told of keys that it read: in RESP3 on its own connection. */
export const TRACKING_RESP3 = `
  CLIENT TRACKING ON
  GET k
  @b SET k v
  <1
  @b SET k w
  GET k
  SET k mine
  <1
  ---
  CLIENT TRACKING ON NOLOOP
  GET k
  SET k mine
  GET k
  @b SET k other
  <1
  ---
  CLIENT TRACKING ON BCAST PREFIX a:
  @b SET a:1 v
  <1
  @b SET b:1 v
  ---
  CLIENT TRACKING ON OPTIN
  GET {t}1
  CLIENT CACHING YES
  GET {t}2
  @b MSET {t}1 v {t}2 v
  <1
  ---
  CLIENT TRACKING ON
  GET k
  @b FLUSHALL
  <1
`;

/** The same in RESP2: another connection gets the messages. */
export const TRACKING_RESP2 = `
  @b $sink = CLIENT ID
  @b SUBSCRIBE __redis__:invalidate
  CLIENT TRACKING ON REDIRECT $sink
  GET k
  @c SET k v
  @b <1
  CLIENT TRACKING OFF
`;
