/** `npm run bench:…`: sets everything up, compiles bench to build/bench, runs one program of it. */
import { runCompiled } from './setup/compiled.mjs';

const [program, ...options] = process.argv.slice(2);
await runCompiled('bench/tsconfig.json', `bench/${program}`, options);
