import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findProgram, runProgram } from '../support/programs.js';
import { foreignPrograms } from './support/foreign.js';
import { useStage } from './support/stage.js';

const FOLDER = fileURLToPath(new URL('foreign/', import.meta.url));
const WITHOUT_FAULT = { code: 0, output: '' };
const { python, hiredis } = foreignPrograms();
const php = findProgram('php-redis', ['php'], ['-r', 'exit(class_exists("Redis") ? 0 : 1);']);
const ruby = findProgram('ruby-redis', ['ruby'], ['-e', 'require "redis"']);

const stage = useStage();

describe.skipIf(python === undefined)('redis-py', () => {
  const { command, env } = python ?? { command: '', env: {} };

  test.each([
    'data_types',
    'pipelines',
    'transactions',
    'watch',
    'publish_and_subscribe',
    'scan',
    'scripts',
    'blocking',
    'locks',
    'asynchronous',
  ])('%s', async (name) => {
    const args = [`${FOLDER}use.py`, String(stage.port), name];
    const result = await runProgram(command, args, { env: { ...process.env, ...env } });
    expect(result).toEqual(WITHOUT_FAULT);
  });
});

test.skipIf(hiredis === undefined)('hiredis', async () => {
  const { compiler, compile, link } = hiredis ?? { compiler: '', compile: [], link: [] };
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-test-'));
  try {
    const program = join(folder, 'use_hiredis');
    const source = `${FOLDER}use_hiredis.cc`;
    const args = ['-std=c++17', ...compile, source, ...link, '-o', program];
    expect(await runProgram(compiler, args)).toEqual(WITHOUT_FAULT);
    expect(await runProgram(program, [String(stage.port)])).toEqual(WITHOUT_FAULT);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(php === undefined)('php-redis', async () => {
  const args = [`${FOLDER}use.php`, String(stage.port)];
  expect(await runProgram(php ?? '', args)).toEqual(WITHOUT_FAULT);
});

test.skipIf(ruby === undefined)('ruby-redis', async () => {
  const args = [`${FOLDER}use.rb`, String(stage.port)];
  expect(await runProgram(ruby ?? '', args)).toEqual(WITHOUT_FAULT);
});
