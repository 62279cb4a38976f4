import { describe, expect, test } from 'vitest';
import {
  AdvertisedAddresses,
  clientViews,
  isLocalViewer,
  type NodeSpec,
  redirectTarget,
  shownAddress,
  viewerOf,
} from '../../../src/placement/index.js';
import { Subnet } from '../../../src/shards/index.js';
import { SETTINGS, spec, viewer } from './support.js';

const FULL = spec('n1', '10.0.0.1', {
  externalAddresses: ['203.0.113.1', '2001:db8::1'],
  hostname: 'n1.internal',
  externalHostname: 'n1.example',
});
const BY_CLIENT = spec('n1', '10.0.0.1', {
  hostname: 'n1.internal',
  clientAddresses: [
    { clients: 'default', address: '198.51.100.1' },
    { clients: '10.0.0.0/8', address: '10.0.0.99' },
    { clients: '10.2.0.0/16', address: 'pods.example' },
  ],
});

describe('the address of a node', () => {
  test.each<readonly [string, NodeSpec, Partial<typeof SETTINGS>, string, object]>([
    [
      'internal',
      FULL,
      {},
      '10.9.9.9',
      { host: '10.0.0.1', ip: '10.0.0.1', hostname: 'n1.internal' },
    ],
    [
      'internal name',
      FULL,
      { preferredEndpointType: 'hostname' },
      '10.9.9.9',
      { host: 'n1.internal', ip: '10.0.0.1', hostname: 'n1.internal' },
    ],
    [
      'external',
      FULL,
      { preferredIpType: 'external' },
      '10.9.9.9',
      { host: '203.0.113.1', ip: '203.0.113.1', hostname: 'n1.example' },
    ],
    [
      "external, of the client's family",
      FULL,
      { preferredIpType: 'external' },
      '2001:db8::9',
      { host: '2001:db8::1', ip: '2001:db8::1', hostname: 'n1.example' },
    ],
    [
      'external name',
      FULL,
      { preferredIpType: 'external', preferredEndpointType: 'hostname' },
      '10.9.9.9',
      { host: 'n1.example', ip: '203.0.113.1', hostname: 'n1.example' },
    ],
    [
      'what is missing is replaced',
      spec('n1', '10.0.0.1'),
      { preferredIpType: 'external', preferredEndpointType: 'hostname' },
      '10.9.9.9',
      { host: '10.0.0.1', ip: '10.0.0.1', hostname: null },
    ],
    [
      'by subnet',
      BY_CLIENT,
      {},
      '10.1.0.7',
      { host: '10.0.0.99', ip: '10.0.0.99', hostname: 'n1.internal' },
    ],
    [
      'by the narrowest subnet, as a name',
      BY_CLIENT,
      {},
      '10.2.0.7',
      { host: 'pods.example', ip: '', hostname: 'pods.example' },
    ],
    [
      'for everybody else, whatever is preferred',
      BY_CLIENT,
      { preferredEndpointType: 'hostname' },
      '192.0.2.7',
      { host: '198.51.100.1', ip: '198.51.100.1', hostname: 'n1.internal' },
    ],
    [
      'a client whose IPv4 address came over IPv6',
      BY_CLIENT,
      {},
      '::ffff:10.1.0.7',
      { host: '10.0.0.99', ip: '10.0.0.99', hostname: 'n1.internal' },
    ],
  ])('%s', (_, node, settings, client, expected) => {
    expect(shownAddress(node, { ...SETTINGS, ...settings }, viewer(client))).toEqual(expected);
  });

  test.each([
    ['0.0.0.0', viewer('10.9.9.9', '10.0.0.77'), '10.0.0.77'],
    ['::', viewer('10.9.9.9', '::ffff:10.0.0.77'), '10.0.0.77'],
    ['::', viewer('fd00::9', 'fd00::77'), 'fd00::77'],
    ['0.0.0.0', viewerOf('/run/p.sock:0', '/run/p.sock:0'), '127.0.0.1'],
  ])('of a node at %s is the one that the client dialled', (address, client, expected) => {
    expect(shownAddress(spec('n', address), SETTINGS, client).host).toBe(expected);
  });

  test('in a redirect has no brackets, as servers write it', () => {
    const target = (address: string) =>
      redirectTarget(shownAddress(spec('n', address), SETTINGS, viewer('10.1.1.1')), 7000);
    expect([target('10.0.0.1'), target('fd00::1')]).toEqual(['10.0.0.1:7000', 'fd00::1:7000']);
  });
});

describe('viewers', () => {
  test.each([
    ['127.0.0.1:5000', true],
    ['127.8.0.1:5000', true],
    ['[::1]:5000', true],
    ['[::ffff:127.0.0.1]:5000', true],
    ['/run/slotgate.sock:0', true],
    ['./s.sock:0', true],
    ['10.0.0.1:5000', false],
    ['[fd00::1]:5000', false],
  ])('%s is on this machine: %s', (address, expected) => {
    expect(isLocalViewer(viewerOf(address, address))).toBe(expected);
  });

  test('views come from narrow to wide, each once, and have room for everybody', () => {
    const cidrs = clientViews(['10.0.0.0/8', 'fd00::/16', '10.2.0.0/16', '10.0.0.0/8', 'default']);
    expect(cidrs.map(({ cidr }) => cidr)).toEqual([
      '::1/128',
      '10.2.0.0/16',
      'fd00::/16',
      '10.0.0.0/8',
      '127.0.0.0/8',
      '0.0.0.0/0',
      '',
    ]);
  });

  test('everybody in a view is shown what the view is shown', () => {
    const node = { ...BY_CLIENT, externalAddresses: FULL.externalAddresses };
    const settings = { ...SETTINGS, preferredIpType: 'external' as const };
    const advertised = new AdvertisedAddresses(['9.9.9.9=1.1.1.1 @ 10.2.3.0/24']);
    const views = clientViews([
      ...node.clientAddresses.map(({ clients }) => clients),
      ...advertised.clients,
    ]);
    for (const ip of [
      '10.1.1.1',
      '10.2.1.1',
      '10.2.3.1',
      '127.0.0.1',
      '192.0.2.1',
      'fd00::1',
      '::1',
    ]) {
      const client = viewer(ip);
      const view = views.find(({ cidr }) => cidr === '' || Subnet.parse(cidr)?.contains(ip));
      if (view === undefined) {
        throw new Error(`${ip} is in no view`);
      }
      const shown = (who: typeof client) => [
        shownAddress(node, settings, who),
        advertised.lookup(['9.9.9.9'], 1, who),
        isLocalViewer(who),
      ];
      expect(shown(client)).toEqual(shown(view.viewer));
    }
  });
});

describe('advertised addresses', () => {
  const advertised = new AdvertisedAddresses([
    '10.0.0.1:7000=redis.example:17000',
    '10.0.0.0/8 = 198.51.100.5',
    '10.0.0.1=192.0.2.1@172.16.0.0/12',
    '10.0.0.1 = 192.0.2.2 @ 172.17.0.0/16',
  ]);

  test.each([
    ['10.0.0.1', 7000, '203.0.113.1', 'redis.example:17000'],
    ['10.0.0.1', 7001, '203.0.113.1', '198.51.100.5:7001'],
    ['10.0.0.1', 7000, '172.18.0.1', '192.0.2.1:7000'],
    ['10.0.0.1', 7000, '172.17.0.1', '192.0.2.2:7000'],
    ['10.0.0.2', 7000, '172.17.0.1', '198.51.100.5:7000'],
    ['192.168.0.1', 7000, '172.17.0.1', undefined],
  ])('%s:%i for %s', (host, port, client, expected) => {
    const shown = advertised.lookup([host], port, viewer(client));
    expect(shown === null ? undefined : `${shown.host}:${shown.port}`).toBe(expected);
  });

  test('their subnets of clients are known', () => {
    expect(advertised.clients).toEqual(['172.16.0.0/12', '172.17.0.0/16']);
  });

  test.each([
    ['10.0.0.1=a@10.0.0.1', 'one subnet of clients'],
    ['10.0.0.1=a@10.0.0.0/8@10.0.0.0/8', 'one subnet of clients'],
    ['10.0.0.1=a@', 'one subnet of clients'],
    ['10.0.0.1:1=/run/s.sock', 'cannot be shown a unix socket'],
    ['10.0.0.1', '--advertise 10.0.0.1: it must be ANNOUNCED=REACHABLE'],
    ['=a', 'it must be'],
    ['10.0.0.1=a=b', 'it must be'],
  ])('%s: %s', (entry, message) => {
    expect(() => new AdvertisedAddresses([entry])).toThrow(message);
  });

  test('a server twice for the same clients', () => {
    expect(() => new AdvertisedAddresses(['h=a@10.0.0.0/8', 'h=b @10.0.0.0/8'])).toThrow('twice');
    expect(new AdvertisedAddresses(['h=a@10.0.0.0/8', 'h=b']).clients).toEqual(['10.0.0.0/8']);
  });
});
