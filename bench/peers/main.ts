import type { Children } from '../support/children.js';
import { readOptions } from '../support/options.js';
import { runBenchmark } from '../support/run.js';
import { serveCluster, startEnvironment } from './environment.js';
import { measureMemory } from './memory.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { publishResult } from './report-tables.js';
import { measureSpeed } from './speed.js';

async function measure(children: Children, options: Options): Promise<void> {
  const environment = await startEnvironment(children, options);
  const result =
    options.mode === 'memory'
      ? await measureMemory(environment, options)
      : await measureSpeed(environment, options);
  await publishResult(options.name, result);
}

const options = readOptions(parseOptions, USAGE);
if (options.mode === 'help') console.log(USAGE);
else if (options.mode === 'servers-only') await runBenchmark(serveCluster);
else await runBenchmark((children) => measure(children, options));
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
