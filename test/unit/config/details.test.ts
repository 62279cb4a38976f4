import { describe, expect, test } from 'vitest';
import {
  formatAddress,
  isLoopback,
  parseHostPort,
  parseListenAddress,
} from '../../../src/config/addresses.js';
import { parseByteSize } from '../../../src/config/byte-size.js';
import { automaticMemoryBytes } from '../../../src/config/memory.js';
import { nearestName } from '../../../src/config/nearest.js';
import { SETTINGS, settingRows } from '../../../src/config/settings.js';
import { automaticThreads } from '../../../src/config/threads.js';

test.each([
  ['0', 0],
  ['1k', 1_000],
  ['1kb', 1_024],
  ['2 MiB', 2_097_152],
  ['1GB', 1_073_741_824],
  ['', undefined],
  ['-1', undefined],
  ['1.5mb', undefined],
  ['1tb', undefined],
  ['999999999999999g', undefined],
])('size %j', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

describe('addresses', () => {
  test.each(['', 'h', 'h:', 'h:0', 'h:65536', ':1', '::1:1', '[h]:1', '[::1]', 'h:1:2', 'h h:1'])(
    '%j is none',
    (text) => {
      expect(parseHostPort(text).kind).toBe('bad');
    },
  );

  test('a socket path must fit the system', () => {
    expect(parseListenAddress(`/${'a'.repeat(106)}`).kind).toBe('ok');
    expect(parseListenAddress(`/${'a'.repeat(107)}`).kind).toBe('bad');
  });

  test.each([
    ['127.0.0.1:1?mode=auto', { kind: 'tcp', host: '127.0.0.1', port: 1, mode: 'auto' }],
    ['[::1]:1?mode=cluster', { kind: 'tcp', host: '::1', port: 1, mode: 'cluster' }],
    ['/run/s.sock?mode=oss-cluster', { kind: 'unix', path: '/run/s.sock', mode: 'cluster' }],
    ['/odd?path', { kind: 'unix', path: '/odd?path' }],
    [
      '0.0.0.0:1?mode=auto&proxyProtocol=10.0.0.0/8&proxyProtocol=fd00::/8',
      {
        kind: 'tcp',
        host: '0.0.0.0',
        port: 1,
        mode: 'auto',
        proxyProtocol: ['10.0.0.0/8', 'fd00::/8'],
      },
    ],
    ['/s?proxyProtocol=unix', { kind: 'unix', path: '/s', proxyProtocol: ['unix'] }],
  ])('a listener may have a mode and senders: %s', (text, value) => {
    const parsed = parseListenAddress(text);
    expect(parsed).toEqual({ kind: 'ok', value });
    const shown = text.replace('oss-cluster', 'cluster');
    expect(parsed.kind === 'ok' && formatAddress(parsed.value)).toBe(shown);
  });

  test.each([
    '127.0.0.1:1?mode=',
    '127.0.0.1:1?mode=single',
    'h?mode=auto',
    '127.0.0.1:1?x=y',
    '127.0.0.1:1?mode=auto&x=y',
    '127.0.0.1:1?mode=auto&',
  ])('%s is no listener', (text) => {
    expect(parseListenAddress(text).kind).toBe('bad');
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['LOCALHOST', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.org', false],
    ['10.0.0.1', false],
  ])('loopback %s: %s', (host, expected) => {
    expect(isLoopback({ kind: 'tcp', host, port: 1 })).toBe(expected);
  });
});

describe('threads meant by auto', () => {
  const files = (texts: Readonly<Record<string, string>>) => (path: string) => texts[path];

  test.each([
    ['no quota', {}, 8, 8],
    ['unlimited', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8, 8],
    ['rounded up', { '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 8, 2],
    ['more than there are', { '/sys/fs/cgroup/cpu.max': '900000 100000\n' }, 8, 8],
    ['less than one', { '/sys/fs/cgroup/cpu.max': '5000 100000\n' }, 8, 1],
    [
      'the tightest on the way up',
      {
        '/proc/self/cgroup': '0::/a/b\n',
        '/sys/fs/cgroup/a/cpu.max': '200000 100000\n',
        '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
      },
      8,
      2,
    ],
    [
      'version 1',
      {
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      8,
      3,
    ],
  ])('%s', (_name, texts, cpus, threads) => {
    expect(automaticThreads(files(texts), cpus)).toBe(threads);
  });
});

describe('memory meant by auto', () => {
  const MACHINE = 1_000_000;

  test.each([
    ['no limit', {}, 750_000],
    ['unlimited', { '/sys/fs/cgroup/memory.max': 'max\n' }, 750_000],
    ['limited', { '/sys/fs/cgroup/memory.max': '400000\n' }, 300_000],
    ['more than the machine has', { '/sys/fs/cgroup/memory.max': '4000000\n' }, 750_000],
    [
      'the tightest on the way up',
      {
        '/proc/self/cgroup': '0::/a/b\n',
        '/sys/fs/cgroup/a/memory.max': '200000\n',
        '/sys/fs/cgroup/a/b/memory.max': '800000\n',
      },
      150_000,
    ],
    ['version 1', { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '100000\n' }, 75_000],
    [
      'version 1, unlimited',
      { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
      750_000,
    ],
  ])('%s', (_name, texts: Readonly<Record<string, string>>, bytes) => {
    expect(automaticMemoryBytes((path) => texts[path], MACHINE)).toBe(bytes);
  });
});

test.each([
  ['maxClient', 'maxClients'],
  ['max-clients', 'maxClients'],
  ['SEED', 'seeds'],
  ['entirelyDifferent', undefined],
  ['x', undefined],
])('nearest to %s is %s', (name, nearest) => {
  expect(nearestName(name, Object.keys(SETTINGS))).toBe(nearest);
});

test('names follow the rules: max first, unit last, one flag and one variable each', () => {
  const rows = settingRows();
  for (const [key, row] of rows) {
    if (row.kind === 'bytes' || row.kind === 'auto-bytes')
      expect(key).toMatch(/^max\w*Bytes(PerShard|PerSecond)?$/);
    expect(row.env).toMatch(/^SLOTGATE_[A-Z_]+$/);
    expect(row.flag).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(row.help).toMatch(/\.$/);
  }
  expect(new Set(rows.map(([, row]) => row.flag)).size).toBe(rows.length);
  expect(new Set(rows.map(([, row]) => row.env)).size).toBe(rows.length);
});
