import { describe, expect, test } from 'vitest';
import type { NativePresentation } from '../../../src/native/index.js';
import {
  AdvertisedAddresses,
  type Mode,
  type NodeSpec,
  slotOwners,
} from '../../../src/placement/index.js';
import type { Situation } from '../../../src/proxy/presentations.js';
import { Presenter } from '../../../src/proxy/presenter.js';
import { FakeClock } from '../../support/fake-clock.js';
import { topologyOf } from '../../support/topology.js';
import { NODES, SETTINGS, spec, TOPOLOGY_TEXT } from '../placement/support.js';

const HERE = 0xffff;
const QUIET_MS = 2_000;
const LINGER_MS = 35_000;
const LOCAL = '127.0.0.1:4000';
const REMOTE = '10.9.9.9:4000';

interface Change {
  readonly mode?: Mode;
  readonly listening?: readonly string[];
  readonly nodes?: readonly NodeSpec[];
  readonly text?: string;
  readonly advertise?: readonly string[];
}

/** All three nodes listen, unless a test says otherwise. */
function situation({
  mode = 'cluster',
  nodes = NODES,
  listening = nodes.map(({ id }) => id),
  text = TOPOLOGY_TEXT,
  advertise = [],
}: Change): Situation {
  const topology = topologyOf(text);
  return {
    topology,
    settings: { ...SETTINGS, mode },
    port: 12_000,
    nodes,
    listening,
    owners: slotOwners(topology, nodes, listening),
    advertised: new AdvertisedAddresses(advertise),
    lendsItsUser: false,
  };
}

function setUp(first: Change = {}) {
  const clock = new FakeClock();
  let published: readonly NativePresentation[] = [];
  let publications = 0;
  let computations = 0;
  const presenter = new Presenter({
    database: 0,
    name: 'db',
    clock,
    plane: {
      setPresentations: (_database, presentations) => {
        published = presentations;
        publications++;
      },
    },
    movedQuietMs: () => {
      computations++;
      return QUIET_MS;
    },
    lingerMs: () => LINGER_MS,
  });
  presenter.show(situation(first));
  const show = (change: Change) => presenter.show(situation(change));
  /** The number that a client gets that connects now. */
  const connect = (node: string, cidr = '') => {
    const rules = presenter.rulesFor(node, 'tcp');
    const rule = rules.find((candidate) => candidate.cidr === cidr);
    if (rule === undefined) throw new Error(`no rule for ${cidr}`);
    return rule.presentation;
  };
  const at = (number: number) => {
    const presentation = published[number];
    if (presentation === undefined) throw new Error(`${number} was not published`);
    return presentation;
  };
  /** Where a client of that number is sent for a slot; null: nowhere else. */
  const target = (number: number, slot: number) => {
    const { slotToTarget, targets } = at(number);
    const index = slotToTarget[slot] ?? HERE;
    return index === HERE ? null : (targets[index] ?? 'no such target');
  };
  const picture = (number: number, from = REMOTE) =>
    presenter.viewOf(number).picture(from, '10.0.0.1:12000');
  return {
    clock,
    presenter,
    show,
    connect,
    at,
    target,
    picture,
    publications: () => publications,
    /** How often it was computed what is to be published. */
    computations: () => computations,
  };
}

/** Slot 0 has moved from the first node to the second. */
const MOVED_TEXT = TOPOLOGY_TEXT.replace(' 0-99 ', ' 1-99 ').replace(
  ' 10923-16383',
  ' 0 10923-16383',
);

describe('in mode cluster', () => {
  test('each node names the node beside the primary, and itself never', () => {
    const { connect, target, at } = setUp();
    const [first, second, third] = ['n1', 'n2', 'n3'].map((node) => connect(node));
    expect(at(first ?? -1)).toMatchObject({
      helloMode: 'cluster',
      showsCluster: true,
      oneSlotOnly: true,
    });
    expect(target(first ?? -1, 0)).toBeNull();
    expect(target(first ?? -1, 11_000)).toBe('10.0.0.2:12000');
    expect(target(second ?? -1, 0)).toBe('10.0.0.1:12000');
    expect(target(second ?? -1, 11_000)).toBeNull();
    expect([target(third ?? -1, 0), target(third ?? -1, 11_000)]).toEqual([
      '10.0.0.1:12000',
      '10.0.0.2:12000',
    ]);
  });

  test('commands for the whole database are about the slots of the node', () => {
    const { presenter, connect } = setUp();
    const view = presenter.viewOf(connect('n2'));
    expect([view.isLocal(11_000), view.isLocal(0), view.mode, view.helloMode]).toEqual([
      true,
      false,
      'cluster',
      'cluster',
    ]);
  });

  test('a slot that has just moved is served where it is asked for, until others know', async () => {
    const { clock, connect, show, target, picture } = setUp();
    const first = connect('n1');
    const second = connect('n2');
    show({ text: MOVED_TEXT });
    expect([target(first, 0), target(second, 0)]).toEqual([null, null]);
    expect(picture(first)?.nodes[1]?.slots[0]).toEqual([0, 0]);
    await clock.advance(QUIET_MS - 1);
    expect(target(first, 0)).toBeNull();
    await clock.advance(1);
    expect([target(first, 0), target(second, 0)]).toEqual(['10.0.0.2:12000', null]);
    expect(clock.timerCount).toBe(0);
  });

  test('slots that move one after the other are quiet from their own moves on', async () => {
    const { clock, connect, show, target } = setUp();
    const first = connect('n1');
    show({ text: MOVED_TEXT });
    await clock.advance(1_500);
    show({ text: MOVED_TEXT.replace(' 1-99 ', ' 2-99 ').replace(' 0 10923', ' 0-1 10923') });
    await clock.advance(500);
    expect([target(first, 0), target(first, 1)]).toEqual(['10.0.0.2:12000', null]);
    await clock.advance(1_500);
    expect(target(first, 1)).toBe('10.0.0.2:12000');
  });

  test('a node that stops listening hands its slots over, quietly', async () => {
    const { clock, connect, show, target } = setUp();
    const third = connect('n3');
    show({ listening: ['n1', 'n3'] });
    expect(target(third, 11_000)).toBeNull();
    await clock.advance(QUIET_MS);
    expect([null, '10.0.0.1:12000']).toContain(target(third, 11_000));
    expect(target(third, 0)).toBe('10.0.0.1:12000');
  });

  test('nobody is sent in circles by two nodes with one address', () => {
    const nodes = [spec('n1', '10.0.0.1'), spec('n2', '10.0.0.1'), spec('n3', '10.0.0.2')];
    const { connect, target } = setUp({ nodes });
    expect([target(connect('n2'), 0), target(connect('n2'), 11_000)]).toEqual([
      null,
      '10.0.0.2:12000',
    ]);
  });

  test('clients of a subnet are shown the addresses that are for them', () => {
    const other = { clients: '10.9.0.0/16', address: 'proxy-2.example' };
    const nodes = NODES.map((node) =>
      node.id === 'n2' ? { ...node, clientAddresses: [other] } : node,
    );
    const { connect, target, picture } = setUp({ nodes });
    const inside = connect('n1', '10.9.0.0/16');
    const outside = connect('n1');
    expect([target(inside, 11_000), target(outside, 11_000)]).toEqual([
      'proxy-2.example:12000',
      '10.0.0.2:12000',
    ]);
    expect(picture(inside)?.nodes[1]?.host).toBe('proxy-2.example');
  });

  test('nothing is published as long as nothing changes', () => {
    const { connect, show, publications } = setUp();
    connect('n1');
    const before = publications();
    show({});
    connect('n1');
    expect(publications()).toBe(before);
  });
});

describe('a change of the mode', () => {
  test('is stricter for new clients only', () => {
    const { connect, show, at, target, picture } = setUp({ mode: 'standalone' });
    const old = connect('n3');
    expect(at(old)).toMatchObject({ helloMode: 'standalone', showsCluster: false });
    show({ mode: 'cluster' });
    const young = connect('n3');
    expect(young).not.toBe(old);
    expect([target(old, 0), at(old).oneSlotOnly]).toEqual([null, false]);
    expect([target(young, 0), at(young).oneSlotOnly]).toEqual(['10.0.0.1:12000', true]);
    // Who asks is told all the same.
    expect(picture(old)?.nodes).toHaveLength(3);
  });

  test('direct refuses several slots for new clients, and cluster does not redirect them', () => {
    const { connect, show, at, target } = setUp({ mode: 'direct' });
    const direct = connect('n3');
    expect(at(direct)).toMatchObject({ helloMode: 'cluster', oneSlotOnly: true, targets: [] });
    show({ mode: 'cluster' });
    expect([target(direct, 0), at(direct).oneSlotOnly]).toEqual([null, true]);
    show({ mode: 'auto' });
    expect(at(direct)).toMatchObject({ helloMode: 'standalone', oneSlotOnly: false });
  });

  test('leaving cluster ends redirects at once, and its clients find their way for a while', async () => {
    const { clock, connect, show, target, picture } = setUp();
    const old = connect('n1');
    show({ mode: 'standalone' });
    expect(target(old, 11_000)).toBeNull();
    const young = connect('n1');
    expect(picture(young)?.nodes).toHaveLength(3);
    await clock.advance(LINGER_MS - 1_000);
    // An endpoint is closed meanwhile: its clients ask over new connections where the others are.
    show({ mode: 'standalone', listening: ['n1'] });
    await clock.advance(LINGER_MS - 1_000);
    expect(picture(young)?.nodes).toHaveLength(1);
    await clock.advance(1_000);
    expect([picture(young), clock.timerCount]).toEqual([null, 0]);
    // Those who connected in mode cluster ask over the same connection.
    expect(picture(old)?.nodes).toHaveLength(1);
    show({ mode: 'cluster' });
    await clock.advance(QUIET_MS);
    expect([target(old, 11_000), target(young, 11_000)]).toEqual(['10.0.0.2:12000', null]);
  });
});

test.each(['standalone', 'direct', 'auto'] as const)(
  'after mode cluster, now %s: who knows MOVED is called away from a node that will close',
  async (mode) => {
    const { clock, connect, show, target, presenter } = setUp();
    const [first, third] = [connect('n1'), connect('n3')];
    show({ mode });
    await clock.advance(QUIET_MS);
    expect([target(first, 11_000), target(third, 0)]).toEqual([null, null]);
    const young = connect('n3');
    show({ mode, listening: ['n1'] });
    expect([target(third, 0), target(third, 11_000)]).toEqual(['10.0.0.1:12000', null]);
    await clock.advance(QUIET_MS);
    expect(target(third, 11_000)).toBe('10.0.0.1:12000');
    expect([target(first, 11_000), target(young, 0)]).toEqual([null, null]);
    // What it still asks for the whole database is answered from all of it.
    expect(presenter.viewOf(third).isLocal(0)).toBe(true);
    show({ mode });
    await clock.advance(QUIET_MS);
    expect(target(third, 0)).toBeNull();
  },
);

describe('in modes direct and auto', () => {
  const ON_LOOPBACK = TOPOLOGY_TEXT.replaceAll(/10\.0\.0\.(\d)/g, '127.0.0.$1');

  test.each(['direct', 'auto'] as const)('%s: clients see the servers', (mode) => {
    const { connect, at, picture } = setUp({ mode });
    const number = connect('n1');
    expect(at(number)).toMatchObject({ showsCluster: true, targets: [] });
    expect(picture(number)?.nodes.map(({ port }) => port)).toContain(7001);
    expect(at(number).helloMode).toBe(mode === 'auto' ? 'standalone' : 'cluster');
  });

  test('servers of this machine are shown to its own clients only', () => {
    const { presenter, connect, at, picture } = setUp({ mode: 'direct', text: ON_LOOPBACK });
    const local = connect('n1', '127.0.0.0/8');
    const remote = connect('n1', '0.0.0.0/0');
    const [unix] = presenter.rulesFor('n1', 'unix');
    expect(at(local)).toMatchObject({ helloMode: 'cluster', oneSlotOnly: true });
    expect(picture(local, LOCAL)?.nodes).not.toHaveLength(0);
    expect(at(remote)).toMatchObject({
      helloMode: 'standalone',
      showsCluster: false,
      oneSlotOnly: false,
    });
    expect(picture(remote)).toBeNull();
    expect(unix?.cidr).toBe('');
    expect(picture(unix?.presentation ?? -1, '/run/x.sock')?.nodes).not.toHaveLength(0);
  });

  test('advertised addresses are for whom they are meant', () => {
    const advertise = ['127.0.0.0/8=10.7.7.7 @ 10.9.0.0/16'];
    const { connect, picture } = setUp({ mode: 'direct', text: ON_LOOPBACK, advertise });
    const inside = connect('n1', '10.9.0.0/16');
    expect(new Set(picture(inside)?.nodes.map(({ host }) => host))).toEqual(new Set(['10.7.7.7']));
    expect(picture(connect('n1', '0.0.0.0/0'), '11.1.1.1:4000')).toBeNull();
  });
});

test('a listener with a mode of its own shows that, whatever the database does', () => {
  const { presenter, at, target, picture, show } = setUp({ mode: 'standalone' });
  const numberAt = (mode: Mode) => presenter.rulesFor('n3', 'tcp', mode).at(-1)?.presentation ?? -1;
  const aware = numberAt('cluster');
  const plain = numberAt('standalone');
  expect([target(aware, 0), presenter.viewOf(aware).mode]).toEqual(['10.0.0.1:12000', 'cluster']);
  show({ mode: 'cluster' });
  expect([target(plain, 0), at(plain).showsCluster, picture(plain)]).toEqual([null, false, null]);
  show({ mode: 'auto' });
  expect(target(aware, 0)).toBe('10.0.0.1:12000');
  // What is left of mode cluster is for the clients that had it.
  expect(picture(plain)).toBeNull();
});

test('rules for clients that are known already make no work', () => {
  const { connect, computations } = setUp();
  connect('n1');
  const before = computations();
  connect('n1');
  expect(computations()).toBe(before);
  connect('n2');
  expect(computations()).toBe(before + 1);
});

test('a number keeps its meaning while nodes come and go', () => {
  const { connect, show, target, presenter, picture } = setUp();
  const first = connect('n1');
  const third = connect('n3');
  show({ nodes: [spec('n0', '10.0.0.9'), ...NODES.slice(0, 2)] });
  expect(target(first, 11_000)).toBe('10.0.0.2:12000');
  expect(presenter.clientelesOf('n1')).toContain(first);
  // The node of the third is gone: its clients are drained.
  expect(picture(third)).toBeNull();
  show({});
  expect(connect('n3')).toBe(third);
});
