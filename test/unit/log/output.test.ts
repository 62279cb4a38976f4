import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutput } from '../../../src/log/output.js';
import { waitFor } from '../../support/wait.js';

let folder = '';
const open: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-output-'));
});
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

function pipe(): { readonly reader: number; readonly writer: number } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  open.push(reader, writer);
  return { reader, writer };
}

function readAll(fd: number): string {
  const buffer = Buffer.alloc(262_144);
  try {
    return buffer.subarray(0, readSync(fd, buffer)).toString();
  } catch {
    return '';
  }
}

test('a reader that has stopped never blocks the writer, and gets whole lines when it goes on', async () => {
  const { reader, writer } = pipe();
  const output = openOutput(writer);
  const line = `${'x'.repeat(999)}\n`;
  // Twice as much as may wait, and far more than a pipe holds: a plain write would hang here.
  for (let count = 0; count < 2_200; count++) output.write(line);
  let text = '';
  await waitFor('the waiting lines', () => {
    text += readAll(reader);
    return text.length > 1_000_000 && readAll(reader) === '';
  });
  await output.close();
  text += readAll(reader);
  expect(text.length).toBeLessThan(1_500_000);
  const lines = text.split('\n').slice(0, -1);
  expect(lines.filter((read) => read.length !== 999)).toEqual([]);
});

test('closing gives up on a reader that does not read', async () => {
  const { writer } = pipe();
  const output = openOutput(writer);
  for (let count = 0; count < 200; count++) output.write(`${'x'.repeat(999)}\n`);
  await expect(output.close()).resolves.toBeUndefined();
});

test('a reader that has gone ends the log, not the process', () => {
  const { reader, writer } = pipe();
  const output = openOutput(writer);
  closeSync(reader);
  open.splice(open.indexOf(reader), 1);
  expect(() => {
    output.write('a\n');
    output.write('b\n');
  }).not.toThrow();
});

test('a file gets every line', async () => {
  const path = join(folder, 'file');
  const fd = openSync(path, 'w');
  const output = openOutput(fd);
  output.write('one\n');
  output.write('two\n');
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  await output.close();
});
