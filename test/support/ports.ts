import { createServer } from 'node:net';

/** Below this, the cluster bus port (port + 10000) stays under Linux's ephemeral range (32768). */
const CLIENT_PORT_END = 22_700;
const CLIENT_PORT_START = 13_000;
const BUS_PORT_OFFSET = 10_000;

/**
 * A client port whose bus port is free too. Random, so that test files running side by side rarely
 * meet; whoever loses the race for it still sees "address in use" and tries another.
 */
export async function findClusterPort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const span = CLIENT_PORT_END - CLIENT_PORT_START;
    const port = CLIENT_PORT_START + Math.floor(Math.random() * span);
    if ((await isFree(host, port)) && (await isFree(host, port + BUS_PORT_OFFSET))) {
      return port;
    }
  }
  throw new Error(`no free port pair between ${CLIENT_PORT_START} and ${CLIENT_PORT_END}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
