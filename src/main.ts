#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { HANDOVER_VARIABLE } from './cli/handover/messages.js';
import { ownProcess } from './cli/handover/own-process.js';
import { runCommandLine } from './cli/program.js';
import { resolveInThread } from './cli/resolve-in-thread.js';

// What start-up leaves behind goes back to the system within seconds; by default V8 waits for more
// garbage, which a control plane at rest does not make: 6 MiB of a sidecar's memory.
setFlagsFromString('--optimize-for-size');

// Until there is something to hand over, the signal that asks for it does nothing; without this, it
// would end the process.
process.on('SIGUSR2', () => undefined);

const exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  signals: process,
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY,
  readStdin,
  ownProcess: ownProcess(),
  predecessor: await predecessor(),
  resolveConfig: resolveInThread,
  startProxy: async (config, dependencies) => {
    // Loaded when it is started: help, check and bad usage need no native code.
    const plane = await import('./proxy/proxy.js');
    return plane.SlotgateProxy.start(config, dependencies);
  },
});
// The only one: by now every thread has been joined and every server has been stopped.
process.exit(exitCode);

/** Loaded where there is one. */
async function predecessor() {
  if (process.env[HANDOVER_VARIABLE] === undefined) return undefined;
  const { Predecessor } = await import('./cli/handover/predecessor.js');
  return Predecessor.find(process.env, process);
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
