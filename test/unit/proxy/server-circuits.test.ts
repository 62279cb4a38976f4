import { expect, test } from 'vitest';
import { ServerCircuits } from '../../../src/proxy/server-circuits.js';

test('a server is as bad as the worst worker says, and well when all say so', () => {
  const circuits = new ServerCircuits();
  expect(circuits.of('a')).toBe('closed');
  circuits.note({ server: 'a', count: 0, text: 'open' });
  circuits.note({ server: 'a', count: 1, text: 'half_open' });
  expect([circuits.of('a'), circuits.of('b')]).toEqual(['open', 'closed']);
  circuits.note({ server: 'a', count: 0, text: 'closed' });
  expect(circuits.of('a')).toBe('half_open');
  circuits.note({ server: 'a', count: 1, text: 'closed' });
  expect(circuits.of('a')).toBe('closed');
});

test('servers that have left are forgotten', () => {
  const circuits = new ServerCircuits();
  circuits.note({ server: 'a', count: 0, text: 'open' });
  circuits.note({ server: 'b', count: 0, text: 'open' });
  circuits.keepOnly(['b', 'c']);
  expect(['a', 'b', 'c'].map((server) => circuits.of(server))).toEqual([
    'closed',
    'open',
    'closed',
  ]);
});
