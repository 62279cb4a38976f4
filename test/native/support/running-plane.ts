import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  type ControlRequest,
  type DatabaseSettings,
  DataPlane,
  type DataPlaneEvent,
  type NativePeerRule,
  nativeAddon,
} from '../../../src/native/index.js';
import { RawClient } from '../../support/raw-client.js';
import { coreRows, routesTo, settings } from './plane-data.js';

const BACKLOG = 511;

export interface RunningPlaneOptions {
  /** Ports of servers that divide the slots evenly. */
  readonly servers?: readonly number[];
  readonly workers?: number;
  readonly settings?: DatabaseSettings;
  /** Of the port; without them all clients are shown the first presentation. */
  readonly rules?: readonly NativePeerRule[];
  /** What to do with a control request; without it they are only kept. */
  readonly onControl?: (request: ControlRequest, plane: DataPlane) => void;
}

/** A data plane with one database and one port, and everything that it sent up. */
export class RunningPlane {
  readonly plane: DataPlane;
  readonly controls: ControlRequest[] = [];
  readonly events: DataPlaneEvent[] = [];
  readonly port: number;
  /** The listening socket of each worker. */
  readonly descriptors: readonly number[];
  readonly #clients: RawClient[] = [];

  private constructor(options: RunningPlaneOptions, port: number) {
    const workers = options.workers ?? 1;
    this.port = port;
    this.plane = new DataPlane(workers, {
      onControl: (request) => {
        this.controls.push(request);
        options.onControl?.(request, this.plane);
      },
      onEvent: (event) => this.events.push(event),
      onSlow: () => undefined,
    });
    this.plane.addDatabase(0, options.settings ?? settings());
    this.plane.setCommands(0, coreRows());
    this.plane.setRoutes(0, routesTo(options.servers ?? []));
    this.descriptors = Array.from({ length: workers }, (_, worker) => {
      const fd = bindTcp(port);
      nativeAddon().startListening(fd, BACKLOG);
      this.plane.listen(0, worker, fd, options.rules);
      return fd;
    });
  }

  static async start(options: RunningPlaneOptions = {}): Promise<RunningPlane> {
    return new RunningPlane(options, await findFreePort());
  }

  /** A client that ends with the plane. */
  async connect(): Promise<RawClient> {
    const client = await RawClient.connect({ host: '127.0.0.1', port: this.port });
    this.#clients.push(client);
    return client;
  }

  /** No client can connect any more; the descriptor of each worker is free. */
  async stopListening(): Promise<void> {
    await Promise.all(this.descriptors.map((fd, worker) => this.plane.stopListening(worker, fd)));
  }

  stop(): void {
    for (const client of this.#clients) {
      client.close();
    }
    this.plane.stop();
    for (const fd of this.descriptors) {
      nativeAddon().closeDescriptor(fd);
    }
  }
}

export function bindTcp(port: number, host = '127.0.0.1'): number {
  return nativeAddon().bindListener({ host, port, path: '', mode: -1, probe: false });
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('no port');
  }
  return address.port;
}
