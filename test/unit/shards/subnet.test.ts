import { expect, test } from 'vitest';
import { canonicalHost, Subnet } from '../../../src/shards/index.js';

const subnet = (text: string) => {
  const parsed = Subnet.parse(text);
  if (parsed === null) {
    throw new Error(`${text} is not a subnet`);
  }
  return parsed;
};

test.each([
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '/8',
  'host/8',
  'fd00::/129',
  '1.2.3.4/8/8',
  '',
])('%s is not a subnet', (text) => {
  expect(Subnet.parse(text)).toBeNull();
});

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['fd00::/16', 'fd00:1::2', true],
  ['fd00::/16', 'fe00::2', false],
  ['10.0.0.0/8', 'ten.example', false],
  ['10.0.0.0/8', '', false],
])('%s contains %s: %s', (text, host, expected) => {
  expect(subnet(text).contains(host)).toBe(expected);
});

test.each([
  ['10.0.0.0/8', '10.0.0.0/16', true],
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.0.0.0/16', '10.0.0.0/8', false],
  ['10.0.0.0/8', '192.168.0.0/16', false],
  ['::/0', '10.0.0.0/8', false],
])('%s covers %s: %s', (a, b, expected) => {
  expect(subnet(a).covers(subnet(b))).toBe(expected);
});

test('an address alone is a subnet, in its one spelling', () => {
  expect(String(Subnet.of('::ffff:10.0.0.1'))).toBe('10.0.0.1/32');
  expect(String(Subnet.of('FD00:0::1'))).toBe('fd00::1/128');
  expect(Subnet.of('name')).toBeNull();
});

test('one spelling of a host', () => {
  expect(['FD00:0:0::1', 'Host.Example', '10.0.0.1'].map(canonicalHost)).toEqual([
    'fd00::1',
    'host.example',
    '10.0.0.1',
  ]);
});
