import { beforeEach, expect, test } from 'vitest';
import { SlotStates } from '../../../../src/commands/handlers/scan/slot-states.js';
import { SLOT_COUNT, type SlotState } from '../../../../src/topology/index.js';

interface Reading {
  readonly end: () => void;
  readonly fail: () => void;
  readonly state: SlotState;
}

let nowMs: number;
let readings: Reading[];
let states: SlotStates;
beforeEach(() => {
  nowMs = 10_000;
  readings = [];
  const read = () =>
    new Promise<SlotState>((resolve, reject) => {
      const state = { primaries: [], owners: new Uint16Array(SLOT_COUNT), openSlots: [] };
      const fail = () => reject(new Error('nobody answers'));
      readings.push({ state, end: () => resolve(state), fail });
    });
  states = new SlotStates(read, () => nowMs);
});

test('a reading that runs already is too old; the next one is shared', async () => {
  const first = states.fresh();
  const others = [states.fresh(), states.fresh()];
  expect(readings).toHaveLength(1);
  readings[0]?.end();
  expect(await first).toBe(readings[0]?.state);
  expect(readings).toHaveLength(2);
  readings[1]?.end();
  expect(await Promise.all(others)).toEqual([readings[1]?.state, readings[1]?.state]);
  expect(await others[0]).not.toBe(readings[0]?.state);
});

test('a recent reading is good for a second from its beginning', async () => {
  const first = states.recent();
  nowMs += 600;
  readings[0]?.end();
  const { state } = readings[0] ?? expect.fail();
  expect(await first).toBe(state);
  nowMs += 399;
  expect(await states.recent()).toBe(state);
  nowMs += 1;
  void states.recent();
  expect(readings).toHaveLength(2);
});

test('a reading that fails fails for those who wait for it, and for nobody else', async () => {
  const first = states.fresh();
  const second = states.fresh();
  readings[0]?.fail();
  await expect(first).rejects.toThrow('nobody answers');
  await expect.poll(() => readings).toHaveLength(2);
  readings[1]?.end();
  expect(await second).toBe(readings[1]?.state);
});
