export const NAME_RULE =
  'at most 63 letters, digits and hyphens, of which the first and the last is no hyphen';
export const NODE_ID_RULE =
  'at most 63 letters, digits, hyphens, dots and underscores, of which the first is a letter or digit';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What is wrong with the name of a database, or undefined. */
export function nameProblem(text: string): string | undefined {
  return NAME.test(text) ? undefined : `allowed are ${NAME_RULE}`;
}

/** What is wrong with the id of a node, or undefined. */
export function nodeIdProblem(text: string): string | undefined {
  return NODE_ID.test(text) ? undefined : `allowed are ${NODE_ID_RULE}`;
}
