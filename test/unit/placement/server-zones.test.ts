import { expect, test } from 'vitest';
import { ServerZones } from '../../../src/placement/index.js';

const ZONES = new ServerZones([
  '10.0.0.0/8=wide',
  '10.1.0.0/16=narrow',
  '10.1.0.7=host',
  'Cache-1.example.org = named zone',
  '2001:db8::/32=six',
]);

test.each([
  [['10.1.0.7'], 'host'],
  [['::ffff:10.1.0.7'], 'host'],
  [['10.1.0.8'], 'narrow'],
  [['10.2.0.8'], 'wide'],
  [['2001:db8:0::1'], 'six'],
  [['11.0.0.1'], null],
  [['10.2.0.8', 'cache-1.EXAMPLE.org'], 'named zone'],
  [['cache-2.example.org'], null],
  [[], null],
])('%j is in %s', (hosts, zone) => {
  expect(ZONES.zoneOf(hosts)).toBe(zone);
});

test.each(['nothing', '=a', 'h=', 'h=a=b', 'h:1=a', '10.0.0.0/33=a', 'h h=a'])(
  '%j is refused by name',
  (entry) => {
    expect(() => new ServerZones([entry])).toThrow(`--server-zone ${entry}: `);
  },
);

test('a host in two zones is refused', () => {
  expect(() => new ServerZones(['::1=a', '0::1=b'])).toThrow('given twice');
});
