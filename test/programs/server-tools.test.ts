import { expect, test } from 'vitest';
import { runProgram } from '../support/programs.js';
import { TestClient } from '../support/resp-client.js';
import { serverPaths } from '../support/servers.js';
import { useStage } from './support/stage.js';

const { redisCli, redisBenchmark, env } = serverPaths();
const stage = useStage();
const port = () => ['-p', String(stage.port)];

/** What redis-cli prints. */
const cli = async (args: readonly string[], input = '') =>
  (await runProgram(redisCli, [...port(), ...args], { env, input })).output;

test('redis-cli', async () => {
  expect(await cli(['mset', 'a', '1', 'b', '2', 'c', '3'])).toBe('OK\n');
  expect(await cli(['mget', 'a', 'b', 'c', 'none'])).toBe('1\n2\n3\n\n');
  expect(await cli(['del', 'a', 'b', 'c'])).toBe('3\n');
  expect(await cli(['get'])).toBe("ERR wrong number of arguments for 'get' command\n\n");
  expect(await cli(['-3', 'hello'])).toContain('proto');
});

test('redis-cli with commands on its input', async () => {
  const input = Array.from({ length: 500 }, (_, i) => `SET cli:${i} "v ${i}"\nGET cli:${i}\n`);
  expect(await cli([], input.join(''))).toBe(
    Array.from({ length: 500 }, (_, i) => `OK\nv ${i}\n`).join(''),
  );
});

test('a transaction in redis-cli', async () => {
  const input = 'MULTI\nSET {cli}n 1\nINCR {cli}n\nEXEC\nMULTI\nINCR {cli}n\nDISCARD\nGET {cli}n\n';
  expect(await cli([], input)).toBe('OK\nQUEUED\nQUEUED\nOK\n2\nOK\nQUEUED\nOK\n2\n');
});

test('redis-cli --scan and --bigkeys', async () => {
  const keys = Array.from({ length: 300 }, (_, i) => `scanned:${i}`);
  await cli([], keys.map((key) => `SET ${key} v\n`).join(''));
  const found = (await cli(['--scan', '--pattern', 'scanned:*'])).trim().split('\n');
  expect([...new Set(found)].sort()).toEqual(keys.sort());
  await cli(['set', 'the:big:one', 'x'.repeat(10_000)]);
  expect(await cli(['--bigkeys'])).toMatch(/the:big:one.* 10000 bytes/);
});

test('redis-cli --pipe', async () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `SET pipe:${i} ${i}\r\n`);
  expect(await cli(['--pipe'], lines.join(''))).toContain('errors: 0, replies: 5000');
  const client = await TestClient.connect({ port: stage.port });
  expect(await client.call('MGET', 'pipe:0', 'pipe:2500', 'pipe:4999')).toEqual([
    '0',
    '2500',
    '4999',
  ]);
  client.close();
});

test('redis-benchmark', async () => {
  const workload = ['-n', '2000', '-r', '1000', '-P', '8', '-t', 'ping,set,get,incr,lpush,mset'];
  const { output, code } = await runProgram(redisBenchmark, [...port(), '-q', ...workload], {
    env,
  });
  expect(code).toBe(0);
  expect(output.match(/requests per second/g)?.length).toBe(7);
  expect(output).not.toMatch(/error/i);
});
