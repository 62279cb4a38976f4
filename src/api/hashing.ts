/**
 * The rules that the servers' own hashing amounts to: of the tag in braces, else of the whole key.
 * Source: the REST API reference of Redis Software, `shard_key_regex` of a BDB.
 */
const STANDARD = ['.*\\{(?<tag>.*)\\}.*', '(?<tag>.*)'] as const;

interface HashingRule {
  readonly regex: string;
}

/** As `shard_key_regex` shows it. */
export const STANDARD_HASHING: readonly HashingRule[] = STANDARD.map((regex) => ({ regex }));

export function isStandardHashing(rules: readonly HashingRule[]): boolean {
  return (
    rules.length === STANDARD.length && rules.every(({ regex }, index) => regex === STANDARD[index])
  );
}
