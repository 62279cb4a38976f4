import { expect, test } from 'vitest';
import { NameResolver } from '../../../src/topology/index.js';
import { FakeClock } from '../../support/fake-clock.js';

function setUp(answers: readonly (readonly string[] | Error)[]) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const resolver = new NameResolver(clock, (name) => {
    const answer = answers[asked.length] ?? [];
    asked.push(name);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return { clock, asked, resolver };
}

test('addresses are not looked up', async () => {
  const { asked, resolver } = setUp([]);
  expect(await resolver.resolve('::1')).toBe('::1');
  expect(await resolver.resolve('10.0.0.1')).toBe('10.0.0.1');
  expect(asked).toEqual([]);
});

test('an answer holds for 30 s', async () => {
  const { clock, asked, resolver } = setUp([['1.1.1.1'], ['2.2.2.2']]);
  expect(await resolver.resolve('h')).toBe('1.1.1.1');
  await clock.advance(29_999);
  expect(await resolver.resolve('h')).toBe('1.1.1.1');
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  expect(await resolver.resolve('h')).toBe('2.2.2.2');
});

test('after a failure it is asked again at once', async () => {
  const { resolver } = setUp([['1.1.1.1'], ['2.2.2.2']]);
  await resolver.resolve('h');
  resolver.expireAll();
  expect(await resolver.resolve('h')).toBe('2.2.2.2');
});

test('an address that is still listed stays, though the order rotates', async () => {
  const { resolver } = setUp([
    ['1.1.1.1', '2.2.2.2'],
    ['2.2.2.2', '1.1.1.1'],
  ]);
  await resolver.resolve('h');
  resolver.expireAll();
  expect(await resolver.resolve('h')).toBe('1.1.1.1');
});

test('while the name service fails the last answer is used; without one it is an error', async () => {
  const { resolver } = setUp([['1.1.1.1'], new Error('down'), new Error('down')]);
  await resolver.resolve('h');
  resolver.expireAll();
  expect(await resolver.resolve('h')).toBe('1.1.1.1');
  await expect(resolver.resolve('other')).rejects.toMatchObject({ code: 'name_unresolved' });
});

test('no address at all is an error', async () => {
  const { resolver } = setUp([[]]);
  await expect(resolver.resolve('h')).rejects.toMatchObject({ code: 'name_unresolved' });
});
