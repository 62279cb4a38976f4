import { describe, expect, test } from 'vitest';
import {
  type BlockedWait,
  type ControlContext,
  type ErrandOutcome,
  handleControl,
} from '../../../src/commands/index.js';
import type { ControlRequest, NativeBinding } from '../../../src/native/types.js';
import type { RespValue } from '../../../src/resp/index.js';
import { fakeClients, fakeContext } from './fake-context.js';
import { recordingErrands, value } from './fake-errands.js';
import { requestOf } from './support.js';

/** What each of the shards `a`, `b` and `c` says; what is left out says that one disk has it. */
type Servers = Readonly<Record<string, RespValue | ErrandOutcome>>;

interface Given {
  readonly line?: string;
  readonly request?: Partial<ControlRequest>;
  readonly servers?: Servers;
  readonly context?: Partial<ControlContext>;
  readonly wait?: Partial<BlockedWait>;
}

const STATE = JSON.stringify({ noTouch: false, confirmsWrites: true });
/** A client that has used WAITAOF before. */
const OWN = { connectionState: STATE };
const NOTHING_KNOWN = '*2\r\n:0\r\n:0\r\n';
const UNKNOWN = "-ERR unknown command 'waitaof', with args beginning with: '1' '0' '0' ";

async function waitAof({ line = 'waitaof 1 0 0', request = {}, servers = {}, ...given }: Given) {
  const bindings: NativeBinding[] = [];
  const { errands, calls } = recordingErrands((node) => servers[node] ?? value([1, 1]));
  const clients = fakeClients();
  const wait = { ...clients.blocked.begin(requestOf(line)), ...given.wait };
  const outcome = await handleControl(
    { ...requestOf(line), ...request },
    fakeContext({
      errands,
      clients: { ...clients, blocked: { ...clients.blocked, begin: () => wait } },
      bind: (_client, binding) => bindings.push(binding),
      ...given.context,
    }),
  );
  if (outcome.kind !== 'reply') {
    throw new Error('no reply');
  }
  return { ...outcome, reply: outcome.bytes.toString(), bindings, calls };
}

function nodesOf(calls: readonly (readonly string[])[]) {
  return calls.map(([node]) => node);
}

describe('the first call', () => {
  test('of a client that wrote: nobody knows, and its links are its own from now on', async () => {
    const request = { written: ['b'], wroteElsewhere: true };
    const { reply, bindings, calls, change } = await waitAof({ request });
    expect(reply).toBe(NOTHING_KNOWN);
    expect(calls).toEqual([['b leased', 'waitaof', '1', '0', '0']]);
    expect(bindings).toMatchObject([{ setup: [[Buffer.from('PING')]], tracks: false }]);
    expect(JSON.parse(bindings[0]?.state ?? '')).toEqual(JSON.parse(STATE));
    expect(change).toBe('counts_writes_anew');
  });

  test('of a client that wrote nothing: the fewest of all primaries', async () => {
    const servers = { a: value([1, 2]), b: value([0, 3]), c: value([1, 1]) };
    const { reply, bindings, calls, change } = await waitAof({ servers });
    expect(reply).toBe('*2\r\n:0\r\n:1\r\n');
    expect(nodesOf(calls)).toEqual(['a leased', 'b leased', 'c leased']);
    expect(bindings).toHaveLength(1);
    expect(change).toBeUndefined();
  });

  test('at servers that do not know it: their words, and nothing is bound', async () => {
    const servers = { a: value(UNKNOWN), b: value(UNKNOWN), c: value(UNKNOWN) };
    const { reply, bindings, change } = await waitAof({ servers });
    expect(reply).toBe(`${UNKNOWN}\r\n`);
    expect(bindings).toEqual([]);
    expect(change).toBeUndefined();
  });

  test('at servers that say nothing: nothing is bound', async () => {
    const lost: ErrandOutcome = { kind: 'lost', endpoint: 'x' };
    const { reply, bindings } = await waitAof({ servers: { a: lost, b: lost, c: lost } });
    expect(reply).toBe(NOTHING_KNOWN);
    expect(bindings).toEqual([]);
  });

  test('one client too many is told so, unless it has links of its own already', async () => {
    const context = { isFullOfTracking: () => true };
    const { reply, calls } = await waitAof({ context });
    expect(reply).toContain('(maxTrackingClients)');
    expect(calls).toEqual([]);
    const tracks = { connectionState: JSON.stringify({ noTouch: true }) };
    const { bindings } = await waitAof({ context, request: tracks });
    expect(bindings[0]?.setup.map(String)).toEqual(['CLIENT,NO-TOUCH,ON']);
  });
});

describe('later calls', () => {
  test('ask where the client has written over its own links, and answer the fewest', async () => {
    const request = { ...OWN, written: ['a', 'b', 'c'], ownWritten: ['a', 'c'] };
    const servers = { a: value([1, 2]), b: value([0, 0]), c: value([1, 1]) };
    const { reply, bindings, calls, change } = await waitAof({ request, servers });
    expect(reply).toBe('*2\r\n:1\r\n:1\r\n');
    expect(nodesOf(calls)).toEqual(['a leased', 'c leased']);
    expect(bindings).toEqual([]);
    expect(change).toBeUndefined();
  });

  test.each<[string, Partial<ControlRequest>]>([
    ['a link was lost', { ownWritten: ['a'], wroteElsewhere: true }],
    ['nothing was written since', { ownWritten: [] }],
  ])('%s: nobody knows', async (_, request) => {
    const all = { ...OWN, written: ['a', 'b'], ...request };
    const { reply, change } = await waitAof({ request: all });
    expect(reply).toBe(NOTHING_KNOWN);
    expect(change).toBe('counts_writes_anew');
  });

  test('who never wrote hears of all primaries', async () => {
    const { reply, calls } = await waitAof({ request: OWN });
    expect(reply).toBe('*2\r\n:1\r\n:1\r\n');
    expect(calls).toHaveLength(3);
  });

  test.each<[string, RespValue | ErrandOutcome]>([
    ['cannot be reached', { kind: 'not_sent', reason: 'refused' }],
    ['is lost meanwhile', { kind: 'lost', endpoint: 'x' }],
    ['throws it out', value('-UNBLOCKED force unblock from blocking operation, instance state')],
    ['is a replica', value('-ERR WAITAOF cannot be used with replica instances. Please')],
  ])('a server that %s has nothing on disk', async (_, told) => {
    const request = { ...OWN, written: ['a', 'b'], ownWritten: ['a', 'b'] };
    const { reply, change } = await waitAof({ request, servers: { b: told } });
    expect(reply).toBe(NOTHING_KNOWN);
    expect(change).toBe('counts_writes_anew');
  });

  test('the first error is the answer', async () => {
    const off = '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';
    const request = { ...OWN, written: ['a', 'b', 'c'], ownWritten: ['a', 'b', 'c'] };
    const servers = { b: value(off), c: value('-ERR other') };
    expect((await waitAof({ request, servers })).reply).toBe(`${off}\r\n`);
    const busy: ErrandOutcome = { kind: 'busy', reason: 'all 1 private links to x are in use' };
    expect((await waitAof({ request, servers: { a: busy } })).reply).toBe(
      '-PROXYBUSY all 1 private links to x are in use; see maxPrivateLinks\r\n',
    );
  });
});

describe('a client that is unblocked before it has got to a server', () => {
  const error: RespValue = { kind: 'error', text: 'UNBLOCKED no' };
  const nil: RespValue = { kind: 'null', isArray: true };

  test('asks nobody any more', async () => {
    const { reply, calls, bindings } = await waitAof({ wait: { interrupted: () => error } });
    expect(reply).toBe('-UNBLOCKED no\r\n');
    expect(calls).toEqual([]);
    expect(bindings).toEqual([]);
    expect((await waitAof({ wait: { interrupted: () => nil } })).reply).toBe(NOTHING_KNOWN);
  });

  test('on its way to one of them', async () => {
    const servers: Servers = { b: { kind: 'not_sent', reason: 'unblocked' } };
    for (const [told, expected] of [
      [error, '-UNBLOCKED no\r\n'],
      [nil, NOTHING_KNOWN],
    ] as const) {
      const answers = [null, told];
      const wait = { interrupted: () => answers.shift() ?? null };
      expect((await waitAof({ servers, wait })).reply).toBe(expected);
    }
  });

  test('is closed behind the answer when the proxy stops', async () => {
    const { close } = await waitAof({ wait: { end: () => ({ closesClient: true }) } });
    expect(close).toBe(true);
  });
});

test('links that are a clients own stay so when nothing else needs them', async () => {
  const tracks = { noTouch: false, confirmsWrites: true, tracking: { redirect: 0, prefixes: [] } };
  const bindings: NativeBinding[] = [];
  await handleControl(
    { ...requestOf('client tracking off'), connectionState: JSON.stringify(tracks) },
    fakeContext({ bind: (_client, binding) => bindings.push(binding) }),
  );
  expect(bindings).toMatchObject([
    {
      setup: [[Buffer.from('PING')]],
      teardown: [['CLIENT', 'TRACKING', 'OFF'].map((w) => Buffer.from(w))],
    },
  ]);
});
