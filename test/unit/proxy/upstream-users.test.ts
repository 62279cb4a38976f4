import { expect, test } from 'vitest';
import { UpstreamUsers } from '../../../src/proxy/upstream-users.js';

test('the first is nobody; a user keeps its number', () => {
  const users = new UpstreamUsers();
  expect(users.all).toEqual([{ name: '', password: '', authenticates: false }]);
  expect(users.add({ username: 'bob', password: 'x' })).toEqual({ index: 1, changed: true });
  expect(users.add({ username: 'eve', password: 'x' })).toEqual({ index: 2, changed: true });
  expect(users.add({ username: 'bob', password: 'x' })).toEqual({ index: 1, changed: false });
  expect(users.add({ username: 'bob', password: 'y' })).toEqual({ index: 1, changed: true });
  expect(users.all[1]).toEqual({ name: 'bob', password: 'y', authenticates: true });
});

test('a password without a name is that of the default user, which is not nobody', () => {
  const users = new UpstreamUsers();
  expect(users.add({ password: 'x' })).toEqual({ index: 1, changed: true });
  expect(users.add({ username: 'default', password: 'x' })).toEqual({ index: 1, changed: false });
});
