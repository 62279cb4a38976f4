import { describe, expect, test } from 'vitest';
import { serverPlaces } from '../../../src/node/server-places.js';

test('sparse: primaries on all nodes, replicas on the next ones', () => {
  const shape = { primaries: 3, replicasPerPrimary: 1 };
  expect(serverPlaces(shape, 3, 'sparse')).toEqual([0, 1, 2, 1, 2, 0]);
});

test('dense: all primaries on one node', () => {
  const shape = { primaries: 3, replicasPerPrimary: 2 };
  expect(serverPlaces(shape, 3, 'dense')).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
});

describe.each(['dense', 'sparse'] as const)('%s', (placement) => {
  const shapes = [1, 2, 3, 5].flatMap((primaries) =>
    [0, 1, 2, 4].map((replicasPerPrimary) => ({ primaries, replicasPerPrimary })),
  );

  test.each([2, 3, 4, 7])('a replica is never beside its primary on %i nodes', (nodes) => {
    for (const shape of shapes) {
      const places = serverPlaces(shape, nodes, placement);
      expect(places).toHaveLength(shape.primaries * (1 + shape.replicasPerPrimary));
      expect(places.every((place) => place >= 0 && place < nodes)).toBe(true);
      const beside = places.filter(
        (place, server) => server >= shape.primaries && place === places[server % shape.primaries],
      );
      expect(beside).toEqual([]);
    }
  });

  test('one node has everything', () => {
    for (const shape of shapes) {
      expect(new Set(serverPlaces(shape, 1, placement))).toEqual(new Set([0]));
    }
  });
});
