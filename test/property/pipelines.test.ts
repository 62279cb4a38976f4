import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { RawClient } from '../support/raw-client.js';
import { RealServer } from '../support/server.js';
import { type CutPipeline, cutPipeline } from './pipeline-generator.js';

/** `PROPERTY_SEED` and `PROPERTY_RUNS` explore further; without them every run is the same. */
const SEED = Number(process.env.PROPERTY_SEED ?? 20_260_101);
const RUNS = Number(process.env.PROPERTY_RUNS ?? 250);
/** A reply that never comes is a failure that shrinks, too. */
const REPLY_TIMEOUT_MS = 5_000;
const SHRINK = { interruptAfterTimeLimit: 60_000 };
const BYTE_BY_BYTE_MAX = 400;

let cluster: TestCluster;
let single: RealServer;
let proxy: TestProxy;
beforeAll(async () => {
  [cluster, single] = await Promise.all([TestCluster.start(), RealServer.start()]);
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
  await single?.stop();
});

/** Empties everything at the servers themselves. */
async function flush(): Promise<void> {
  await Promise.all([single, ...cluster.servers].map((server) => server.call('FLUSHALL')));
}

async function send(port: number, bytes: Buffer, cuts: readonly number[], protocol: 2 | 3) {
  const client = await RawClient.connect({ host: '127.0.0.1', port });
  try {
    if (protocol === 3) {
      client.send('HELLO 3\r\n');
      await client.untilEcho();
    }
    let start = 0;
    for (const end of [...cuts, bytes.length]) {
      client.send(bytes.subarray(start, end));
      start = end;
      await turn();
    }
    return (await client.untilEcho(REPLY_TIMEOUT_MS)).toString('latin1');
  } finally {
    client.close();
  }
}

async function answersAsOneServer({ bytes, cuts }: CutPipeline, protocol: 2 | 3): Promise<void> {
  await flush();
  const expected = await send(single.port, bytes, [], protocol);
  const got = await send(proxy.port, bytes, cuts, protocol);
  if (got !== expected) {
    expect({ pipeline: bytes.toString('latin1'), replies: got }).toEqual({
      pipeline: bytes.toString('latin1'),
      replies: expected,
    });
  }
}

test('any pipeline, cut anywhere, is answered as by one server', async () => {
  await fc.assert(
    fc.asyncProperty(cutPipeline, (pipeline) => answersAsOneServer(pipeline, 2)),
    { seed: SEED, numRuns: RUNS, ...SHRINK },
  );
}, 120_000);

test('the same in RESP3', async () => {
  await fc.assert(
    fc.asyncProperty(cutPipeline, (pipeline) => answersAsOneServer(pipeline, 3)),
    { seed: SEED + 1, numRuns: Math.ceil(RUNS / 3), ...SHRINK },
  );
}, 120_000);

test('a pipeline that arrives byte by byte', async () => {
  const short = cutPipeline
    .filter(({ bytes }) => bytes.length <= BYTE_BY_BYTE_MAX)
    .map((pipeline) => ({ ...pipeline, cuts: Array.from(pipeline.bytes.keys()).slice(1) }));
  await fc.assert(
    fc.asyncProperty(short, (pipeline) => answersAsOneServer(pipeline, 2)),
    { seed: SEED + 2, numRuns: 25, ...SHRINK },
  );
}, 120_000);
