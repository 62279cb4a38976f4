import { createHeader } from '../peers/environment.js';
import { publishResult } from '../peers/report-tables.js';
import { startSlotgate } from '../peers/targets.js';
import type { Children } from '../support/children.js';
import { describeMachine } from '../support/machine.js';
import { readOptions } from '../support/options.js';
import { serverPrograms } from '../support/programs.js';
import { runBenchmark } from '../support/run.js';
import { startCluster, startStandaloneServers } from '../support/servers.js';
import { measureInterference } from './measure.js';
import { type InterferenceOptions, parseOptions, USAGE } from './options.js';
import { compilePrograms } from './programs.js';

const SERVER_COUNT = 3;

async function measure(children: Children, options: InterferenceOptions): Promise<void> {
  const machine = describeMachine();
  await compilePrograms();
  const programs = await serverPrograms();
  const seeds = await startCluster(children, programs, SERVER_COUNT);
  const [server] = await startStandaloneServers(children, programs, 1);
  if (server === undefined) throw new Error('no server was started');
  const target = await startSlotgate(children, seeds, options.threads);
  const header = await createHeader(machine, seeds, [target]);
  const result = await measureInterference(target, server, header, options);
  await publishResult(options.name, result);
}

const options = readOptions(parseOptions, USAGE);
if (options.isHelp) console.log(USAGE);
else await runBenchmark((children) => measure(children, options));
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
