import type { Examples } from '../support/example.js';

const TWO_ENTRIES = `
  = XADD x 1-1 f a
  = XADD x 2-1 f b g c
`;
const ONE_PENDING = `${TWO_ENTRIES}
  XGROUP CREATE x g 0
  XREADGROUP GROUP g alice COUNT 1 STREAMS x >
`;

export const STREAM: Examples = {
  xack: `${ONE_PENDING}
    XACK x g 1-1 2-1
    XACK x g 1-1
    XACK x none 1-1
    XACK none g 1-1
    XACK x g nonsense
  `,
  xackdel: 'XACKDEL {k} g IDS 1 1-1',
  xadd: `
    = XADD x 1-1 a b
    = XADD x 1-* a b
    = XADD x MAXLEN 1 2-0 c d
    = XADD x MAXLEN = 5 3-0 c d
    = XADD x MINID 3 4-0 c d
    = XADD none NOMKSTREAM 1-1 a b
    XADD x * a b
    = XLEN x
    XADD x 1-1 a b
    XADD x 0-0 a b
    XADD x nonsense a b
    XADD x * a
    XADD x MAXLEN x * a b
  `,
  xautoclaim: `${ONE_PENDING}
    = XAUTOCLAIM x g bob 0 0
    = XAUTOCLAIM x g bob 0 0 COUNT 1 JUSTID
    = XAUTOCLAIM x g bob 100000 0
    XAUTOCLAIM x none bob 0 0
    XAUTOCLAIM none g bob 0 0
    XAUTOCLAIM x g bob x 0
    XAUTOCLAIM x g bob 0 0 COUNT 0
  `,
  xclaim: `${ONE_PENDING}
    = XCLAIM x g bob 0 1-1
    = XCLAIM x g bob 0 1-1 JUSTID
    = XCLAIM x g bob 100000 1-1
    = XCLAIM x g bob 0 2-1 FORCE RETRYCOUNT 3
    XCLAIM x none bob 0 1-1
    XCLAIM none g bob 0 1-1
    XCLAIM x g bob x 1-1
    XCLAIM x g bob 0 nonsense
  `,
  xdel: `${TWO_ENTRIES}
    XDEL x 1-1 9-9
    XDEL x 1-1
    XDEL none 1-1
    XDEL x nonsense
    XLEN x
  `,
  xdelex: 'XDELEX {k} IDS 1 1-1',
  xgroup: 'XGROUP NONSENSE',
  'xgroup|create': `
    XGROUP CREATE x g $ MKSTREAM
    XGROUP CREATE x g $
    XGROUP CREATE none g 0
    XGROUP CREATE x h 0 ENTRIESREAD 5
    XGROUP CREATE x i nonsense
    XGROUP CREATE x i 0 NONSENSE
    XINFO GROUPS x
  `,
  'xgroup|createconsumer': `
    XGROUP CREATE x g $ MKSTREAM
    XGROUP CREATECONSUMER x g alice
    XGROUP CREATECONSUMER x g alice
    XGROUP CREATECONSUMER x none alice
    XGROUP CREATECONSUMER none g alice
  `,
  'xgroup|delconsumer': `${ONE_PENDING}
    XGROUP DELCONSUMER x g alice
    XGROUP DELCONSUMER x g alice
    XGROUP DELCONSUMER x none alice
    XGROUP DELCONSUMER none g alice
  `,
  'xgroup|destroy': `
    XGROUP CREATE x g $ MKSTREAM
    XGROUP DESTROY x g
    XGROUP DESTROY x g
    XGROUP DESTROY none g
  `,
  'xgroup|help': 'XGROUP HELP',
  'xgroup|setid': `${TWO_ENTRIES}
    XGROUP CREATE x g 0
    XGROUP SETID x g 1-1
    XGROUP SETID x g $ ENTRIESREAD 2
    XGROUP SETID x g nonsense
    XGROUP SETID x none 0
    XGROUP SETID none g 0
    XINFO GROUPS x
  `,
  xinfo: 'XINFO NONSENSE x',
  'xinfo|consumers': `${ONE_PENDING}
    XINFO CONSUMERS x g
    XINFO CONSUMERS x none
    XINFO CONSUMERS none g
  `,
  'xinfo|groups': `
    = XADD x 1-1 f a
    XINFO GROUPS x
    XGROUP CREATE x g 0
    XINFO GROUPS x
    XINFO GROUPS none
  `,
  'xinfo|help': 'XINFO HELP',
  'xinfo|stream': `${TWO_ENTRIES}
    XINFO STREAM x
    XINFO STREAM x FULL
    XINFO STREAM x FULL COUNT 1
    XINFO STREAM x NONSENSE
    XINFO STREAM none
  `,
  xlen: `
    XLEN x
    = XADD x 1-1 f a
    XLEN x
  `,
  xpending: `${ONE_PENDING}
    = XPENDING x g
    XPENDING x g - + 10
    XPENDING x g IDLE 0 - + 10 alice
    = XPENDING x g IDLE 100000 - + 10
    = XPENDING x g - + 10 bob
    XPENDING x none
    XPENDING none g
    XPENDING x g - +
    XPENDING x g - + x
    XACK x g 1-1
    = XPENDING x g
  `,
  xrange: `${TWO_ENTRIES}
    XRANGE x - +
    XRANGE x (1-1 +
    XRANGE x - + COUNT 1
    XRANGE x 3 9
    XRANGE none - +
    XRANGE x nonsense +
    XRANGE x - + COUNT x
  `,
  xread: `${TWO_ENTRIES}
    XREAD STREAMS x 0
    XREAD COUNT 1 STREAMS x 0
    XREAD STREAMS x $
    XREAD STREAMS {x}none 0
    = XADD {x}2 1-1 f a
    XREAD STREAMS x {x}2 1-1 0
    XREAD STREAMS x
    XREAD STREAMS x nonsense
    XREAD COUNT x STREAMS x 0
    !CROSSSLOT: XREAD STREAMS a b 0 0
    ---
    XREAD BLOCK 10 STREAMS x $
    = XADD x 1-1 f a
    XREAD BLOCK 1000 STREAMS x 0
    XREAD BLOCK x STREAMS x 0
    XREAD BLOCK -1 STREAMS x 0
    ---
    > XREAD BLOCK 5000 STREAMS x 0
    @b = XADD x 1-1 f a
    <1
  `,
  xreadgroup: `${TWO_ENTRIES}
    XGROUP CREATE x g 0
    XREADGROUP GROUP g alice STREAMS x >
    XREADGROUP GROUP g alice STREAMS x >
    XREADGROUP GROUP g alice STREAMS x 0
    XREADGROUP GROUP g alice NOACK COUNT 1 STREAMS x >
    XREADGROUP GROUP none alice STREAMS x >
    XREADGROUP GROUP g alice STREAMS none >
    XREADGROUP GROUP g alice STREAMS x $
    XREADGROUP STREAMS g alice nonsense x >
    !CROSSSLOT: XREADGROUP GROUP g alice STREAMS a b > >
    ---
    XGROUP CREATE x g $ MKSTREAM
    XREADGROUP GROUP g alice BLOCK 10 STREAMS x >
    > XREADGROUP GROUP g alice BLOCK 5000 STREAMS x >
    @b = XADD x 1-1 f a
    <1
  `,
  xrevrange: `${TWO_ENTRIES}
    XREVRANGE x + -
    XREVRANGE x + - COUNT 1
    XREVRANGE x (2-1 -
    XREVRANGE none + -
    XREVRANGE x nonsense -
  `,
  xsetid: `${TWO_ENTRIES}
    XSETID x 5-5
    XSETID x 6-6 ENTRIESADDED 10 MAXDELETEDID 2-2
    XSETID x 1-1
    XSETID x nonsense
    XSETID none 1-1
    XINFO STREAM x
  `,
  xtrim: `${TWO_ENTRIES}
    = XTRIM x MAXLEN 5
    = XTRIM x MAXLEN = 1
    = XTRIM x MINID 9
    = XTRIM none MAXLEN 1
    XTRIM x MAXLEN x
    XTRIM x NONSENSE 1
    XTRIM x MAXLEN 1 LIMIT 1
  `,
};
