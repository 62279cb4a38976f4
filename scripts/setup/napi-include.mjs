/**
 * Prints node-addon-api's folder relative to build/, where make compiles. binding.gyp passes it with
 * `-isystem`, which gyp does not rebase as it does `include_dirs`.
 */
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';

const { include_dir: folder } = createRequire(import.meta.url)('node-addon-api');
process.stdout.write(`${relative('build', resolve(folder))}\n`);
