import { compileProgram, compilePrograms } from '../interference/programs.js';
import { createHeader } from '../peers/environment.js';
import { publishResult } from '../peers/report-tables.js';
import { startSlotgate } from '../peers/targets.js';
import type { Children } from '../support/children.js';
import { describeMachine } from '../support/machine.js';
import { readOptions } from '../support/options.js';
import { serverPrograms } from '../support/programs.js';
import { runBenchmark } from '../support/run.js';
import { startCluster } from '../support/servers.js';
import { measureIsolation, SERVER_COUNT } from './measure.js';
import { type IsolationOptions, parseOptions, USAGE } from './options.js';

async function measure(children: Children, options: IsolationOptions): Promise<void> {
  const machine = describeMachine();
  await compilePrograms();
  const program = await compileProgram('isolation', 'disturb');
  const servers = await startCluster(children, await serverPrograms(), SERVER_COUNT);
  const target = await startSlotgate(children, servers, options.threads);
  const header = await createHeader(machine, servers, [target]);
  const result = await measureIsolation(target, servers, program, header, options);
  await publishResult(options.name, result);
}

const options = readOptions(parseOptions, USAGE);
if (options.isHelp) console.log(USAGE);
else await runBenchmark((children) => measure(children, options));
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
