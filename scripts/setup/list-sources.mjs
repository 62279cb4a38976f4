/**
 * native/sources.txt, the one list of the addon's C++ sources. Run by itself it prints them for
 * binding.gyp, relative to the project's root, separated by spaces.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @returns {string[]} Paths like `native/core/crc16.cc`, in the order of the list. */
export function listNativeSources() {
  const list = new URL('../../native/sources.txt', import.meta.url);
  return readFileSync(list, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => `native/${line}`);
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  process.stdout.write(`${listNativeSources().join(' ')}\n`);
}
