/** A failure that the user can do something about: printed as its message, without a stack. */
export class SetupProblem extends Error {
  /**
   * @param {string} what What went wrong, and where.
   * @param {string} remedy What to do about it.
   */
  constructor(what, remedy) {
    super(`${what}\n  ${remedy.replaceAll('\n', '\n  ')}`);
    this.name = 'SetupProblem';
  }
}
