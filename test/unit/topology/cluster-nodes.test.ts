import { describe, expect, test } from 'vitest';
import { parseClusterNodes } from '../../../src/topology/cluster-nodes.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

function one(address: string, flags = 'master', slots = '') {
  const [line] = parseClusterNodes(`${A} ${address} ${flags} - 0 0 3 connected ${slots}\n`);
  return line;
}

describe('addresses', () => {
  test.each([
    ['10.0.0.1:7000@17000', '10.0.0.1', 7000, null],
    ['10.0.0.1:7000', '10.0.0.1', 7000, null],
    ['10.0.0.1:7000@17000,host-1', '10.0.0.1', 7000, 'host-1'],
    ['10.0.0.1:7000@17000,host-1,shard-id=abc', '10.0.0.1', 7000, 'host-1'],
    ['10.0.0.1:7000@17000,,tls-port=0,shard-id=abc', '10.0.0.1', 7000, null],
    ['10.0.0.1:7000@17000,shard-id=abc', '10.0.0.1', 7000, null],
    ['fe80::1:7000@17000', 'fe80::1', 7000, null],
    [':7002@17002', '', 7002, null],
    ['?:7002@17002', '', 7002, null],
  ])('%s', (address, host, port, hostname) => {
    expect(one(address)).toMatchObject({ host, port, hostname, isUsable: true });
  });

  test('nodes without an address, or in handshake, are not usable', () => {
    expect(one(':0@0', 'master,fail,noaddr')).toMatchObject({ isUsable: false, isFailed: true });
    expect(one('h:1@2', 'handshake')).toMatchObject({ isUsable: false });
  });
});

test('flags, primary, epoch, link and slots', () => {
  const text = [
    `${A} 1.1.1.1:1@2 myself,master - 0 0 7 connected 0-5 7 [3->-${B}] [9-<-${B}]`,
    `${B} 1.1.1.2:1@2 slave,fail?,nofailover ${A} 0 0 7 disconnected`,
  ].join('\r\n');
  const [first, second] = parseClusterNodes(text);
  expect(first).toMatchObject({
    isMyself: true,
    role: 'primary',
    primaryId: null,
    configEpoch: 7,
    linkConnected: true,
    slotRanges: [
      [0, 5],
      [7, 7],
    ],
    openSlots: [
      { slot: 3, state: 'migrating', nodeId: A, peerNodeId: B },
      { slot: 9, state: 'importing', nodeId: A, peerNodeId: B },
    ],
  });
  expect(second).toMatchObject({
    role: 'replica',
    primaryId: A,
    isSuspected: true,
    isFailed: false,
    isNoFailover: true,
    linkConnected: false,
  });
});

test.each([
  `short line`,
  `${A} nocolon master - 0 0 1 connected`,
  `${A} h:x@1 master - 0 0 1 connected`,
  `${A} h:1@1 master - 0 0 one connected`,
  `${A} h:1@1 master - 0 0 1 connected 5-3`,
  `${A} h:1@1 master - 0 0 1 connected 0-16384`,
  `${A} h:1@1 master - 0 0 1 connected x`,
  `${A} h:1@1 master - 0 0 1 connected [3->-zz]`,
  `${'A'.repeat(39)} h:1@1 master - 0 0 1 connected`,
])('%s is refused', (line) => {
  expect(() => parseClusterNodes(line)).toThrow(expect.objectContaining({ code: 'reply_invalid' }));
});
