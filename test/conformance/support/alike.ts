import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { fingerprint } from './compare.js';
import type { Example } from './example.js';
import { type Answered, Player, type Target } from './player.js';
import { compareKindOf } from './rows.js';
import type { World } from './world.js';

interface Told {
  readonly line: string;
  readonly replies: readonly string[];
}

type Play = (example: Example, target: Target) => Promise<readonly Answered[]>;

/**
 * Plays the example at both, on empty servers; a failure shows only the steps that differ.
 * @param play How: step by step, if a test does not say otherwise.
 */
export async function expectAlike(
  world: World,
  example: Example,
  protocol: 2 | 3,
  play: Play = Player.play,
): Promise<void> {
  await world.clear();
  const targets = world.targets(protocol);
  const [server, proxy] = await Promise.all([
    play(example, targets.server).then((answers) => answers.map(told)),
    play(example, targets.proxy).then((answers) => answers.map(told)),
  ]);
  const differ = [...proxy.keys()].filter((i) => !isDeepStrictEqual(proxy[i], server[i]));
  expect(differ.map((i) => proxy[i])).toEqual(differ.map((i) => server[i]));
  expect(proxy.length).toBe(server.length);
}

function told({ step, replies }: Answered): Told {
  const kind = compareKindOf(step);
  return { line: step.line, replies: replies.map((reply) => fingerprint(reply, kind)) };
}
