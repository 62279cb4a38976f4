import { describe, expect, test } from 'vitest';
import { type ControlContext, handleControl, SlowLog } from '../../../src/commands/index.js';
import { fakeContext } from './fake-context.js';
import { requestOf } from './support.js';

function slow(word: string, durationMs = 12) {
  return {
    database: 0,
    durationMs,
    args: [Buffer.from('GET'), Buffer.from(word)],
    clientAddress: '127.0.0.1:50000',
    clientName: 'me',
  };
}

function logOf(words: readonly string[], most = 128): SlowLog {
  let now = 1_700_000_000_500;
  const log = new SlowLog(most, () => {
    now += 1000;
    return now;
  });
  for (const word of words) {
    log.add(slow(word));
  }
  return log;
}

async function ask(line: string, slowLog: SlowLog, overrides: Partial<ControlContext> = {}) {
  const outcome = await handleControl(requestOf(line), fakeContext({ slowLog, ...overrides }));
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

/** The last argument of each entry. */
function wordsIn(reply: string): readonly string[] {
  return [...reply.matchAll(/\$3\r\nGET\r\n\$\d+\r\n(.*)\r\n/g)].map(([, word]) => word ?? '');
}

describe('SlowLog', () => {
  test('keeps the newest, and numbers them on', () => {
    const log = logOf(['a', 'b', 'c'], 2);
    expect(log.newest(10).map(({ id, args }) => [id, String(args[1])])).toEqual([
      [2, 'c'],
      [1, 'b'],
    ]);
    expect(log.newest(1)).toHaveLength(1);
    log.keep(1);
    expect(log.length).toBe(1);
    log.clear();
    log.add(slow('d'));
    expect(log.newest(10).map(({ id }) => id)).toEqual([3]);
    log.keep(0);
    expect(log.length).toBe(0);
  });
});

describe('SLOWLOG', () => {
  test('GET shows an entry as a server does', async () => {
    expect(await ask('SLOWLOG GET', logOf(['a']))).toBe(
      '*1\r\n*6\r\n:0\r\n:1700000001\r\n:12000\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n' +
        '$15\r\n127.0.0.1:50000\r\n$2\r\nme\r\n',
    );
  });

  test('GET shows ten, or as many as asked for, newest first', async () => {
    const words = Array.from({ length: 12 }, (_, i) => `w${i}`);
    const newestFirst = words.toReversed();
    const log = logOf(words);
    expect(wordsIn(await ask('SLOWLOG GET', log))).toEqual(newestFirst.slice(0, 10));
    expect(wordsIn(await ask('SLOWLOG GET 2', log))).toEqual(newestFirst.slice(0, 2));
    expect(wordsIn(await ask('SLOWLOG GET -1', log))).toEqual(newestFirst);
    expect(await ask('SLOWLOG GET 0', log)).toBe('*0\r\n');
    expect(await ask('SLOWLOG GET 1 x', log)).toBe('-ERR syntax error\r\n');
  });

  test('GET with ALL adds the entries of the servers, by time', async () => {
    const entry = (seconds: number, word: string) => ({
      kind: 'array' as const,
      items: [
        { kind: 'integer' as const, value: 7n },
        { kind: 'integer' as const, value: BigInt(seconds) },
        { kind: 'integer' as const, value: 1n },
        {
          kind: 'array' as const,
          items: ['GET', word].map((text) => ({ kind: 'bulk' as const, bytes: Buffer.from(text) })),
        },
      ],
    });
    const asked: unknown[] = [];
    const { errands } = fakeContext();
    const sendToNodes: typeof errands.sendToNodes = (args) => {
      asked.push(args);
      return Promise.resolve([
        { kind: 'array', items: [entry(1_700_000_003, 'new'), entry(1, 'old')] },
        { kind: 'error', text: 'NOPERM no' },
      ]);
    };
    const all = await ask('SLOWLOG GET 3 ALL', logOf(['a', 'b']), {
      errands: { ...errands, sendToNodes },
    });
    expect(wordsIn(all)).toEqual(['new', 'b', 'a']);
    expect(asked).toEqual([['SLOWLOG', 'GET', '3']]);
  });

  test('LEN and RESET', async () => {
    const log = logOf(['a', 'b']);
    expect(await ask('SLOWLOG LEN', log)).toBe(':2\r\n');
    expect(await ask('SLOWLOG RESET', log)).toBe('+OK\r\n');
    expect(await ask('SLOWLOG LEN', log)).toBe(':0\r\n');
  });
});

test('COMMANDLOG has the slow log, and says that it has no other', async () => {
  const log = logOf(['a', 'b']);
  expect(wordsIn(await ask('COMMANDLOG GET 1 slow', log))).toEqual(['b']);
  expect(await ask('COMMANDLOG LEN SLOW', log)).toBe(':2\r\n');
  for (const line of ['GET 1 large-reply', 'LEN large-reply', 'RESET large-reply']) {
    expect(await ask(`COMMANDLOG ${line}`, log)).toBe(
      "-ERR Slotgate keeps no log of type 'large-reply'\r\n",
    );
  }
  expect(await ask('COMMANDLOG LEN x', log)).toBe(
    '-ERR type should be one of the following: slow, large-request, large-reply\r\n',
  );
  expect(await ask('COMMANDLOG GET x slow', log)).toMatch(/^-ERR count should be/);
  expect(await ask('COMMANDLOG RESET slow', log)).toBe('+OK\r\n');
  expect(log.length).toBe(0);
});
