import { expect, test } from 'vitest';
import { ProxyError } from '../../../src/errors/index.js';
import { Permissions } from '../../../src/proxy/permissions.js';
import type { CommandArguments, RespReply } from '../../../src/resp/index.js';

function text(words: string): RespReply {
  return { kind: 'string', bytes: Buffer.from(words) };
}

function setUp(answer: (args: CommandArguments) => RespReply | Promise<RespReply>) {
  const asked: string[] = [];
  const permissions = new Permissions(async (args) => {
    asked.push(args.map(String).join(' '));
    return answer(args);
  });
  return { asked, permissions };
}

const INFO = [Buffer.from('INFO'), Buffer.from('server')];

test('who may is let through, and the server is asked once', async () => {
  const { asked, permissions } = setUp(() => text('OK'));
  expect(await permissions.refusalOf('bob', INFO)).toBeNull();
  expect(await permissions.refusalOf('bob', INFO)).toBeNull();
  expect(asked).toEqual(['ACL DRYRUN bob INFO server']);
});

test('users and arguments are told apart', async () => {
  const { asked, permissions } = setUp((args) => text(args[2] === 'bob' ? 'OK' : 'no'));
  expect(await permissions.refusalOf('bob', INFO)).toBeNull();
  expect(await permissions.refusalOf('eve', INFO)).toBe('NOPERM no');
  expect(await permissions.refusalOf('bob', [Buffer.from('INFO server')])).toBeNull();
  expect(asked).toHaveLength(3);
});

test('a proxy that may not ask refuses', async () => {
  const { permissions } = setUp(() => ({ kind: 'error', message: 'NOPERM no ACL for you' }));
  expect(await permissions.refusalOf('bob', INFO)).toMatch(/^NOPERM .*ACL DRYRUN: NOPERM no ACL/);
});

test('a server that does not answer is no verdict', async () => {
  let isDown = true;
  const { permissions } = setUp(() =>
    isDown ? Promise.reject(new ProxyError('call_timeout', 'late')) : text('OK'),
  );
  await expect(permissions.refusalOf('bob', INFO)).rejects.toThrow('late');
  isDown = false;
  expect(await permissions.refusalOf('bob', INFO)).toBeNull();
});

test.each([
  ["This user has no permissions to run the 'info' command", "run the 'info' command"],
  [
    "This user has no permissions to access the 'a' key",
    'access one of the keys used as arguments',
  ],
  [
    "This user has no permissions to access the 'a\nb' channel",
    'access one of the channels used as arguments',
  ],
])('a refusal has the words of the command itself: %s', async (verdict, words) => {
  const { permissions } = setUp(() => text(verdict));
  expect(await permissions.refusalOf('bob', INFO)).toBe(
    `NOPERM this user has no permissions to ${words}`,
  );
});

test('newer servers use the same words for both', async () => {
  const verdict = "User bob has no permissions to run the 'info' command";
  const { permissions } = setUp(() => text(verdict));
  expect(await permissions.refusalOf('bob', INFO)).toBe(`NOPERM ${verdict}`);
});
