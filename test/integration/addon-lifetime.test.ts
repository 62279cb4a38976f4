import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProgramResult, runProgram } from '../support/programs.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const HOST = fileURLToPath(new URL('addon/plane-host.mjs', import.meta.url));

let server: RealServer;
beforeAll(async () => {
  server = await RealServer.start({ cluster: true });
  await server.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await waitFor('the slots to be served', async () => (await server.call('GET', 'count')) === null);
});
afterAll(async () => {
  await server?.stop();
});

function host(ending: string, timeoutMs?: number): Promise<ProgramResult> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  return runProgram(process.execPath, [HOST, ending, String(server.port)], options);
}

async function pushes(): Promise<number> {
  return Number(await server.call('GET', 'count'));
}

// A crash is a signal, and then the exit code is null.
test.each([
  ['process.exit() with traffic', 'exit', 3, ''],
  ['stop() with traffic, twice', 'stop', 0, ''],
  ['worker.terminate() with traffic, five times', 'terminate', 0, 'the main thread lives\n'],
  ['process.exit() in a worker thread', 'exit-in-worker', 0, 'the worker ended with 3\n'],
  [
    'an exception in a worker thread',
    'throw-in-worker',
    0,
    'the worker said: thrown with traffic\n',
  ],
  ['two worker threads at once', 'two-workers', 0, ''],
  ['process.exit() while worker threads forward', 'exit-over-workers', 4, ''],
])('%s', async (_name, ending, code, output) => {
  const before = await pushes();
  expect(await host(ending)).toEqual({ code, output });
  expect(await pushes()).toBeGreaterThan(before);
});

test('an exception with traffic ends as exceptions do', async () => {
  const { code, output } = await host('throw');
  expect(code).toBe(1);
  expect(output).toContain('Error: thrown with traffic');
});

test('loaded and unloaded a hundred times', async () => {
  expect(await host('load-unload', 80_000)).toEqual({ code: 0, output: '' });
}, 90_000);

test('loading it alone keeps no process alive', async () => {
  expect(await host('load-only')).toEqual({ code: 0, output: '' });
});
