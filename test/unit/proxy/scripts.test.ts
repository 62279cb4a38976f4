import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { Scripts } from '../../../src/proxy/scripts.js';
import type { RespReply } from '../../../src/resp/index.js';

const DIGEST = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';
const BODY = Buffer.from('return 1');

function exists(value: number): RespReply {
  return { kind: 'array', items: [{ kind: 'integer', value }] };
}

interface Replies {
  readonly exists?: RespReply | Error;
  readonly load?: RespReply;
  readonly body?: Buffer | undefined;
}

/** @returns What was asked of the server `n1`, and what the plane was told. */
function setUp(replies: Replies) {
  const calls: string[] = [];
  const body = 'body' in replies ? replies.body : BODY;
  const scripts = new Scripts({
    database: 3,
    plane: {
      learnScript: (database, learned) => calls.push(`learn ${database} ${learned}`),
      hasScript: (database, digest) => {
        calls.push(`has ${database} ${digest}`);
        return true;
      },
      scriptBody: () => body,
      clearScripts: (database) => calls.push(`clear ${database}`),
      scriptChecked: (database, nodeId, digest, isLoaded) =>
        calls.push(`checked ${database} ${nodeId} ${digest} ${isLoaded}`),
    },
    execute: async (nodeId, args) => {
      calls.push(`${nodeId}: ${args.map(String).join(' ')}`);
      const reply = args[1] === 'LOAD' ? (replies.load ?? text(DIGEST)) : replies.exists;
      if (reply instanceof Error || reply === undefined) {
        throw reply ?? new Error('not asked');
      }
      return reply;
    },
    log: SILENT_LOGGER,
  });
  return { calls, scripts };
}

function text(words: string): RespReply {
  return { kind: 'string', bytes: Buffer.from(words) };
}

const ASKED = `n1: SCRIPT EXISTS ${DIGEST}`;
const LOADED = 'n1: SCRIPT LOAD return 1';
const YES = `checked 3 n1 ${DIGEST} true`;
const NO = `checked 3 n1 ${DIGEST} false`;

test.each<[string, Replies, readonly string[]]>([
  ['that is not there is loaded', { exists: exists(0) }, [ASKED, LOADED, YES]],
  ['that is there used these words itself', { exists: exists(1) }, [ASKED, NO]],
  ['that may not be looked for', { exists: { kind: 'error', message: 'NOPERM no' } }, [ASKED, NO]],
  [
    'that may not be loaded',
    { exists: exists(0), load: { kind: 'error', message: 'NOPERM no' } },
    [ASKED, LOADED, NO],
  ],
  ['at a server that is gone', { exists: new Error('gone') }, [ASKED, NO]],
  ['that was forgotten meanwhile', { body: undefined }, [NO]],
])('a missing script %s', async (_, replies, expected) => {
  const { calls, scripts } = setUp(replies);
  await scripts.repair('n1', DIGEST);
  expect(calls).toEqual(expected);
});

test('several workers that miss a script at a server share one look', async () => {
  const { calls, scripts } = setUp({ exists: exists(0) });
  await Promise.all([scripts.repair('n1', DIGEST), scripts.repair('n1', DIGEST)]);
  expect(calls).toEqual([ASKED, LOADED, YES]);
  await scripts.repair('n1', DIGEST);
  expect(calls).toEqual([ASKED, LOADED, YES, ASKED, LOADED, YES]);
});

test('the store is the plane’s; what is no digest is not there', () => {
  const { calls, scripts } = setUp({});
  scripts.learn(BODY);
  scripts.clear();
  expect(scripts.has(DIGEST.toUpperCase())).toBe(true);
  expect(scripts.has('x')).toBe(false);
  expect(scripts.has(`${DIGEST}0`)).toBe(false);
  expect(calls).toEqual(['learn 3 return 1', 'clear 3', `has 3 ${DIGEST.toUpperCase()}`]);
});
