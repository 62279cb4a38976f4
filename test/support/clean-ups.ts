import { afterEach } from 'vitest';

/** Undoes something that a test has set up. */
export type CleanUp = () => Promise<unknown> | unknown;

/** A list of which everything is called after each test, what was added last first. */
export function cleanUpsAfterEach(): CleanUp[] {
  const cleanUps: CleanUp[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  return cleanUps;
}
