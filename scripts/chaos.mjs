/** `npm run chaos`: sets everything up, compiles test/chaos to build/tests, runs it. */
import { runCompiled } from './setup/compiled.mjs';

await runCompiled('test/chaos/tsconfig.json', 'tests/chaos/main.js', process.argv.slice(2));
