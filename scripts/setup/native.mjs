/** Step "native build": the addon, build/Release/slotgate.node, by node-gyp. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { listNativeSources } from './list-sources.mjs';
import { ADDON, ROOT } from './paths.mjs';
import { runQuietly } from './run.mjs';
import { digest, filesUnder, isStamped, stamp, unstamp } from './stamp.mjs';
import { findCompiler, findNodePrefix, requireBuildTools } from './toolchain.mjs';

/** @type {import('./steps.mjs').Step} */
export const native = {
  name: 'native build',
  isDone: () => existsSync(ADDON) && isStamped('native', nativeDigest()),
  async run() {
    requireBuildTools();
    const prefix = findNodePrefix();
    const before = nativeDigest();
    unstamp('native');
    const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
    // configure + build, not rebuild: make compiles only what changed.
    await runQuietly(process.execPath, [
      nodeGyp,
      'configure',
      'build',
      '--loglevel=warn',
      `--nodedir=${prefix}`,
      '--jobs=2',
    ]);
    stamp('native', before);
  },
};

/** Headers count with the sources: any file of the folders that sources.txt names. */
function nativeDigest() {
  const folders = new Set(listNativeSources().map((file) => file.split('/').slice(0, 2).join('/')));
  const files = [...folders].flatMap(filesUnder);
  const addonApi = join('node_modules', 'node-addon-api', 'package.json');
  return digest(
    [
      ...files,
      'native/sources.txt',
      'binding.gyp',
      ...(existsSync(join(ROOT, addonApi)) ? [addonApi] : []),
    ],
    [process.version, process.arch, process.execPath, findCompiler() ?? ''],
  );
}
