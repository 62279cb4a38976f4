import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { Recorder } from '../history/recorder.js';

/** Keys that share a hash tag, and so a slot. */
export interface Tag {
  readonly name: string;
  readonly slot: number;
}

/** What each part of the load works with. */
export interface LoadContext {
  readonly recorder: Recorder;
  readonly random: Random;
  readonly tags: readonly Tag[];
  isOver(): boolean;
}

/** A part of the load: clients that belong together. */
export interface Actor {
  /** Goes on until the load is over, then waits for the replies that are missing. */
  run(): Promise<void>;
  close(): void;
}

const ROUNDS_UNANSWERED_MAX = 8;
export const FIXED_KEYS_PER_TAG = 4;
export const LARGE_BYTES = 200_000;

export function fixedKey(tag: Tag, index: number): string {
  return `{${tag.name}}:fixed:${index}`;
}

export function fixedValue(tag: Tag, index: number): string {
  return `value of ${fixedKey(tag, index)}`;
}

export function largeKey(tag: Tag): string {
  return `{${tag.name}}:large`;
}

export function largeValue(tag: Tag): string {
  return `large value of ${tag.name}, `.repeat(LARGE_BYTES).slice(0, LARGE_BYTES);
}

/** @returns What is wrong, if the reply is not the expected one. */
export function expectReply(expected: unknown): (reply: unknown) => string | undefined {
  return (reply) => {
    const [got, wanted] = [JSON.stringify(reply), JSON.stringify(expected)];
    return got === wanted ? undefined : `got ${got?.slice(0, 300)}, not ${wanted?.slice(0, 300)}`;
  };
}

/** Rounds of requests, the next one without waiting for the last one's replies, up to a limit. */
export async function inRounds(
  context: LoadContext,
  { pauseMs, unansweredMax = ROUNDS_UNANSWERED_MAX }: { pauseMs: number; unansweredMax?: number },
  round: () => Promise<unknown>,
): Promise<void> {
  const unanswered: Promise<unknown>[] = [];
  while (!context.isOver()) {
    unanswered.push(round());
    if (unanswered.length >= unansweredMax) await unanswered.shift();
    await sleep(context.random.between(pauseMs / 2, pauseMs + pauseMs / 2));
  }
  await Promise.all(unanswered);
}
