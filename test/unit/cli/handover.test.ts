import { describe, expect, test } from 'vitest';
import { parseLegacy } from '../../../src/cli/handover/messages.js';
import { noSuccessor } from '../../../src/cli/handover/own-process.js';
import { type ParentChannel, Predecessor } from '../../../src/cli/handover/predecessor.js';
import { ServiceNotifier } from '../../../src/cli/service-notifier.js';

describe('no process can follow', () => {
  const usual = { pid: 70, ppid: 60, initName: 'systemd', hasSignal: true };
  test.each([
    [{ ...usual, pid: 1, ppid: 0 }, 'PID 1: the container ends'],
    [{ ...usual, ppid: 1, initName: 'tini' }, 'started by tini as PID 1'],
    [{ ...usual, hasSignal: false }, 'this system cannot'],
  ])('%j', (facts, reason) => {
    expect(noSuccessor(facts)).toContain(reason);
  });

  test.each([
    usual,
    { ...usual, ppid: 1 },
    { ...usual, initName: 'tini' },
    { ...usual, ppid: 1, initName: undefined },
  ])('but it can: %j', (facts) => {
    expect(noSuccessor(facts)).toBeUndefined();
  });
});

describe('what a process is left', () => {
  const legacy = {
    version: 1,
    generation: 2,
    sockets: [4],
    timeoutMs: 9,
    deadlineMs: 10,
    estate: null,
  };

  test('is read back as it was written', () => {
    expect(parseLegacy(JSON.stringify(legacy))).toEqual(legacy);
    const estate = { descriptors: [5, 6], facts: { any: 'thing' } };
    expect(parseLegacy(JSON.stringify({ ...legacy, estate }))).toEqual({ ...legacy, estate });
  });

  test.each([
    [{ version: 2 }, 'version 2; this program knows 1'],
    [{ sockets: [1] }, 'sockets'],
    [{ sockets: 4 }, 'sockets'],
    [{ timeoutMs: 'long' }, 'number'],
    [{ estate: { facts: {} } }, 'estate'],
  ])('is refused with %j', (change, message) => {
    expect(() => parseLegacy(JSON.stringify({ ...legacy, ...change }))).toThrow(message);
  });

  test('is refused if nobody is there who left it, and is seen by nobody else', () => {
    const channel: ParentChannel = { connected: false, disconnect() {}, on() {} };
    const env: NodeJS.ProcessEnv = { SLOTGATE_HANDOVER: JSON.stringify(legacy) };
    expect(() => Predecessor.find(env, channel)).toThrow('SLOTGATE_HANDOVER is not understood');
    expect(env).toEqual({});
    expect(Predecessor.find(env, channel)).toBeUndefined();
  });
});

test('a service manager that has gone ends nothing, and one is told in single lines', () => {
  new ServiceNotifier(() => {
    throw new Error('ECONNREFUSED');
  }).ready('serving');
  const sent: string[] = [];
  const notifier = new ServiceNotifier((text) => sent.push(text));
  notifier.ready('two\nlines');
  notifier.handedOver(7);
  notifier.stopping('not the service any more');
  expect(sent).toEqual([
    'READY=1\nSTATUS=two lines',
    'MAINPID=7\nREADY=1\nSTATUS=serving, handed over to process 7',
  ]);
});
