import { compilePrograms } from '../interference/programs.js';
import { createHeader } from '../peers/environment.js';
import { renderResult } from '../peers/report-tables.js';
import { writeResult } from '../peers/results.js';
import { startSlotgate } from '../peers/targets.js';
import { Children } from '../support/children.js';
import { describeMachine } from '../support/machine.js';
import { readOptions } from '../support/options.js';
import { serverPrograms } from '../support/programs.js';
import { startCluster } from '../support/servers.js';
import { measureBursts } from './measure.js';
import { type BurstOptions, parseOptions, USAGE } from './options.js';

const SERVER_COUNT = 3;
const INTERRUPTED = 130;

async function main(options: BurstOptions): Promise<void> {
  const children = new Children();
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  }).then(() => {
    process.exitCode = INTERRUPTED;
  });
  try {
    await Promise.race([measure(children, options), interrupted]);
  } finally {
    await children.stop();
  }
}

async function measure(children: Children, options: BurstOptions): Promise<void> {
  const machine = describeMachine();
  await compilePrograms();
  const seeds = await startCluster(children, await serverPrograms(), SERVER_COUNT);
  const limit = ['--max-memory-bytes', `${options.limitMib}mb`];
  const target = await startSlotgate(children, seeds, options.threads, limit);
  const header = await createHeader(machine, seeds, [target]);
  const result = await measureBursts(target, header, options);
  const path = await writeResult(options.name, result);
  console.log(renderResult(result));
  console.log(`Written to ${path}`);
}

const options = readOptions(parseOptions, USAGE);
if (options.isHelp) console.log(USAGE);
else await main(options);
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
