import type { ControlContext, ProxyStats } from '../../../src/commands/index.js';
import { UnknownCommands } from '../../../src/commands/index.js';
import { reply, TABLE } from './support.js';

const STATS: ProxyStats = {
  runId: 'a'.repeat(40),
  processId: 4242,
  port: 12_000,
  uptimeSeconds: 90_000,
  workers: 2,
  clients: 7,
  links: 6,
};

/** A context whose servers know no command, until a test says otherwise. */
export function fakeContext(overrides: Partial<ControlContext> = {}): ControlContext {
  return {
    table: TABLE,
    version: '9.9.9',
    unknownCommands: new UnknownCommands(() => 0),
    stats: () => STATS,
    configValues: () => ({ maxclients: '5000', port: '12000', timeout: '0' }),
    execute: () => Promise.resolve([reply([null])]),
    ...overrides,
  };
}
