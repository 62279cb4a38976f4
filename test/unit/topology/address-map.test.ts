import { describe, expect, test } from 'vitest';
import { AddressMap } from '../../../src/topology/index.js';

const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port });

describe('lookup', () => {
  const map = new AddressMap([
    '172.17.0.0/16=127.0.0.1',
    '172.17.5.0/24=10.0.0.5',
    '172.17.5.9=host-nine',
    '172.17.5.9:7000=127.0.0.1:17000',
    'Redis-1:7001=/run/r1.sock',
    'fd00::/8=::1',
    'fd00::7=[::2]',
  ]);

  test.each([
    [['172.17.5.9'], 7000, tcp('127.0.0.1', 17000)],
    [['172.17.5.9'], 7001, tcp('host-nine', 7001)],
    [['172.17.5.8'], 7001, tcp('10.0.0.5', 7001)],
    [['172.17.6.1'], 7001, tcp('127.0.0.1', 7001)],
    [['172.18.6.1'], 7001, null],
    [['172.18.6.1', 'redis-1'], 7001, { kind: 'unix', path: '/run/r1.sock' }],
    [['fd00::6'], 1, tcp('::1', 1)],
    [['fd00::7'], 1, tcp('::2', 1)],
    [['not-an-address'], 1, null],
  ])('%j port %i', (hosts, port, expected) => {
    expect(map.lookup(hosts, port)).toEqual(expected);
  });
});

test.each([
  ['nothing', 'must be ANNOUNCED=REACHABLE'],
  ['a=', 'must be ANNOUNCED=REACHABLE'],
  ['a=b=c', 'must be ANNOUNCED=REACHABLE'],
  ['a=b:70000', 'from 1 to 65535'],
  ['a=b:7000', 'needs a port on the left'],
  ['a=/run/x', 'needs a port on the left'],
  ['10.0.0.0/33=b', 'not a subnet'],
  ['name/8=b', 'not a subnet'],
  ['10.0.0.0/=b', 'not a subnet'],
  ['10.0.0.0/8=b:1', 'ports stay as announced'],
])('--map %s is refused', (entry, words) => {
  const make = () => new AddressMap([entry]);
  expect(make).toThrow(words);
  expect(make).toThrow(`--map ${entry}`);
  expect(make).toThrow(expect.objectContaining({ code: 'address_map_invalid' }));
});

test('the same announced address twice is refused', () => {
  expect(() => new AddressMap(['a:1=b', 'A:1=c'])).toThrow('mapped twice');
});
