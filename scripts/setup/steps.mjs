/** The steps of the set-up, in order, and how they are run and shown. */
import { native } from './native.mjs';
import { packages } from './packages.mjs';
import { programs } from './programs.mjs';
import { servers } from './servers.mjs';
import { typescript } from './typescript.mjs';

/**
 * @typedef {object} Step
 * @property {string} name As shown to the user.
 * @property {() => boolean} isDone Quick: no process is started, nothing is written.
 * @property {() => Promise<void>} run Does the step; throws {@link SetupProblem} if it cannot.
 */

/** @type {Readonly<Record<string, Step>>} */
export const STEPS = { packages, native, typescript, servers, programs };

/** What the program and its local cluster need. */
export const STEPS_TO_RUN = ['packages', 'native', 'typescript', 'servers'];

/**
 * Does what is not done yet; silent when nothing is.
 * @param {readonly string[]} names Keys of {@link STEPS}.
 */
export async function setUp(names = Object.keys(STEPS)) {
  for (const name of names) {
    const step = STEPS[name];
    if (step.isDone()) continue;
    process.stderr.write(`setup: ${step.name} …\n`);
    const startedMs = performance.now();
    await step.run();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stderr.write(`setup: ${step.name}, done in ${seconds} s\n`);
  }
}
