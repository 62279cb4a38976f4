import { createServer } from 'node:net';
import { LocalClusterError } from './local-cluster-error.js';

/** First port of a server; the cluster bus takes the port 10000 above, below Linux's ephemeral range. */
const FIRST_SERVER_PORT = 12_100;
const LAST_SERVER_PORT = 22_700;
const BUS_PORT_OFFSET = 10_000;
/** From a wanted port on, until one is free. */
export const PORTS_TRIED = 100;

export type PortProbe = 'free' | 'in-use' | 'unavailable';

/** Whether something listens on an address now; `unavailable`: this machine has no such address. */
export function probePort(host: string, port: number): Promise<PortProbe> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => {
      const isInUse = 'code' in error && error.code === 'EADDRINUSE';
      resolve(isInUse ? 'in-use' : 'unavailable');
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve('free')));
  });
}

/** The first free port from `port` on. @throws LocalClusterError `ports_exhausted` after `PORTS_TRIED`. */
export async function nextFreePort(host: string, port: number): Promise<number> {
  for (let candidate = port; candidate < port + PORTS_TRIED && candidate <= 65_535; candidate++) {
    if ((await probePort(host, candidate)) === 'free') return candidate;
  }
  throw new LocalClusterError('ports_exhausted', `no free port on ${host} from ${port} on`);
}

/**
 * A port for a server on each of `hosts`: the remembered one where it is still free, others from 12100
 * on. No two servers get the same, also on different hosts.
 * @throws LocalClusterError `ports_exhausted`.
 */
export async function chooseServerPorts(
  hosts: readonly string[],
  remembered: readonly number[],
): Promise<readonly number[]> {
  const taken = new Set(remembered);
  const chosen: number[] = [];
  let next = FIRST_SERVER_PORT;
  for (const [index, host] of hosts.entries()) {
    let port = remembered[index];
    while (port === undefined || !(await isPairFree(host, port))) {
      while (taken.has(next)) next++;
      if (next > LAST_SERVER_PORT) {
        const message = `no free ports for ${hosts.length} servers on ${host}`;
        throw new LocalClusterError('ports_exhausted', message);
      }
      port = next;
      taken.add(next);
    }
    chosen.push(port);
  }
  return chosen;
}

async function isPairFree(host: string, port: number): Promise<boolean> {
  const client = await probePort(host, port);
  return client === 'free' && (await probePort(host, port + BUS_PORT_OFFSET)) === 'free';
}
