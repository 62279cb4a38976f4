/** Ends an exhaustive switch: a case that is missing does not compile, and would be a bug. */
export function assertNever(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`);
}
