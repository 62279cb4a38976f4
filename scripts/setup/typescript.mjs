/** Step "TypeScript build": src to dist. */
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runQuietly } from './run.mjs';
import { digest, filesUnder, isStamped, stamp, unstamp } from './stamp.mjs';

const MAIN = join(ROOT, 'dist', 'main.js');

/** @type {import('./steps.mjs').Step} */
export const typescript = {
  name: 'TypeScript build',
  isDone: () => existsSync(MAIN) && isStamped('typescript', typescriptDigest()),
  async run() {
    const before = typescriptDigest();
    unstamp('typescript');
    // tsc trusts its record of what it emitted; without the result the record is of no use.
    if (!existsSync(MAIN)) rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    await runQuietly(process.execPath, [tsc, '--project', 'tsconfig.build.json', '--pretty']);
    removeOrphans();
    chmodSync(MAIN, 0o755);
    stamp('typescript', before);
  },
};

function typescriptDigest() {
  const configuration = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  return digest([...filesUnder('src'), ...configuration], []);
}

/** A module that was renamed or removed must not live on in dist. */
function removeOrphans() {
  for (const file of filesUnder('dist')) {
    const source = file.replace(/^dist/, 'src').replace(/\.js(\.map)?$/, '.ts');
    const isKept = file.endsWith('.tsbuildinfo') || existsSync(join(ROOT, source));
    if (!isKept) rmSync(join(ROOT, file));
  }
}
