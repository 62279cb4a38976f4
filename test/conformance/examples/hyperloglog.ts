import type { Examples } from '../support/example.js';

export const HYPERLOGLOG: Examples = {
  pfadd: `
    PFADD p a b c
    PFADD p a
    PFADD p
    PFADD q
    PFCOUNT p
    SET s x
    PFADD s a
  `,
  pfcount: `
    PFADD {p}1 a b c
    PFADD {p}2 c d
    PFCOUNT {p}1
    PFCOUNT {p}1 {p}2 {p}none
    PFCOUNT {p}none
    !CROSSSLOT: PFCOUNT a b
  `,
  pfmerge: `
    PFADD {p}1 a b c
    PFADD {p}2 c d
    PFMERGE {p}d {p}1 {p}2
    PFCOUNT {p}d
    PFMERGE {p}e
    EXISTS {p}e
    SET {p}s x
    PFMERGE {p}d {p}s
    !CROSSSLOT: PFMERGE a b
  `,
};
