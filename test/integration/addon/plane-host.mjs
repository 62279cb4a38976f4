/**
 * A program that forwards requests with a data plane of its own and then ends in some way.
 * Arguments: how it ends, and the port of a server that owns all slots.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { coreTable, toNativeRows } from '../../../dist/commands/index.js';
import { DataPlane, nativeAddon } from '../../../dist/native/index.js';

const ADDON = '../../../build/Release/slotgate.node';
const SLOTS = 16_384;
const LIMITS = {
  argumentsMax: 1024,
  bulkBytesMax: 1 << 20,
  frameBytesMax: 1 << 24,
  clientsMax: 1000,
  memoryBytesMax: 0,
  inFlightPerClientMax: 1024,
  clientOutputBytesMax: 1 << 24,
  subscriberOutputBytesMax: 1 << 24,
  linkUnansweredBytesMax: 1 << 22,
  holdBytesPerShardMax: 1 << 22,
  holdBytesMax: 1 << 22,
  holdTimeoutMs: 1000,
  redirectsMax: 5,
  linksPerServerMax: 16,
  privateLinksPerServerMax: 8,
  slowAfterMs: 0xffffffff,
  connectTimeoutMs: 2000,
  keepaliveSeconds: 60,
  clientIdleTimeoutMs: 0,
  partialRequestTimeoutMs: 0,
  loginTimeoutMs: 0,
  proxyHeaderTimeoutMs: 5000,
  clientCommandsPerSecond: 0,
  clientBytesPerSecond: 0,
  addressCommandsPerSecond: 0,
  addressBytesPerSecond: 0,
  addressConnectionsPerSecond: 0,
  scriptCacheBytesMax: 1 << 20,
};

/** Sockets of an ended plane stay open, and the kernel would give them clients: a port is used once. */
async function findPort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A plane with two workers that sends every slot to one server. */
function startPlane(serverPort, listenPort) {
  const plane = new DataPlane(2, { onControl: () => undefined, onEvent: () => undefined });
  plane.addDatabase(0, {
    users: [{ name: '', password: '', authenticates: false }],
    clientUser: 0,
    clientMustAuthenticate: false,
    nodeName: 'test',
    readYourWritesMs: 0,
    retryWrites: false,
    limits: LIMITS,
  });
  plane.setCommands(0, toNativeRows(coreTable()));
  const label = `127.0.0.1:${serverPort}`;
  plane.setRoutes(0, {
    version: 1,
    refreshStartedAtMs: 0,
    servers: [
      { nodeId: '', host: '127.0.0.1', port: serverPort, path: '', label, redirectNames: [label] },
    ],
    slotToServer: new Uint16Array(SLOTS),
    slotToReaders: new Uint16Array(0),
    readerSets: [],
  });
  const { bindListener, startListening } = nativeAddon();
  for (let worker = 0; worker < 2; worker++) {
    const fd = bindListener({
      host: '127.0.0.1',
      port: listenPort,
      path: '',
      mode: -1,
      probe: false,
    });
    startListening(fd, 511);
    plane.listen(0, worker, fd);
  }
  return plane;
}

/** Keeps requests in flight from now on; resolves when the first replies were there. */
async function startTraffic(port) {
  const requests = Buffer.alloc(64 * 12, 'INCR count\r\n');
  const sockets = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(requests));
    socket.write(requests);
  }
  await Promise.all(sockets.map((socket) => once(socket, 'data')));
}

async function untilForwarding(serverPort) {
  const listenPort = await findPort();
  const plane = startPlane(serverPort, listenPort);
  await startTraffic(listenPort);
  await sleep(50);
  return plane;
}

function startWorker(data) {
  return new Worker(new URL(import.meta.url), { workerData: data });
}

const ENDINGS = {
  async exit(serverPort) {
    await untilForwarding(serverPort);
    process.exit(3);
  },
  async throw(serverPort) {
    await untilForwarding(serverPort);
    setImmediate(() => {
      throw new Error('thrown with traffic');
    });
  },
  async stop(serverPort) {
    const plane = await untilForwarding(serverPort);
    plane.stop();
    plane.stop();
    process.exit(0);
  },
  /** The worker thread is terminated while its plane forwards; the main thread lives on. */
  async terminate(serverPort) {
    for (let round = 0; round < 5; round++) {
      const worker = startWorker({ serverPort });
      await once(worker, 'message');
      await worker.terminate();
    }
    process.stdout.write('the main thread lives\n');
    process.exit(0);
  },
  async 'exit-in-worker'(serverPort) {
    const worker = startWorker({ serverPort, ending: 'exit' });
    const [code] = await once(worker, 'exit');
    process.stdout.write(`the worker ended with ${code}\n`);
    process.exit(0);
  },
  async 'throw-in-worker'(serverPort) {
    const worker = startWorker({ serverPort, ending: 'throw' });
    const [error] = await once(worker, 'error');
    process.stdout.write(`the worker said: ${error.message}\n`);
    process.exit(0);
  },
  /** Two environments at once, each with its own plane. */
  async 'two-workers'(serverPort) {
    const workers = [0, 1].map(() => startWorker({ serverPort }));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    await workers[0]?.terminate();
    await sleep(50);
    await workers[1]?.terminate();
    process.exit(0);
  },
  /** The process ends while worker threads' planes forward. */
  async 'exit-over-workers'(serverPort) {
    const workers = [0, 1].map(() => startWorker({ serverPort }));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    process.exit(4);
  },
  /** Loads and unloads a hundred times, with a running plane each time. */
  async 'load-unload'(serverPort) {
    for (let round = 0; round < 100; round++) {
      const worker = startWorker({ serverPort, ending: 'nothing' });
      await once(worker, 'message');
      await worker.terminate();
    }
    process.exit(0);
  },
  /** Nothing is done with the addon but loading it; the process ends by itself. */
  async 'load-only'() {
    createRequire(import.meta.url)(ADDON);
  },
};

if (isMainThread) {
  const [ending = '', serverPort] = process.argv.slice(2);
  await ENDINGS[ending](Number(serverPort));
} else {
  const { serverPort, ending } = workerData;
  if (ending === 'nothing') {
    startPlane(serverPort, await findPort());
    parentPort.postMessage('loaded');
  } else if (ending === undefined) {
    await untilForwarding(serverPort);
    parentPort.postMessage('forwarding');
  } else {
    await ENDINGS[ending](serverPort);
  }
}
