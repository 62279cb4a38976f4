import { expect, test } from 'vitest';
import { handleControl, STANDALONE_VIEW } from '../../../src/commands/index.js';
import type { Mode } from '../../../src/placement/index.js';
import { fakeContext } from './fake-context.js';
import { requestOf } from './support.js';

async function ask(line: string, protocol: 2 | 3 = 3, mode: Mode = 'standalone') {
  const context = fakeContext({ presentation: () => ({ ...STANDALONE_VIEW, mode }) });
  const outcome = await handleControl({ ...requestOf(line), protocol }, context);
  if (outcome.kind !== 'reply') throw new Error(`${line} has no reply`);
  return { text: outcome.bytes.toString(), noticeKind: outcome.noticeKind };
}

test.each([
  ['client maint_notifications on', 1],
  ['CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip', 1],
  ['CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-fqdn', 2],
  ['CLIENT MAINT_NOTIFICATIONS ON MOVING-ENDPOINT-TYPE external-ip', 3],
  ['CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type EXTERNAL-FQDN', 4],
  ['CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type none', 5],
  ['CLIENT MAINT_NOTIFICATIONS OFF', 0],
])('%s', async (line, noticeKind) => {
  expect(await ask(line)).toEqual({ text: '+OK\r\n', noticeKind });
});

test.each([
  'CLIENT MAINT_NOTIFICATIONS maybe',
  'CLIENT MAINT_NOTIFICATIONS OFF now',
  'CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type',
  'CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type nowhere',
  'CLIENT MAINT_NOTIFICATIONS ON endpoint-type none',
  'CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type none none',
])('%s is no syntax', async (line) => {
  expect(await ask(line)).toEqual({ text: '-ERR syntax error\r\n', noticeKind: undefined });
});

test('RESP2 has no pushes', async () => {
  const { text } = await ask('CLIENT MAINT_NOTIFICATIONS ON', 2);
  expect(text).toBe('-ERR CLIENT MAINT_NOTIFICATIONS needs RESP3: send HELLO 3 first\r\n');
});

test.each(['cluster', 'direct', 'auto'] as const)('mode %s answers as servers do', async (mode) => {
  const { text } = await ask('CLIENT MAINT_NOTIFICATIONS ON', 3, mode);
  expect(text).toBe("-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n");
});
