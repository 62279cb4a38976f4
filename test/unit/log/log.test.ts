import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/config/secret.js';
import { createLogger } from '../../../src/log/create-logger.js';
import type { LogLevel } from '../../../src/log/logger.js';
import { RepeatLimiter } from '../../../src/log/repeat-limiter.js';

/** A clock that stands still until it is told to go on. */
class ManualClock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  now = (): number => this.#nowMs;

  schedule = (callback: () => void, delayMs: number): void => {
    this.#timers.push({ atMs: this.#nowMs + delayMs, callback });
  };

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { callback } of due) callback();
  }
}

async function logTo(
  lines: string[],
  format: 'json' | 'pretty' = 'json',
  level: LogLevel = 'info',
) {
  const clock = new ManualClock();
  const log = await createLogger({
    level,
    format,
    output: { write: (line) => lines.push(line), close: () => Promise.resolve() },
    limiter: new RepeatLimiter(clock),
  });
  return { log, clock };
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));

describe('repeated messages', () => {
  test('are written once a second, and none is lost without being counted', async () => {
    const lines: string[] = [];
    const { log, clock } = await logTo(lines);
    for (let round = 0; round < 5; round++) log.warn('link lost', { endpoint: 'a:1', held: round });
    expect(lines).toHaveLength(1);
    clock.advance(999);
    expect(lines).toHaveLength(1);
    clock.advance(1);
    expect(parsed(lines)).toMatchObject([{ held: 0 }, { held: 4, suppressed: 4 }]);
    log.warn('link lost', { endpoint: 'a:1', held: 9 });
    expect(lines).toHaveLength(2);
    clock.advance(1000);
    expect(parsed(lines)[2]).toMatchObject({ held: 9, suppressed: 1 });
    clock.advance(1000);
    expect(lines).toHaveLength(3);
  });

  test('about another endpoint are other messages', async () => {
    const lines: string[] = [];
    const { log } = await logTo(lines);
    log.warn('link lost', { endpoint: 'a:1' });
    log.warn('link lost', { endpoint: 'b:1' });
    log.error('link lost', { endpoint: 'b:1' });
    expect(lines).toHaveLength(3);
  });

  test('are remembered in bounded number', async () => {
    const lines: string[] = [];
    const { log } = await logTo(lines);
    for (let index = 0; index < 2_000; index++) log.info('m', { name: `n${index}` });
    log.info('m', { name: 'n0' });
    expect(lines).toHaveLength(2_001);
  });
});

test('levels below the set one are not written, and it can be changed', async () => {
  const lines: string[] = [];
  const { log } = await logTo(lines);
  log.debug('no');
  log.setLevel('debug');
  log.debug('yes');
  log.setLevel('silent');
  log.error('no');
  expect(parsed(lines)).toMatchObject([{ level: 'debug', msg: 'yes' }]);
});

test.each(['json', 'pretty'] as const)('no secret is written as %s', async (format) => {
  const lines: string[] = [];
  const { log } = await logTo(lines, format);
  log.info('login', {
    user: 'app',
    password: 'hunter2',
    upstream: { password: 'hunter2' },
    given: new Secret('hunter2'),
  });
  expect(lines.join('')).toContain('app');
  expect(lines.join('')).toContain('***');
  expect(lines.join('')).not.toContain('hunter2');
});

test('pretty lines are no JSON', async () => {
  const lines: string[] = [];
  const { log } = await logTo(lines, 'pretty');
  log.info('listening', { addresses: '127.0.0.1:1' });
  expect(lines.join('')).toMatch(/listening/);
  expect(lines.join('')).not.toMatch(/^\{/);
});
