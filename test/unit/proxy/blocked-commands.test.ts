import { expect, test } from 'vitest';
import type { NativeOutcome } from '../../../src/native/index.js';
import { BlockedCommands } from '../../../src/proxy/blocked-commands.js';
import type { RespReply } from '../../../src/resp/index.js';

const CLIENT = { id: 256, index: 0 };
const WAITING = { client: CLIENT, presentation: 3 };
const NIL = { kind: 'null', isArray: true };

function outcome(kind: NativeOutcome['kind'], text = ''): NativeOutcome {
  return { kind, bytes: Buffer.from(text) };
}

/**
 * @param places Where the client waits each time that it is looked for, at one server or several; the
 * last one stays.
 */
function setUp(
  places: readonly (NativeOutcome | readonly NativeOutcome[])[],
  unblocked: readonly number[] = [],
) {
  const asked: string[] = [];
  const left = [...places];
  const counts = [...unblocked];
  const blocked = new BlockedCommands(
    {
      locate: async () => {
        const place = left.length > 1 ? left.shift() : left[0];
        return [place ?? outcome('gone')].flat();
      },
    },
    async (nodeId, args): Promise<RespReply> => {
      asked.push(`${nodeId}: ${args.join(' ')}`);
      return { kind: 'integer', value: counts.shift() ?? 0 };
    },
  );
  return { blocked, asked };
}

test('a client that waits at a server is unblocked there', async () => {
  const { blocked, asked } = setUp([outcome('reply', 'n1 77')], [1]);
  const wait = blocked.begin(WAITING);
  expect(await blocked.unblock(CLIENT.id, 'error')).toBe(true);
  expect(asked).toEqual(['n1: CLIENT UNBLOCK 77 ERROR']);
  expect(wait.interrupted()).toBeNull();
});

test('a command that has not reached the server yet is looked for again', async () => {
  const { blocked, asked } = setUp([outcome('reply', 'n1 77')], [0, 0, 1]);
  blocked.begin(WAITING);
  expect(await blocked.unblock(CLIENT.id, 'timeout')).toBe(true);
  expect(asked).toHaveLength(3);
});

test.each(['not_sent', 'gone'] as const)(
  'a command between two servers (%s) ends',
  async (kind) => {
    const { blocked } = setUp([outcome(kind)]);
    const wait = blocked.begin(WAITING);
    const unblocking = blocked.unblock(CLIENT.id, 'timeout');
    await Promise.resolve();
    await Promise.resolve();
    expect(wait.interrupted()).toEqual(NIL);
    wait.end();
    expect(await unblocking).toBe(true);
  },
);

test('a client that waits at several servers is unblocked at all of them', async () => {
  const both = [outcome('reply', 'n1 77'), outcome('reply', 'n2 78')];
  const { blocked, asked } = setUp([both, [outcome('reply', 'n2 78')]], [1, 0, 1]);
  const wait = blocked.begin(WAITING);
  expect(await blocked.unblock(CLIENT.id, 'timeout')).toBe(true);
  expect(asked).toEqual([
    'n1: CLIENT UNBLOCK 77 TIMEOUT',
    'n2: CLIENT UNBLOCK 78 TIMEOUT',
    'n2: CLIENT UNBLOCK 78 TIMEOUT',
  ]);
  expect(wait.interrupted()).toBeNull();
});

test('who waits at one server and is on its way to another learns why that ended', async () => {
  const { blocked, asked } = setUp([[outcome('reply', 'n1 77'), outcome('not_sent')]], [1]);
  const wait = blocked.begin(WAITING);
  expect(await blocked.unblock(CLIENT.id, 'error')).toBe(true);
  expect(asked).toEqual(['n1: CLIENT UNBLOCK 77 ERROR']);
  expect(wait.interrupted()).toMatchObject({ kind: 'error' });
});

test('who waits no more is not unblocked', async () => {
  const { blocked, asked } = setUp([outcome('gone')]);
  expect(await blocked.unblock(CLIENT.id, 'timeout')).toBe(false);
  const wait = blocked.begin(WAITING);
  const unblocking = blocked.unblock(CLIENT.id, 'timeout');
  wait.end(); // its element has come
  expect(await unblocking).toBe(false);
  expect(asked).toEqual([]);
});

test('at the end all waits end, and so do those that begin; their clients are closed', async () => {
  const { blocked, asked } = setUp([outcome('reply', 'n1 77')], [1]);
  const first = blocked.begin(WAITING);
  await blocked.unblockAll();
  expect(asked).toEqual(['n1: CLIENT UNBLOCK 77 TIMEOUT']);
  expect(first.end()).toEqual({ closesClient: true });
  const next = blocked.begin({ client: { id: 512, index: 1 }, presentation: 0 });
  expect(next.interrupted()).toEqual(NIL);
  expect(next.end()).toEqual({ closesClient: true });
});

test('only the clients of a presentation that is to go are woken, and only until it may stay', async () => {
  const { blocked, asked } = setUp([outcome('reply', 'n1 77')], [1]);
  const wait = blocked.begin(WAITING);
  await blocked.unblockThose([1, 2]);
  expect(asked).toEqual([]);
  await blocked.unblockThose([2, 3]);
  expect(asked).toEqual(['n1: CLIENT UNBLOCK 77 TIMEOUT']);
  expect(wait.end()).toEqual({ closesClient: true });
  const late = blocked.begin(WAITING);
  expect(late.interrupted()).toEqual(NIL);
  expect(late.end()).toEqual({ closesClient: true });
  blocked.mayBlock([3]);
  const next = blocked.begin(WAITING);
  expect(next.interrupted()).toBeNull();
  expect(next.end()).toEqual({ closesClient: false });
});
