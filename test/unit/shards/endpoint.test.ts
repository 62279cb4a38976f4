import { describe, expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint, parseSeed } from '../../../src/shards/index.js';

const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port });

describe('parseSeed', () => {
  test.each([
    ['localhost:7000', tcp('localhost', 7000), null],
    ['10.0.0.1:6379', tcp('10.0.0.1', 6379), null],
    ['[::1]:6379', tcp('::1', 6379), null],
    ['redis://h', tcp('h', 6379), null],
    ['REDIS://h:1/', tcp('h', 1), null],
    ['redis://h:1/0', tcp('h', 1), null],
    ['redis://app@h:1', tcp('h', 1), 'app'],
    ['redis://a%40b@[fe80::1]:1', tcp('fe80::1', 1), 'a@b'],
    ['unix:///run/r.sock', { kind: 'unix', path: '/run/r.sock' }, null],
    ['/run/r.sock', { kind: 'unix', path: '/run/r.sock' }, null],
  ])('%s', (text, endpoint, username) => {
    expect(parseSeed(text)).toEqual({ endpoint, username });
  });

  test.each([
    ['localhost', 'has no port; did you mean localhost:6379?'],
    ['::1:6379', 'needs brackets'],
    ['::1', 'needs brackets'],
    ['[::1', 'not an IPv6 address in brackets'],
    ['[localhost]:1', 'not an IPv6 address in brackets'],
    ['h:0', 'from 1 to 65535'],
    ['h:65536', 'from 1 to 65535'],
    ['h:', 'from 1 to 65535'],
    ['h:6e3', 'from 1 to 65535'],
    [':6379', 'does not begin with a host name'],
    ['', 'does not begin with a host name'],
    ['a b:1', 'does not begin with a host name'],
    ['http://h:1', 'the scheme "http" is not known'],
    ['redis://h:1/3', 'no database but 0'],
    ['redis://%zz@h:1', 'percent-encoded'],
    ['unix://rel', 'absolute path'],
  ])('%j is refused', (text, words) => {
    expect(() => parseSeed(text)).toThrow(words);
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: 'endpoint_invalid' }));
  });

  test.each(['redis://u:hunter2@h:1', 'redis://:hunter2@h:1'])('%s: no passwords', (text) => {
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: 'password_in_url' }));
    expect(() => parseSeed(text)).not.toThrow('hunter2');
  });

  test('a password in the short form is refused and not repeated', () => {
    expect(() => parseSeed('u:hunter2@h:1')).toThrow('"@" is only allowed in a URL');
    expect(() => parseSeed('u:hunter2@h:1')).not.toThrow('hunter2');
  });

  test('rediss:// is never plain text', () => {
    expect(() => parseSeed('rediss://u:p@h:1')).toThrow(
      expect.objectContaining({ code: 'tls_unavailable' }),
    );
  });
});

test.each(['h:1', '[::1]:2', '/x/y'])('%s survives parse and format', (text) => {
  expect(formatEndpoint(parseEndpoint(text))).toBe(text);
});
