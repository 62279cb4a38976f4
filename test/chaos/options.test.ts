import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.js';

const RANDOM_SEED = 99;
const parse = (...args: string[]) => parseOptions(args, RANDOM_SEED);

describe('options', () => {
  test('without any: 60 s against the proxy, with a random seed', () => {
    expect(parse()).toEqual({
      seed: RANDOM_SEED,
      seconds: 60,
      kills: undefined,
      nodeTimeoutMs: 2_000,
      against: ['proxy'],
      out: undefined,
      targetLog: undefined,
    });
  });

  test('all of them', () => {
    const targets = ['--against', 'nutcracker', '--against', 'direct'];
    const files = ['--out', 'r.json', '--target-log', 'p.log'];
    expect(
      parse('--seed', '0', '--kills', '20', '--node-timeout', '15000', ...targets, ...files),
    ).toMatchObject({
      seed: 0,
      kills: 20,
      nodeTimeoutMs: 15_000,
      against: ['nutcracker', 'direct'],
      out: 'r.json',
      targetLog: 'p.log',
    });
    expect(parse('--help')).toBe('help');
  });

  test.each([
    ['--seed 1.5', 'allowed is an integer from 0 to 2147483647'],
    ['--seconds 0', 'allowed is an integer from 1 to 86400'],
    ['--kills 0', 'allowed is an integer from 1 to 10000'],
    ['--kills 5 --seconds 5', 'one of them'],
    ['--node-timeout 3000', 'allowed are 2000, 5000, 15000'],
    ['--against redis', 'allowed are proxy, direct, nutcracker'],
    ['--frequency 5', "Unknown option '--frequency'"],
  ])('%s is refused', (line, words) => {
    expect(() => parse(...line.split(' '))).toThrow(words);
  });
});
