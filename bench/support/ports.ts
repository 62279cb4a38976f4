import { createServer } from 'node:net';

// Below the ephemeral ranges of Linux and macOS, and low enough that a cluster bus on port + 10000 fits.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const BUS_OFFSET = 10_000;

const taken = new Set<number>();

/** A port of 127.0.0.1 that is free now, and whose cluster bus port is free, too; never given twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (taken.has(port)) continue;
    taken.add(port);
    if ((await canListen(port)) && (await canListen(port + BUS_OFFSET))) return port;
  }
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
