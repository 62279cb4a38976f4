import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { describe, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { ConnectStorm } from '../support/connect-storm.js';
import { runProgram } from '../support/programs.js';
import type { TestProxyOptions } from '../support/proxy.js';
import { serverPaths } from '../support/servers.js';
import { type Succession, startSuccession } from '../support/succession.js';
import { useCluster } from '../support/use-cluster.js';

const IS_LONG = process.env.SLOTGATE_LONG_TESTS === '1';
const HANDOVERS = 3;

const cluster = useCluster();
const cleanUps = cleanUpsAfterEach();

function start(options: Partial<TestProxyOptions> = {}): Promise<Succession> {
  return startSuccession({ seeds: cluster().seeds, ...options }, cleanUps);
}

describe('while processes hand over to each other', () => {
  test('new connections are neither refused nor reset', async () => {
    const succession = await start();
    const storm = new ConnectStorm({ port: succession.proxy.port }, 1_000);
    const startMs = performance.now();
    for (let i = 0; i < HANDOVERS; i++) {
      await succession.handOver();
      await succession.untilAlone();
    }
    await storm.stop();
    const rate = Math.round((storm.answered * 1_000) / (performance.now() - startMs));
    process.stdout.write(`${storm.answered} connections, ${rate} per second\n`);
    expect(Object.fromEntries(storm.failures)).toEqual({});
    expect(storm.answered).toBeGreaterThan(HANDOVERS * 100);
  }, 60_000);

  // A connection for each request, and the end of the program at the first that is refused or reset.
  test.runIf(IS_LONG)(
    'thousands of connections per second for minutes',
    async () => {
      const succession = await start();
      const { redisBenchmark, env } = serverPaths();
      const port = String(succession.proxy.port);
      const args = ['-p', port, '-k', '0', '-c', '50', '-n', '400000', '-t', 'ping_mbulk', '--csv'];
      let isOver = false;
      let handovers = 0;
      const running = runProgram(redisBenchmark, args, { env, timeoutMs: 280_000 }).finally(() => {
        isOver = true;
      });
      for (; !isOver; handovers++) {
        await succession.handOver();
        await succession.untilAlone();
      }
      const { code, output } = await running;
      process.stdout.write(`${handovers} hand-overs; ${output}\n`);
      expect(code).toBe(0);
      expect(handovers).toBeGreaterThanOrEqual(10);
    },
    300_000,
  );

  test('no command of stock clients and pools fails', async () => {
    const succession = await start();
    const failures: string[] = [];
    const clients = await stockClients(succession.proxy.port);
    let isOver = false;
    let commands = 0;
    const users = clients.map(async ({ name, ask, pauseMs }, user) => {
      for (let round = 0; !isOver; round++) {
        await ask(`key-${user}`, String(round)).then(
          (got) => {
            commands++;
            if (got !== String(round)) failures.push(`${name}: ${got} instead of ${round}`);
          },
          (error: unknown) => failures.push(`${name}: ${String(error)}`),
        );
        if (pauseMs > 0) await sleep(pauseMs);
      }
    });
    for (let i = 0; i < HANDOVERS; i++) {
      await succession.handOver();
      await succession.untilAlone();
    }
    isOver = true;
    await Promise.all(users);
    process.stdout.write(`${commands} commands through ${HANDOVERS} hand-overs\n`);
    expect(failures).toEqual([]);
    expect(commands).toBeGreaterThan(500);
  }, 120_000);

  test('probes and metrics are answered throughout', async () => {
    const succession = await start();
    const answers: string[] = [];
    let isOver = false;
    const probing = (async () => {
      for (; !isOver; await sleep(5)) answers.push(await probe(succession));
    })();
    await succession.handOver();
    await succession.untilAlone();
    isOver = true;
    await probing;
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(await succession.proxy.metric('slotgate_handover_generation')).toBe(1);
  });
});

/** The status of /readyz, over a connection of its own, or the error. */
function probe({ proxy }: Succession): Promise<string> {
  return new Promise((resolve) => {
    get(`${proxy.adminUrl}/readyz`, { agent: false }, (response) => {
      response.resume().once('end', () => resolve(String(response.statusCode)));
    }).once('error', (error) => resolve(String(error)));
  });
}

/** Somebody who uses a client. */
interface User {
  readonly name: string;
  /** Writes a value and reads it back. */
  readonly ask: (key: string, value: string) => Promise<string | null>;
  /** Between two turns; 0: there is always a command under way. */
  readonly pauseMs: number;
}

/** Several users of each client. */
async function stockClients(port: number): Promise<readonly User[]> {
  const quiet = () => undefined;
  const socket = { host: '127.0.0.1', port };
  const ioredis = new Redis(socket).on('error', quiet);
  const single = createClient({ socket }).on('error', quiet);
  const pool = createClientPool({ socket }, { minimum: 2, maximum: 6 }).on('error', quiet);
  // These neither repeat a command nor hear of the move.
  const simple = Array.from({ length: 4 }, () =>
    createClient({ socket, RESP: 2 }).on('error', quiet),
  );
  const connecting = [single, pool, ...simple];
  await Promise.all(connecting.map((client) => client.connect()));
  cleanUps.push(() => {
    ioredis.disconnect();
    for (const client of connecting) client.destroy();
  });
  const shared = [
    ['ioredis', ioredis],
    ['node-redis', single],
    ['pool of node-redis', pool],
  ] as const;
  return [
    ...shared.flatMap(([name, client]) =>
      [0, 0, 5, 10].map((pauseMs) => ({ name, pauseMs, ask: asking(client) })),
    ),
    ...simple.map((client) => ({
      name: 'node-redis with RESP2',
      pauseMs: 300,
      ask: repeating(client, ioredis),
    })),
  ];
}

function asking(client: {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
}): User['ask'] {
  return async (key, value) => {
    await client.set(key, value);
    return client.get(key);
  };
}

interface Writer {
  set(key: string, value: string): Promise<unknown>;
}

/**
 * Writes once more where a connection is closed in the very moment in which a command is sent over it.
 * That is safe, since the command was not executed: `other` looks.
 */
function repeating(client: Writer, other: Redis): User['ask'] {
  return async (key, value) => {
    await client.set(key, value).catch(async (error: unknown) => {
      if (!String(error).includes('Socket closed unexpectedly')) throw error;
      if ((await other.get(key)) === value) throw new Error('executed, and not answered');
      await client.set(key, value);
    });
    return other.get(key);
  };
}
