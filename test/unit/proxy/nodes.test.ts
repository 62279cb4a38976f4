import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { NodeConfig } from '../../../src/config/nodes.js';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { askPeer } from '../../../src/proxy/ask-peer.js';
import { Nodes } from '../../../src/proxy/nodes.js';
import type { PeerReport } from '../../../src/proxy/peer-watch.js';
import { FakeClock } from '../../support/fake-clock.js';

function node(id: string, hasAdmin = true): NodeConfig {
  return {
    id,
    address: `10.0.0.${id.slice(1)}`,
    externalAddresses: [],
    hostname: null,
    externalHostname: null,
    zone: null,
    clientAddresses: [],
    admin: hasAdmin ? { kind: 'tcp', host: `10.0.0.${id.slice(1)}`, port: 12_090 } : null,
  };
}

/** `answers` by host; an error is a failure. */
function setUp(specs: readonly NodeConfig[]) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const answers = new Map<string, PeerReport | Error>();
  let changes = 0;
  const nodes = new Nodes(specs, {
    hosted: ['n1'],
    clock,
    log: SILENT_LOGGER,
    ask: async ({ host }) => {
      asked.push(host);
      const answer = answers.get(host) ?? { isLeaving: false, listening: null };
      if (answer instanceof Error) throw answer;
      return answer;
    },
    changed: () => {
      changes++;
    },
  });
  nodes.start();
  const up = () => nodes.states().map(({ isUp }) => isUp);
  return { clock, asked, answers, nodes, up, changes: () => changes };
}

describe('the nodes of a deployment', () => {
  test('peers are asked every second, this process and those without admin never', async () => {
    const { clock, asked, nodes, up } = setUp([node('n1'), node('n2'), node('n3', false)]);
    await clock.advance(2_500);
    expect(asked).toEqual(['10.0.0.2', '10.0.0.2', '10.0.0.2']);
    expect(up()).toEqual([true, true, true]);
    expect(nodes.listens('n3', 'db')).toBeNull();
    nodes.stop();
    expect(clock.timerCount).toBe(0);
  });

  test('the third failure in a row is the end, the first answer the way back', async () => {
    const { clock, answers, nodes, up, changes } = setUp([node('n1'), node('n2')]);
    await clock.advance(0);
    const before = changes();
    answers.set('10.0.0.2', new Error('refused'));
    await clock.advance(2_000);
    expect([up(), changes()]).toEqual([[true, true], before]);
    await clock.advance(1_000);
    expect([up(), changes()]).toEqual([[true, false], before + 1]);
    expect(nodes.status()[1]).toMatchObject({ uid: 2, isHosted: false, downReason: 'refused' });
    answers.delete('10.0.0.2');
    await clock.advance(1_000);
    expect([up(), changes()]).toEqual([[true, true], before + 2]);
    expect(nodes.status()[1]?.downReason).toBe('');
  });

  test('a peer that is being stopped is down at once', async () => {
    const { clock, answers, nodes, up } = setUp([node('n1'), node('n2')]);
    await clock.advance(0);
    answers.set('10.0.0.2', { isLeaving: true, listening: { n2: ['db'] } });
    await clock.advance(1_000);
    expect([up(), nodes.listens('n2', 'db')]).toEqual([[true, false], false]);
    expect(nodes.status()[1]?.downReason).toBe('it is being stopped');
  });

  test('the nodes of this process are down when it is about to end', () => {
    const { nodes, up, changes } = setUp([node('n1'), node('n2')]);
    const before = changes();
    nodes.end();
    expect([up(), changes()]).toEqual([[false, true], before + 1]);
    expect(nodes.status()[0]?.downReason).toBe('it is being stopped');
  });

  test('a peer listens when it says so, and not while it is down or was never heard of', async () => {
    const { clock, answers, nodes } = setUp([node('n1'), node('n2')]);
    expect(nodes.listens('n2', 'db')).toBe(false);
    answers.set('10.0.0.2', { isLeaving: false, listening: { n2: ['db'] } });
    await clock.advance(1_000);
    expect([nodes.listens('n2', 'db'), nodes.listens('n2', 'other')]).toEqual([true, false]);
    answers.set('10.0.0.2', { isLeaving: false, listening: null });
    await clock.advance(1_000);
    expect(nodes.listens('n2', 'db')).toBeNull();
    answers.set('10.0.0.2', new Error('gone'));
    await clock.advance(3_000);
    expect(nodes.listens('n2', 'db')).toBe(false);
  });

  test('nodes come and go with a reload; the others are asked as before', async () => {
    const { clock, asked, nodes, changes } = setUp([node('n1'), node('n2'), node('n3')]);
    await clock.advance(500);
    const before = changes();
    nodes.update([node('n1'), node('n3'), node('n4')]);
    expect(changes()).toBe(before + 1);
    asked.length = 0;
    await clock.advance(1_000);
    expect(asked.sort()).toEqual(['10.0.0.3', '10.0.0.4']);
    expect(nodes.specs.map(({ id }) => id)).toEqual(['n1', 'n3', 'n4']);
    nodes.update([node('n1'), node('n3'), node('n4')]);
    expect(changes()).toBe(before + 2);
  });
});

describe('asking a peer', () => {
  const cleanUps: (() => void)[] = [];
  afterEach(() => {
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
  });

  async function peer(pages: Readonly<Record<string, readonly [number, string]>>) {
    const server = createServer((request, response) => {
      const [status, body] = pages[request.url ?? ''] ?? [404, 'not found'];
      if (status !== 0) response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { kind: 'tcp', host: '127.0.0.1', port } as const;
  }

  test('tells which endpoints are open', async () => {
    const admin = await peer({
      '/livez': [200, 'ok'],
      '/listening': [200, '{"isLeaving":false,"listening":{"n2":["db"]}}'],
    });
    expect(await askPeer(admin)).toEqual({ isLeaving: false, listening: { n2: ['db'] } });
  });

  test('a peer that only tells its health is healthy', async () => {
    expect(await askPeer(await peer({ '/livez': [200, 'ok'] }))).toEqual({
      isLeaving: false,
      listening: null,
    });
  });

  test.each([
    ['is not healthy', { '/livez': [503, 'stuck'] }],
    ['talks nonsense', { '/livez': [200, 'ok'], '/listening': [200, '{'] }],
    ['never answers', { '/livez': [0, ''] }],
  ] as const)('a peer that %s is a failure', async (_what, pages) => {
    await expect(askPeer(await peer(pages))).rejects.toThrow();
  });
});
