import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address } from '../support/redis.js';

const MIB = 1024 * 1024;
const CHUNK = Buffer.alloc(MIB, 'v');
const WAVE = 100;

export async function open({ host, port }: Address): Promise<Socket> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Reads and forgets so many bytes. @throws If the connection ends before. */
export function skim(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = bytes;
    const onData = (data: Buffer) => {
      missing -= data.length;
      if (missing > 0) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error(`closed, ${missing} bytes missing`)));
  });
}

/** SET of a value of so many MiB. */
export async function setLarge(socket: Socket, key: string, mebibytes: number): Promise<void> {
  socket.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${mebibytes * MIB}\r\n`);
  for (let left = mebibytes; left > 0; left--) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  socket.write('\r\n');
  await skim(socket, '+OK\r\n'.length);
}

export async function getLarge(socket: Socket, key: string, mebibytes: number): Promise<void> {
  const reply = skim(socket, `$${mebibytes * MIB}\r\n\r\n`.length + mebibytes * MIB);
  socket.write(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`);
  await reply;
}

/** Some GETs, one after the other, of a key that does not exist. */
export async function getSmall(socket: Socket): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const reply = skim(socket, '$-1\r\n'.length);
    socket.write('*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n');
    await reply;
  }
}

/** Opens, uses and closes connections, some at a time. */
export async function comeAndGo(target: Address, connections: number): Promise<void> {
  const one = async () => {
    const socket = await open(target);
    const reply = skim(socket, '+PONG\r\n'.length);
    socket.write('PING\r\n');
    await reply;
    socket.destroy();
  };
  for (let left = connections; left > 0; left -= WAVE) {
    await Promise.all(Array.from({ length: Math.min(WAVE, left) }, one));
  }
}
