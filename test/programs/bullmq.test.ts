import { type ConnectionOptions, FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { waitFor } from '../support/wait.js';
import { useStage } from './support/stage.js';

const PREFIX = '{bull}';
const DELAY_MS = 300;
const stage = useStage();

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

function opening<T extends { close(): Promise<void>; on(event: 'error', f: () => void): unknown }>(
  one: T,
): T {
  one.on('error', () => undefined);
  opened.push(one);
  return one;
}

/** Everything of a queue: options with which all its parts find each other. */
function partsOf(name: string) {
  const connection: ConnectionOptions = { port: stage.port };
  const options = { connection, prefix: PREFIX };
  return {
    queue: opening(new Queue<{ n: number }>(name, options)),
    events: opening(new QueueEvents(name, options)),
    newWorker: (work: (n: number) => Promise<number>, concurrency = 1) =>
      opening(
        new Worker<{ n: number }, number>(name, (job) => work(job.data.n), {
          ...options,
          concurrency,
        }),
      ),
  };
}

test('jobs are worked off and their results come back', async () => {
  const { queue, events, newWorker } = partsOf('squares');
  // Each job that is waited for listens for the queue's end.
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  await events.waitUntilReady();
  newWorker(async (n) => n * n, 4);
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  const jobs = await queue.addBulk(numbers.map((n) => ({ name: 'square', data: { n } })));
  expect(await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))).toEqual(
    numbers.map((n) => n * n),
  );
  await waitFor('all to be completed', async () => (await queue.getCompletedCount()) === 40);
});

test('a worker that waits gets the job that comes later', async () => {
  const { queue, events, newWorker } = partsOf('waiting');
  const worker = newWorker(async (n) => n + 1);
  await Promise.all([worker.waitUntilReady(), events.waitUntilReady()]);
  const job = await queue.add('one', { n: 1 });
  expect(await job.waitUntilFinished(events)).toBe(2);
});

test('delayed, repeated after a failure, in order of priority', async () => {
  const { queue, events, newWorker } = partsOf('later');
  await events.waitUntilReady();
  const done: number[] = [];
  let hasFailed = false;
  const retried = await queue.add('r', { n: 3 }, { attempts: 2, backoff: 10, priority: 2 });
  const first = await queue.add('p', { n: 2 }, { priority: 1 });
  const delayed = await queue.add('d', { n: 1 }, { delay: DELAY_MS });
  expect(await queue.getJobCounts('delayed', 'prioritized')).toEqual({
    delayed: 1,
    prioritized: 2,
  });
  newWorker(async (n) => {
    if (n === 3 && !hasFailed) {
      hasFailed = true;
      throw new Error('once');
    }
    done.push(n);
    return n;
  });
  await Promise.all([retried, first, delayed].map((job) => job.waitUntilFinished(events)));
  expect([...done].sort()).toEqual([1, 2, 3]);
  expect(done.indexOf(2)).toBeLessThan(done.indexOf(3));
  expect((await queue.getJob(retried.id ?? ''))?.attemptsMade).toBe(2);
  const { processedOn = 0, timestamp } = (await queue.getJob(delayed.id ?? '')) ?? delayed;
  expect(processedOn - timestamp).toBeGreaterThanOrEqual(DELAY_MS);
});

test('a flow: the parent runs after its children', async () => {
  const { events, newWorker } = partsOf('tree');
  await events.waitUntilReady();
  const flows = opening(new FlowProducer({ connection: { port: stage.port }, prefix: PREFIX }));
  const order: number[] = [];
  newWorker(async (n) => order.push(n));
  const { job } = await flows.add({
    name: 'parent',
    queueName: 'tree',
    data: { n: 0 },
    children: [1, 2].map((n) => ({ name: 'child', queueName: 'tree', data: { n } })),
  });
  await job.waitUntilFinished(events);
  expect([...order.slice(0, 2).sort(), order[2]]).toEqual([1, 2, 0]);
});

test('a paused queue waits; obliterate leaves nothing', async () => {
  const { queue, events, newWorker } = partsOf('paused');
  await events.waitUntilReady();
  await queue.pause();
  newWorker(async (n) => n);
  const job = await queue.add('one', { n: 1 });
  expect(await queue.isPaused()).toBe(true);
  expect(await job.getState()).toBe('waiting');
  await queue.resume();
  await job.waitUntilFinished(events);
  await queue.obliterate({ force: true });
  const client = new Redis({ port: stage.port });
  expect(await client.exists(`${PREFIX}:paused:meta`)).toBe(0);
  client.disconnect();
});
