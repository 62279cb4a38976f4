import { compileProgram, compilePrograms } from '../interference/programs.js';
import { createHeader } from '../peers/environment.js';
import { renderResult } from '../peers/report-tables.js';
import { writeResult } from '../peers/results.js';
import { startSlotgate } from '../peers/targets.js';
import { Children } from '../support/children.js';
import { describeMachine } from '../support/machine.js';
import { readOptions } from '../support/options.js';
import { serverPrograms } from '../support/programs.js';
import { startCluster } from '../support/servers.js';
import { measureIsolation, SERVER_COUNT } from './measure.js';
import { type IsolationOptions, parseOptions, USAGE } from './options.js';

const INTERRUPTED = 130;

async function main(options: IsolationOptions): Promise<void> {
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

async function measure(children: Children, options: IsolationOptions): Promise<void> {
  const machine = describeMachine();
  await compilePrograms();
  const program = await compileProgram('isolation', 'disturb');
  const servers = await startCluster(children, await serverPrograms(), SERVER_COUNT);
  const target = await startSlotgate(children, servers, options.threads);
  const header = await createHeader(machine, servers, [target]);
  const result = await measureIsolation(target, servers, program, header, options);
  const path = await writeResult(options.name, result);
  console.log(renderResult(result));
  console.log(`Written to ${path}`);
}

const options = readOptions(parseOptions, USAGE);
if (options.isHelp) console.log(USAGE);
else await main(options);
// A run that was interrupted is still waiting for programs that have been ended.
process.exit();
