import { expect, test } from 'vitest';
import { formatAddress } from '../../../src/config/addresses.js';
import { Listeners } from '../../../src/proxy/listeners.js';
import { findClusterPort } from '../../support/ports.js';

test('who new clients are is worked out once per address, for all its sockets', async () => {
  const port = await findClusterPort();
  const asked: string[] = [];
  const told: number[] = [];
  const listeners = await Listeners.bind({
    addresses: ['127.0.0.1', '127.0.0.2'].map((host) => ({ kind: 'tcp', host, port })),
    workers: 2,
    backlog: 8,
    unixSocketMode: undefined,
    database: 0,
    plane: {
      listen: (_database, worker) => {
        told.push(worker);
      },
      stopListening: async () => undefined,
    },
    rulesFor: (address) => {
      asked.push(formatAddress(address));
      return [{ cidr: '', presentation: 0 }];
    },
    sendersFor: () => [],
  });
  listeners.open();
  expect([asked, told]).toEqual([
    [`127.0.0.1:${port}`, `127.0.0.2:${port}`],
    [0, 1, 0, 1],
  ]);
  await listeners.close();
});
