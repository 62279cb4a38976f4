import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NativePlane } from '../../src/native/addon.js';
import {
  type NativeCommandRow,
  nativeAddon,
  STANDALONE_PRESENTATION,
} from '../../src/native/index.js';
import { coreRows, LIMITS, routeServer, routesTo, settings } from './support/plane-data.js';

const { Plane } = nativeAddon();
const CLIENT = { id: 256, index: 0 };
const ANSWER = { reply: Buffer.from('+OK\r\n'), closeAfter: false, protocol: 0, user: -1 };

function ignore(): void {}

let plane: NativePlane;
beforeEach(() => {
  plane = new Plane(2, ignore);
});
afterEach(() => {
  plane.stop();
});

/** Calls a method with what TypeScript would not let through. */
function call(method: keyof NativePlane, ...args: unknown[]): unknown {
  const called: CallableFunction = plane[method];
  return Reflect.apply(called, plane, args);
}

function row(): NativeCommandRow {
  const [first] = coreRows();
  if (first === undefined) {
    throw new Error('an empty table');
  }
  return first;
}

describe('the constructor', () => {
  test.each([
    [[], 'Plane takes a number of workers and a function'],
    [[1], 'Plane takes a number of workers and a function'],
    [['1', ignore], 'Plane takes a number of workers and a function'],
    [[1, 'wake'], 'Plane takes a number of workers and a function'],
    [[0, ignore], 'workers must be from 1 to 256'],
    [[257, ignore], 'workers must be from 1 to 256'],
    [[-1, ignore], 'Plane takes a number of workers and a function'],
  ])('%j', (args, message) => {
    expect(() => Reflect.construct(Plane, args)).toThrow(new TypeError(message));
  });

  test('is no function', () => {
    expect(() => Reflect.apply(Plane, undefined, [1, ignore])).toThrow(TypeError);
  });

  test('makes the only objects that its methods take', () => {
    for (const method of ['stop', 'counters', 'takeUp', 'listen', 'answer'] as const) {
      for (const self of [undefined, null, {}, 1, Object.create(plane)]) {
        expect(() => Reflect.apply(plane[method], self, [])).toThrow(Error);
      }
    }
  });
});

describe('the database, everywhere', () => {
  const methods = [
    'addDatabase',
    'setSettings',
    'setCommands',
    'setRoutes',
    'preconnect',
    'subscriptions',
  ] as const;
  test.each(methods)('%s', (method) => {
    for (const args of [[], ['0', {}], [null, {}], [{}, {}]]) {
      expect(() => call(method, ...args)).toThrow(new TypeError('the database must be a number'));
    }
  });

  test('listen', () => {
    expect(() => call('listen')).toThrow(new TypeError('the database must be a number'));
  });
});

describe('settings', () => {
  const methods = ['addDatabase', 'setSettings'] as const;
  test.each(methods)('%s takes an object', (method) => {
    for (const args of [[0], [0, null], [0, 'settings'], [0, undefined]]) {
      expect(() => call(method, ...args)).toThrow(new TypeError('the settings must be an object'));
    }
  });

  test.each([
    [{ users: undefined }, 'users must be an array'],
    [{ users: [] }, 'users must be at least one'],
    [{ users: [1] }, 'users must be an array of objects'],
    [{ users: [{ name: 1, password: '', authenticates: false }] }, 'name must be a string'],
    [{ users: [{ name: '', authenticates: false }] }, 'password must be a string'],
    [{ users: [{ name: '', password: '' }] }, 'authenticates must be true or false'],
    [{ clientUser: 1 }, 'clientUser must be a whole number from 0 to 0'],
    [{ clientUser: 0.5 }, 'clientUser must be a whole number from 0 to 0'],
    [{ clientMustAuthenticate: 1 }, 'clientMustAuthenticate must be true or false'],
    [{ nodeName: null }, 'nodeName must be a string'],
    [{ limits: undefined }, 'limits must be an object'],
  ])('%j', (changes, message) => {
    for (const method of methods) {
      expect(() => call(method, 0, { ...settings(), ...changes })).toThrow(new TypeError(message));
    }
  });

  test.each(Object.keys(LIMITS))('limit %s is a whole number in its range', (name) => {
    const pattern = new RegExp(`^${name} must be a whole number from \\d+ to \\d+$`);
    for (const value of [undefined, '1', -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const limits = { ...LIMITS, [name]: value };
      const attempt = () => call('addDatabase', 0, { ...settings(), limits });
      expect(attempt).toThrow(TypeError);
      expect(attempt).toThrow(pattern);
    }
  });

  test('nothing of a call that threw has happened', () => {
    expect(() => call('addDatabase', 0, {})).toThrow(TypeError);
    expect(call('addDatabase', 0, settings())).toBeUndefined();
  });
});

describe('command rows', () => {
  const range = { kind: 'range', lastKey: 0, step: 1, limit: 0 };

  test.each([[[0]], [[0, {}]], [[0, null]]])('%j', (args) => {
    expect(() => call('setCommands', ...args)).toThrow(new TypeError('the rows must be an array'));
  });

  test.each([
    [{ name: 1 }, 'name must be a string'],
    [{ arity: 40_000 }, 'arity must be a whole number from -32767 to 32767'],
    [{ flags: 'write' }, 'flags must be an array'],
    [{ flags: [1] }, 'flags must be an array of strings'],
    [{ flags: ['fast'] }, "flags must be known flags, not 'fast'"],
    [{ route: 'somewhere' }, 'route must be one of: keys, keyless, local, control, refuse'],
    [{ local: 'pong' }, /^local must be one of: none, ready_reply, ping, /],
    [{ split: 'half' }, 'split must be one of: none, array_in_order, sum, all_ok'],
    [{ splitStep: 3 }, 'splitStep must be a whole number from 1 to 2'],
    [{ barrier: true }, 'barrier must be a string'],
    [{ readyReply: Buffer.from('+OK\r\n') }, 'readyReply must be a string'],
    [{ blockToken: undefined }, 'blockToken must be a string'],
    [{ keySpecs: {} }, 'keySpecs must be an array'],
    [{ keySpecs: [7] }, 'keySpecs must be an array of objects'],
    [{ keySpecs: [{ begin: { kind: 'end' }, find: range }] }, /^kind must be one of: index, /],
    [
      { keySpecs: [{ begin: { kind: 'index', index: 2 ** 31 }, find: range }] },
      /^index must be a whole number from /,
    ],
    [
      { keySpecs: [{ begin: { kind: 'keyword', keyword: 'KEYS' }, find: range }] },
      /^startFrom must be a whole number from /,
    ],
  ])('%j', (changes, message) => {
    const attempt = () => call('setCommands', 0, [{ ...row(), ...changes }]);
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(message);
  });

  test('what cannot be one table', () => {
    expect(() => call('setCommands', 0, [row(), row()])).toThrow(TypeError);
  });
});

describe('routes', () => {
  const routes = routesTo([7000]);
  const server = routeServer(7000);

  test.each([[[0]], [[0, 1]], [[0, null]]])('%j', (args) => {
    expect(() => call('setRoutes', ...args)).toThrow(new TypeError('the routes must be an object'));
  });

  test.each([
    [{ version: -1 }, /^version must be a whole number from 0 to /],
    [{ refreshStartedAtMs: 0.5 }, /^refreshStartedAtMs must be a whole number from 0 to /],
    [{ servers: {} }, 'servers must be an array'],
    [{ servers: [null] }, 'servers must be an array of objects'],
    [{ servers: [{ ...server, nodeId: 1 }] }, 'nodeId must be a string'],
    [{ servers: [{ ...server, port: 65_536 }] }, 'port must be a whole number from 0 to 65535'],
    [{ servers: [{ ...server, redirectNames: 'a' }] }, 'redirectNames must be an array'],
    [{ servers: Array(0x7fff).fill(server) }, 'servers must be fewer than 32767'],
    [{ slotToServer: undefined }, 'slotToServer must be a Uint16Array of length 16384'],
    [{ slotToServer: new Array(16_384).fill(0) }, /^slotToServer must be a Uint16Array /],
    [{ slotToServer: new Uint16Array(16_383) }, /^slotToServer must be a Uint16Array /],
    [{ slotToServer: new Int16Array(16_384) }, /^slotToServer must be a Uint16Array /],
    [
      { slotToServer: new Uint16Array(16_384).fill(1) },
      'slotToServer must be indexes into servers, or 0xffff',
    ],
    [{ slotToServer: new Uint16Array(0) }, 'slotToServer must be a Uint16Array of length 16384'],
    [{ readerSets: {} }, 'readerSets must be an array'],
    [
      { readerSets: [[]] },
      /^readerSets must be arrays of indexes into servers, none of them empty/,
    ],
    [{ readerSets: [[0], 0] }, /^readerSets must be arrays of indexes into servers, /],
    [{ readerSets: [[1]] }, /^readerSets must be arrays of indexes into servers, /],
    [{ readerSets: [['0']] }, /^readerSets must be arrays of indexes into servers, /],
    [{ slotToReaders: new Uint16Array(5) }, /^slotToReaders must be a Uint16Array of length 16384/],
    [
      { slotToReaders: new Uint16Array(16_384).fill(0) },
      'slotToReaders must be indexes into readerSets, or 0xffff',
    ],
  ])('case %#', (changes, message) => {
    const attempt = () => call('setRoutes', 0, { ...routes, ...changes });
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(message);
  });
});

describe('orders', () => {
  const LISTENER_RULES = {
    peers: [{ cidr: '', presentation: 0 }],
    senders: [],
    trustsUnixSockets: false,
  };

  test.each([
    [[0]],
    [[0, '0', 3, []]],
    [[0, 0, '3', []]],
    [[0, 2, 3, []]],
    [[0, -1, 3, []]],
    [[0, 0, 3]],
    [[0, 0, 3, 4]],
  ])('listen%j', (args) => {
    expect(() => call('listen', ...args)).toThrow(
      new TypeError('listen takes a database, a worker, a file descriptor and rules'),
    );
  });

  test.each([
    [{ peers: 7 }, 'peers must be an array'],
    [{ peers: [] }, "peers must be a list whose last cidr is ''"],
    [
      { peers: [{ cidr: '10.0.0.0/8', presentation: 0 }] },
      "peers must be a list whose last cidr is ''",
    ],
    [{ peers: [7] }, 'peers must be an array of objects'],
    [{ peers: [{ cidr: 1, presentation: 0 }] }, 'cidr must be a string'],
    [
      { peers: [{ cidr: '', presentation: 65536 }] },
      'presentation must be a whole number from 0 to 65535',
    ],
    [{ senders: '10.0.0.0/8' }, 'senders must be an array'],
    [{ senders: ['unix'] }, "senders must be an address, or address/bits, not 'unix'"],
    [{ trustsUnixSockets: 1 }, 'trustsUnixSockets must be true or false'],
  ])('listen with the rules %j', (rules, message) => {
    const given = { ...LISTENER_RULES, ...rules };
    expect(() => call('listen', 0, 0, 3, given)).toThrow(new TypeError(message));
  });

  test.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0/8', '::/129', 'host', '/', ' '])(
    'listen with a rule for %j',
    (cidr) => {
      const rules = { ...LISTENER_RULES, peers: [{ cidr, presentation: 0 }] };
      expect(() => call('listen', 0, 0, 3, rules)).toThrow(
        new TypeError(`cidr must be an address, or address/bits, not '${cidr}'`),
      );
    },
  );

  test.each([
    [[]],
    [[0, 3, false]],
    [[0, 3, false, 'done']],
    [[0, 3, 0, ignore]],
    [[2, 3, false, ignore]],
    [['0', 3, false, ignore]],
  ])('stopListening%j', (args) => {
    expect(() => call('stopListening', ...args)).toThrow(
      new TypeError('stopListening takes a worker, a file descriptor, a boolean and a function'),
    );
  });

  test.each([[[]], [['1', false]], [[1, 2]], [[1, true, 2]], [[1, true, 2, [], 3]]])(
    'makeLeave%j',
    (args) => {
      expect(() => call('makeLeave', ...args)).toThrow(
        new TypeError(
          'makeLeave takes a number and a boolean, and may take a database and presentations',
        ),
      );
    },
  );
});

describe('presentations', () => {
  const elsewhere = new Uint16Array(16_384).fill(0xffff);
  elsewhere[7] = 1;

  test.each([
    [undefined, 'the presentations must be an array'],
    [{}, 'the presentations must be an array'],
    [[1], 'presentations must be an array of objects'],
    [[{}], 'helloMode must be a string'],
    [[{ helloMode: 'sentinel' }], 'helloMode must be one of: standalone, cluster'],
    [[{ showsCluster: 1 }], 'showsCluster must be true or false'],
    [[{ oneSlotOnly: undefined }], 'oneSlotOnly must be true or false'],
    [[{ targets: 'a:1' }], 'targets must be an array'],
    [[{ targets: [1] }], 'targets must be an array of strings'],
    [[{ targets: ['a:1\r\n'] }], 'targets must be host:port, without blanks'],
    [[{ targets: [''] }], 'targets must be host:port, without blanks'],
    [[{ slotToTarget: [] }], 'slotToTarget must be a Uint16Array of length 16384 or 0'],
    [
      [{ slotToTarget: new Uint8Array(0) }],
      'slotToTarget must be a Uint16Array of length 16384 or 0',
    ],
    [
      [{ slotToTarget: new Uint16Array(9) }],
      'slotToTarget must be a Uint16Array of length 16384 or 0',
    ],
    [
      [{ slotToTarget: elsewhere, targets: ['a:1'] }],
      'slotToTarget must be indexes into targets, or 0xffff',
    ],
  ])('%j', (changes, message) => {
    const given = Array.isArray(changes)
      ? changes.map((change) =>
          change instanceof Object && Object.keys(change).length > 0
            ? { ...STANDALONE_PRESENTATION, ...change }
            : change,
        )
      : changes;
    expect(() => call('setPresentations', 0, given)).toThrow(new TypeError(message));
  });
});

describe('the presentations of an order', () => {
  const PUSH = Buffer.from('>1\r\n+x\r\n');

  test.each([
    [['0', []], 'the database must be a number'],
    [[0], 'the presentations must be an array'],
    [[0, 1], 'the presentations must be an array'],
    [[0, ['1']], 'presentations must be whole numbers from 0 to 65535'],
    [[0, [-1]], 'presentations must be whole numbers from 0 to 65535'],
    [[0, [65536]], 'presentations must be whole numbers from 0 to 65535'],
  ])('%j', (audience, message) => {
    expect(() => call('notify', ...audience, 1, PUSH)).toThrow(TypeError);
    if (audience.length === 2) {
      expect(() => call('notify', ...audience, 1, PUSH)).toThrow(message);
      expect(() => call('makeLeave', 1, false, ...audience)).toThrow(message);
      expect(() => call('letStay', ...audience)).toThrow(message);
    }
    expect(() => call('countClients', 7, ...audience)).toThrow(new TypeError(message));
  });

  test.each([
    undefined,
    '>1\r\n+x\r\n',
    Buffer.from(''),
    Buffer.from('+x\r\n'),
    Buffer.from('*1\r\n+x\r\n'),
    Buffer.from('>1\r\n+x\r'),
    Buffer.from('>2\r\n+x\r\n'),
    Buffer.from('>1\r\n+x\r\n>1\r\n+x\r\n'),
    Buffer.from('>x\r\n'),
  ])('a notice is one push, not %j', (frame) => {
    expect(() => call('notify', 0, [0], 1, frame)).toThrow(
      new TypeError('frame must be a Buffer with one RESP3 push'),
    );
  });
});

describe('answers', () => {
  test.each(['answer', 'dispatchAgain'] as const)('%s needs a client', (method) => {
    for (const [client, message] of [
      [undefined, 'client must be an object'],
      [7, 'client must be an object'],
      [{ index: 0 }, /^id must be a whole number from 1 to /],
      [{ id: 0, index: 0 }, /^id must be a whole number from 1 to /],
      [{ id: 2 ** 60, index: 0 }, /^id must be a whole number from 1 to /],
      [{ id: 256, index: -1 }, /^index must be a whole number from 0 to /],
      [{ id: 256 + 2, index: 0 }, 'client.id must be that of a client of this plane'],
    ] as const) {
      const attempt = () => call(method, client, ANSWER);
      expect(attempt).toThrow(TypeError);
      expect(attempt).toThrow(message);
    }
  });

  test.each([
    [undefined, 'the answer must be an object'],
    ['+OK\r\n', 'the answer must be an object'],
    [{ ...ANSWER, reply: '+OK\r\n' }, 'reply must be a Buffer'],
    [{ ...ANSWER, closeAfter: undefined }, 'closeAfter must be true or false'],
    [{ ...ANSWER, protocol: 4 }, 'protocol must be a whole number from 0 to 3'],
    [
      { ...ANSWER, change: 'x' },
      'change must be one of: reset, no_evict_on, no_evict_off, monitor, counts_writes_anew',
    ],
    [{ ...ANSWER, user: -2 }, 'user must be a whole number from -1 to 65535'],
  ])('%j', (answer, message) => {
    expect(() => call('answer', CLIENT, answer)).toThrow(new TypeError(message));
  });
});

describe('subscriptions', () => {
  test.each([
    [[0], "family must be 'channel', 'pattern' or 'shard'"],
    [[0, 'nonsense', []], "family must be 'channel', 'pattern' or 'shard'"],
    [[0, 'channel'], 'names must be an array of Buffers'],
    [[0, 'channel', ['text']], 'names must be an array of Buffers'],
  ])('%j', (args, message) => {
    expect(() => call('subscriptions', ...args)).toThrow(new TypeError(message));
  });

  test('of a database that nobody uses', () => {
    expect(plane.subscriptions(7, 'shard', [Buffer.from('a')])).toEqual({
      counts: [{ clients: 0, links: 0 }],
      unused: [],
      patterns: { clients: 0, links: 0 },
    });
  });
});
