import { expect, test } from 'vitest';
import { NO_CHECKS } from '../../../src/config/checks.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { toPlaneLimits } from '../../../src/proxy/limits.js';

function holdMs(nodeTimeoutMs: number | null, flags: Readonly<Record<string, string>> = {}) {
  const sources = { flags: { seeds: ['127.0.0.1:7000'], ...flags }, env: {}, form: undefined };
  const resolution = resolveConfig({ ...sources, file: undefined }, NO_CHECKS);
  if (resolution.kind === 'invalid') throw new Error(JSON.stringify(resolution.problems));
  const [config] = resolution.deployment.databases;
  return config === undefined ? undefined : toPlaneLimits(config, nodeTimeoutMs).holdTimeoutMs;
}

test('requests wait as long as the servers may take for an election', () => {
  expect(holdMs(2_000)).toBe(7_000);
  expect(holdMs(15_000)).toBe(33_000);
});

test('where the node timeout may not be read it is taken for that of servers by default', () => {
  expect(holdMs(null)).toBe(33_000);
});

test('a time that is set is kept, whatever the cluster says', () => {
  expect(holdMs(15_000, { holdTimeoutMs: '40' })).toBe(40);
});
