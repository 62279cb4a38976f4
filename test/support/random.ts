import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

const INT32_MAX = 2 ** 31 - 1;
const PERCENT = 100;

/** Random choices that are the same ones for the same seed. */
export class Random {
  readonly #generator: RandomGenerator;

  /** @param seed An integer; its lowest 32 bits count. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** An integer in [0, below); `below` is at least 1. */
  below(below: number): number {
    return uniformInt(this.#generator, 0, below - 1);
  }

  /** An integer in [from, to]. */
  between(from: number, to: number): number {
    return uniformInt(this.#generator, from, to);
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(PERCENT) < percent;
  }

  /** @throws RangeError if there is nothing to choose from. */
  pick<T>(choices: readonly T[]): T {
    const [chosen] = choices.slice(this.below(Math.max(1, choices.length)));
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.below(left.length), 1));
  }

  /** Another source of choices, which does not depend on how many are taken from this one later. */
  fork(): Random {
    return new Random(this.between(0, INT32_MAX));
  }
}
