/** Whether a request that got this error was executed. */
export type Executed = 'no' | 'unknown';

/**
 * What docs/failure-contract.md and docs/errors.md say about an error. `refusal`: a server refused, and
 * the target waited as long as it may. `immediate`: it need not wait.
 */
export interface ErrorKind {
  readonly name: string;
  readonly pattern: RegExp;
  readonly executed: Executed;
  readonly when: 'connection-lost' | 'refusal' | 'immediate' | 'never';
}

const KINDS: readonly ErrorKind[] = [
  {
    name: 'unknown outcome',
    pattern:
      /^OUTCOMEUNKNOWN outcome unknown: connection to \S+( \(slot \d+\))? was lost after the command was sent( \(slot \d+(; \d+ of \d+ parts failed, others were applied)?\))?$/,
    executed: 'unknown',
    when: 'connection-lost',
  },
  {
    name: 'partly applied',
    pattern: /^ERR partly applied: slot \d+: |others were applied\)$/,
    executed: 'unknown',
    when: 'refusal',
  },
  {
    name: 'large request interrupted',
    pattern: /^TRYAGAIN .* while a request of \d+ bytes was being sent; nothing was executed$/,
    executed: 'no',
    when: 'immediate',
  },
  {
    name: 'private connections used up',
    pattern: /^PROXYBUSY all \d+ private links to \S+ are in use; see maxPrivateLinks/,
    executed: 'no',
    when: 'immediate',
  },
  { name: 'cluster down', pattern: /^CLUSTERDOWN /, executed: 'no', when: 'refusal' },
  { name: 'loading', pattern: /^LOADING /, executed: 'no', when: 'refusal' },
  { name: 'primary down', pattern: /^MASTERDOWN /, executed: 'no', when: 'refusal' },
  { name: 'try again', pattern: /^TRYAGAIN /, executed: 'no', when: 'refusal' },
  { name: 'read only', pattern: /^READONLY /, executed: 'no', when: 'refusal' },
  {
    name: 'transaction discarded',
    pattern:
      /^EXECABORT Transaction discarded because of: (MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN) /,
    executed: 'no',
    when: 'refusal',
  },
  { name: 'redirect', pattern: /^(MOVED|ASK) \d+ \S+$/, executed: 'no', when: 'refusal' },
  { name: 'no script', pattern: /^NOSCRIPT /, executed: 'no', when: 'refusal' },
  {
    name: 'connection closed',
    pattern: /^(connection closed|Connection is closed|Socket closed|read ECONNRESET)/i,
    executed: 'unknown',
    when: 'never',
  },
];

/** Of errors that no document has. */
export const UNDOCUMENTED: ErrorKind = {
  name: 'undocumented',
  pattern: /^/,
  executed: 'unknown',
  when: 'never',
};

export function kindOf(message: string): ErrorKind {
  return KINDS.find(({ pattern }) => pattern.test(message)) ?? UNDOCUMENTED;
}
