import { expect, test } from 'vitest';
import type { NodeSpec } from '../../../src/placement/index.js';
import { moveNotices } from '../../../src/proxy/move-notices.js';
import { spec, viewer } from '../placement/support.js';

const REST = { sequence: 7, seconds: 15, port: 12_000, viewer: viewer('10.9.9.9') };

/** What each kind of notice names; `silent` if there is none. */
function named(target: NodeSpec | null) {
  const notices = moveNotices({ ...REST, target });
  return [1, 2, 3, 4, 5].map((kind) => {
    const frame = notices.find((notice) => notice.kind === kind)?.frame.toString();
    const head = '>4\r\n$6\r\nMOVING\r\n:7\r\n:15\r\n';
    if (frame === undefined) return 'silent';
    expect(frame.startsWith(head)).toBe(true);
    const rest = frame.slice(head.length);
    if (rest === '_\r\n') return null;
    const [, length, text] = /^\$(\d+)\r\n(.*)\r\n$/.exec(rest) ?? [];
    expect(text).toHaveLength(Number(length));
    return text;
  });
}

test('each kind names its address', () => {
  const target = spec('n2', '10.0.0.2', {
    externalAddresses: ['192.0.2.2'],
    hostname: 'two.internal',
    externalHostname: 'two.example',
  });
  expect(named(target)).toEqual([
    '10.0.0.2:12000',
    'two.internal:12000',
    '192.0.2.2:12000',
    'two.example:12000',
    null,
  ]);
});

test('what a node does not have is replaced: null is for those alone who asked for it', () => {
  const address = '10.0.0.2:12000';
  expect(named(spec('n2', '10.0.0.2'))).toEqual([address, address, address, address, null]);
});

test('the address for the clients of a subnet goes first', () => {
  const clientAddresses = [{ clients: '10.9.0.0/16', address: '172.16.0.2' }];
  expect(named(spec('n2', '10.0.0.2', { clientAddresses }))[0]).toBe('172.16.0.2:12000');
});

test('nobody is told an IPv6 address, or of a move to nowhere', () => {
  expect(named(spec('n2', 'fd00::2'))).toEqual(['silent', 'silent', 'silent', 'silent', null]);
  expect(named(null)).toEqual(['silent', 'silent', 'silent', 'silent', null]);
});
