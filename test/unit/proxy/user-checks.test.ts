import { expect, test } from 'vitest';
import { ProxyError } from '../../../src/errors/index.js';
import { UserChecks } from '../../../src/proxy/user-checks.js';
import type { RespReply } from '../../../src/resp/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const EXISTS: RespReply = { kind: 'string', bytes: Buffer.from('OK') };
const MAY_NOTHING: RespReply = {
  kind: 'string',
  bytes: Buffer.from('This user has no permissions'),
};
const GONE: RespReply = { kind: 'error', message: "ERR User 'bob' not found" };
const FORBIDDEN: RespReply = { kind: 'error', message: 'NOPERM not for you' };

function setUp(ask: () => Promise<readonly RespReply[]>) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const deleted: number[] = [];
  const checks = new UserChecks({
    clock,
    nameOf: (user) => ['default', 'bob', 'eve'][user] ?? 'nobody',
    ask: (args) => {
      asked.push(args.map(String).join(' '));
      return ask();
    },
    deleted: async (user) => {
      deleted.push(user);
    },
  });
  return { clock, asked, deleted, checks };
}

test('a user that no server knows is deleted; one question for many suspicions', async () => {
  const { clock, asked, deleted, checks } = setUp(async () => [GONE, GONE, GONE]);
  for (let i = 0; i < 5; i++) {
    checks.suspect(1);
  }
  await clock.advance(100);
  expect(asked).toEqual(['ACL DRYRUN bob PING']);
  expect(deleted).toEqual([1]);
  checks.suspect(1);
  checks.suspect(2);
  await clock.advance(100);
  expect(asked.slice(1)).toEqual(['ACL DRYRUN bob PING', 'ACL DRYRUN eve PING']);
});

test.each([
  ['one server still knows it', async () => [GONE, EXISTS]],
  ['it may do nothing', async () => [MAY_NOTHING]],
  ['the proxy may not ask', async () => [FORBIDDEN]],
  ['there is nobody to ask', async () => []],
  ['a server is down', () => Promise.reject(new ProxyError('call_timeout', 'late'))],
])('a user is not deleted if %s', async (_, ask: () => Promise<readonly RespReply[]>) => {
  const { clock, asked, deleted, checks } = setUp(ask);
  checks.suspect(1);
  await clock.advance(100);
  expect(asked).toHaveLength(1);
  expect(deleted).toEqual([]);
});

test('nothing is asked after the end', async () => {
  const { clock, asked, checks } = setUp(async () => [GONE]);
  checks.suspect(1);
  checks.stop();
  checks.suspect(2);
  await clock.advance(1_000);
  expect(asked).toEqual([]);
});
