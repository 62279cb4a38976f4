import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertNever, ERROR_CODES, ProxyError } from '../../../src/errors/index.js';

const SOURCES = join(import.meta.dirname, '../../../src');

describe('error codes', () => {
  test('each has a meaning of one line and a name in snake_case', () => {
    for (const [code, meaning] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(meaning).toMatch(/^[^\n]{10,110}\.$/);
    }
  });

  test('each is used somewhere', () => {
    const text = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('codes.ts'))
      .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
      .join('\n');
    const unused = Object.keys(ERROR_CODES).filter((code) => !text.includes(`'${code}'`));
    expect(unused).toEqual([]);
  });
});

test('a ProxyError keeps code, message and cause', () => {
  const cause = new Error('inner');
  const error = new ProxyError('connect_failed', 'a:1 refused', { cause });
  expect(error).toMatchObject({ name: 'ProxyError', code: 'connect_failed', cause });
  expect(error.message).toBe('a:1 refused');
});

test('assertNever throws if it is reached after all', () => {
  const reach = assertNever as (value: unknown) => never;
  expect(() => reach({ kind: 'new' })).toThrow('unexpected case: {"kind":"new"}');
});
