import { describe, expect, test } from 'vitest';
import { QueueHistory } from '../history/queue-history.js';
import { checkQueue } from './check-queues.js';
import { KILL, SLOT } from './forge.js';

/** A queue into which so many tokens went, acknowledged at 1 s. */
function forgeQueue(size: number): QueueHistory {
  const queue = new QueueHistory('q', '{a}:q', SLOT);
  for (let i = 0; i < size; i++) queue.list.log.acknowledge(queue.list.log.add(), 1_000, 0);
  return queue;
}

function rules(...args: Parameters<typeof checkQueue>): string[] {
  return checkQueue(...args).map(({ rule }) => rule);
}

describe('a queue', () => {
  test('from which everything came once, or is still there, is right', () => {
    const queue = forgeQueue(3);
    queue.popped('c1', 'q:0', 2_000);
    queue.popped('c2', 'q:1', 2_000);
    expect(rules(queue, ['q:2'], [])).toEqual([]);
  });

  test('gives nothing twice', () => {
    const queue = forgeQueue(1);
    queue.popped('c1', 'q:0', 2_000);
    queue.popped('c2', 'q:0', 3_000);
    expect(rules(queue, [], [])).toEqual(['executed twice']);
  });

  test('has nothing that was taken', () => {
    const queue = forgeQueue(1);
    queue.popped('c1', 'q:0', 2_000);
    expect(rules(queue, ['q:0'], [])).toEqual(['executed twice']);
  });

  test('may forget what was taken from a primary that failed', () => {
    const queue = forgeQueue(2);
    for (const [consumer, token, at] of [
      ['c1', 'q:0', 9_990],
      ['c1', 'q:1', 9_995],
      ['c1', 'q:0', 13_500],
    ] as const) {
      queue.popped(consumer, token, at);
    }
    expect(rules(queue, ['q:1'], [KILL])).toEqual([]);
    expect(rules(queue, ['q:1'], [{ ...KILL, mayLoseTail: false }])).toEqual([
      'executed twice',
      'executed twice',
      'out of order',
    ]);
  });

  test('gives each consumer what it has in order', () => {
    const queue = forgeQueue(2);
    queue.popped('c1', 'q:1', 2_000);
    queue.popped('c1', 'q:0', 2_001);
    expect(rules(queue, [], [])).toEqual(['out of order']);
  });

  test('gives nothing that was not put in, or was refused', () => {
    const queue = forgeQueue(1);
    queue.list.log.fail(queue.list.log.add(), 'no', 1);
    queue.popped('c1', 'q:7', 2_000);
    queue.popped('c1', 'q:1', 2_000);
    expect(rules(queue, ['q:0', 'x'], [])).toEqual([
      'foreign value',
      'foreign value',
      'executed though refused',
    ]);
  });

  test('loses nothing but what a pop of unknown outcome may have taken', () => {
    const queue = forgeQueue(2);
    expect(rules(queue, [], [])).toEqual(['lost']);
    queue.popUnknown();
    expect(rules(queue, [], [])).toEqual(['lost']);
    queue.popUnknown();
    expect(rules(queue, [], [])).toEqual([]);
  });
});
