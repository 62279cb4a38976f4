/** `npm run chaos`, `npm run chaos:report`: compiles test/chaos to build/tests and runs a program of it. */
import { runCompiled } from './setup/compiled.mjs';

const [program, ...options] = process.argv.slice(2);
await runCompiled('test/chaos/tsconfig.json', `tests/chaos/${program}`, options);
