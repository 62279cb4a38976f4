import type { Examples } from '../support/example.js';

export const LIST: Examples = {
  lindex: `
    RPUSH l a b c
    LINDEX l 0
    LINDEX l -1
    LINDEX l 99
    LINDEX none 0
    LINDEX l x
  `,
  linsert: `
    RPUSH l a c
    LINSERT l BEFORE c b
    LINSERT l AFTER c d
    LINSERT l BEFORE none x
    LINSERT none BEFORE a x
    LINSERT l NONSENSE a x
    LRANGE l 0 -1
  `,
  llen: `
    LLEN l
    RPUSH l a b
    LLEN l
  `,
  lmove: `
    RPUSH {l}1 a b c
    LMOVE {l}1 {l}2 LEFT RIGHT
    LMOVE {l}1 {l}2 RIGHT LEFT
    LMOVE {l}1 {l}1 RIGHT LEFT
    LMOVE {l}none {l}2 LEFT LEFT
    LMOVE {l}1 {l}2 UP LEFT
    LRANGE {l}2 0 -1
    SET {l}s x
    LMOVE {l}1 {l}s LEFT LEFT
    !CROSSSLOT: LMOVE a b LEFT LEFT
  `,
  lmpop: `
    LMPOP 2 {l}1 {l}2 LEFT
    RPUSH {l}2 a b c d
    LMPOP 2 {l}1 {l}2 LEFT
    LMPOP 2 {l}1 {l}2 RIGHT COUNT 2
    LMPOP 0 {l}1 LEFT
    LMPOP x {l}1 LEFT
    LMPOP 2 {l}1 {l}2 UP
    LMPOP 1 {l}2 LEFT COUNT 0
    LMPOP 5 {l}1 LEFT
    !CROSSSLOT: LMPOP 2 a b LEFT
  `,
  lpop: `
    LPOP l
    LPOP l 2
    RPUSH l a b c d
    LPOP l
    LPOP l 2
    LPOP l 0
    LPOP l -1
    LPOP l x
    LPOP l 99
    EXISTS l
  `,
  lpos: `
    RPUSH l a b c a b a
    LPOS l a
    LPOS l a RANK 2
    LPOS l a RANK -1
    LPOS l a COUNT 0
    LPOS l a COUNT 2 MAXLEN 4
    LPOS l none
    LPOS l none COUNT 1
    LPOS none a
    LPOS l a RANK 0
    LPOS l a COUNT -1
    LPOS l a NONSENSE
  `,
  lpush: `
    LPUSH l a
    LPUSH l b c
    LRANGE l 0 -1
  `,
  lpushx: `
    LPUSHX l a
    LPUSH l a
    LPUSHX l b c
    LRANGE l 0 -1
  `,
  lrange: `
    RPUSH l a b c d
    LRANGE l 0 -1
    LRANGE l 1 2
    LRANGE l -2 99
    LRANGE l 3 1
    LRANGE none 0 -1
    LRANGE l a b
  `,
  lrem: `
    RPUSH l a b a c a
    LREM l 1 a
    LREM l -1 a
    LREM l 0 a
    LREM l 0 none
    LREM none 0 a
    LREM l x a
    LRANGE l 0 -1
  `,
  lset: `
    RPUSH l a b
    LSET l 0 x
    LSET l -1 y
    LSET l 99 z
    LSET none 0 z
    LSET l x z
    LRANGE l 0 -1
  `,
  ltrim: `
    RPUSH l a b c d
    LTRIM l 1 2
    LRANGE l 0 -1
    LTRIM l 5 6
    EXISTS l
    LTRIM none 0 1
    LTRIM l a b
  `,
  rpop: `
    RPOP l
    RPUSH l a b c d
    RPOP l
    RPOP l 2
    RPOP l 0
    RPOP l -1
    RPOP l 9
    RPOP l 9
  `,
  rpoplpush: `
    RPOPLPUSH {l}1 {l}2
    RPUSH {l}1 a b
    RPOPLPUSH {l}1 {l}2
    RPOPLPUSH {l}1 {l}1
    LRANGE {l}2 0 -1
    !CROSSSLOT: RPOPLPUSH a b
  `,
  rpush: `
    RPUSH l a
    RPUSH l b c
    LRANGE l 0 -1
  `,
  rpushx: `
    RPUSHX l a
    RPUSH l a
    RPUSHX l b c
    LRANGE l 0 -1
  `,
};
