/** Counts of tests, and how a stage of `npm test` reports them. */

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** @type {Readonly<Tally>} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/** @param {readonly Tally[]} tallies @returns {Tally} */
export function sum(tallies) {
  const total = { ...NOTHING };
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {boolean} isPassed @returns {Tally} One test. */
export function one(isPassed) {
  return isPassed ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/** @param {Tally} tally @returns {string} For example `12 passed, 0 failed`. */
export function describe({ passed, failed, skipped }) {
  const counts = `${passed} passed, ${failed} failed`;
  return skipped > 0 ? `${counts}, ${skipped} skipped` : counts;
}
