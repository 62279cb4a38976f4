import { Children } from '../support/children.js';
import { readOptions } from '../support/options.js';
import { serveCluster, startEnvironment } from './environment.js';
import { measureMemory } from './memory.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { renderResult } from './report-tables.js';
import { writeResult } from './results.js';
import { measureSpeed } from './speed.js';

const INTERRUPTED = 130;

async function main(options: Options): Promise<void> {
  const children = new Children();
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const interrupted = stopped.then(() => {
    process.exitCode = INTERRUPTED;
  });
  try {
    if (options.mode === 'servers-only') await serveCluster(children, stopped);
    else await Promise.race([measure(children, options), interrupted]);
  } finally {
    await children.stop();
  }
}

async function measure(children: Children, options: Options): Promise<void> {
  const environment = await startEnvironment(children, options);
  const result =
    options.mode === 'memory'
      ? await measureMemory(environment, options)
      : await measureSpeed(environment, options);
  const path = await writeResult(options.name, result);
  console.log(renderResult(result));
  console.log(`Written to ${path}`);
}

const options = readOptions(parseOptions, USAGE);
if (options.mode === 'help') console.log(USAGE);
else await main(options);
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
