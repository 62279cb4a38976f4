import { compilePrograms } from '../interference/programs.js';
import { createHeader } from '../peers/environment.js';
import { publishResult } from '../peers/report-tables.js';
import { startSlotgate } from '../peers/targets.js';
import type { Children } from '../support/children.js';
import { describeMachine } from '../support/machine.js';
import { readOptions } from '../support/options.js';
import { serverPrograms } from '../support/programs.js';
import { runBenchmark } from '../support/run.js';
import { startCluster } from '../support/servers.js';
import { measureBursts } from './measure.js';
import { type BurstOptions, parseOptions, USAGE } from './options.js';

const SERVER_COUNT = 3;

async function measure(children: Children, options: BurstOptions): Promise<void> {
  const machine = describeMachine();
  await compilePrograms();
  const seeds = await startCluster(children, await serverPrograms(), SERVER_COUNT);
  const limit = ['--max-memory-bytes', `${options.limitMib}mb`];
  const target = await startSlotgate(children, seeds, options.threads, limit);
  const header = await createHeader(machine, seeds, [target]);
  const result = await measureBursts(target, header, options);
  await publishResult(options.name, result);
}

const options = readOptions(parseOptions, USAGE);
if (options.isHelp) console.log(USAGE);
else await runBenchmark((children) => measure(children, options));
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
