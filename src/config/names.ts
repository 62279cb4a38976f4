/** Quotes are for YAML, in which a text of digits is a number. */
export const NAME_RULE =
  'a text of at most 63 letters, digits and hyphens, hyphens not at its ends, digits alone in quotes';
export const NODE_ID_RULE =
  'a text of at most 63 letters, digits, hyphens, dots and underscores that begins with a letter or a digit, digits alone in quotes';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What is wrong with the name of a database, or undefined. */
export function nameProblem(text: string): string | undefined {
  return NAME.test(text) ? undefined : `allowed is ${NAME_RULE}`;
}

/** What is wrong with the id of a node, or undefined. */
export function nodeIdProblem(text: string): string | undefined {
  return NODE_ID.test(text) ? undefined : `allowed is ${NODE_ID_RULE}`;
}
