import { EventEmitter } from 'node:events';
import { CONFIG_CHECKS } from '../../../src/cli/config-checks.js';
import type { CommandEnvironment, RunningProxy } from '../../../src/cli/environment.js';
import type { DeploymentConfig } from '../../../src/config/deployment.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { FakeDeployment } from '../api/fake-deployment.js';

/** A proxy that only remembers what it was asked. */
export class FakeProxy implements RunningProxy {
  readonly deployment = new FakeDeployment();
  readonly listenAddresses = ['127.0.0.1:12000'];
  readonly calls: string[] = [];
  readonly reloaded: DeploymentConfig[] = [];
  needRestart: readonly string[] = [];
  /** What `drain` waits for. */
  drained: Promise<void> = Promise.resolve();

  readonly handover = {
    begin: async () => [],
    changes: () => ({}),
    cancel: async () => undefined,
    complete: async () => undefined,
    settle: () => [],
  };

  whenPrepared(): Promise<void> {
    return Promise.resolve();
  }

  whenListening(): Promise<void> {
    return Promise.resolve();
  }

  readiness({ strictUpstream }: { readonly strictUpstream: boolean }) {
    return [{ name: 'upstream', ok: !strictUpstream, detail: 'a shard is down' }];
  }

  liveness() {
    return [{ name: 'worker-0', ok: true, detail: '' }];
  }

  async metrics() {
    return { counters: [], gauges: [] };
  }

  peerReport() {
    return { isLeaving: false, listening: { node1: ['db'] } };
  }

  reload(config: DeploymentConfig): Promise<readonly string[]> {
    this.reloaded.push(config);
    return Promise.resolve(this.needRestart);
  }

  drain(options: { readonly shutdownDelayMs: number; readonly drainTimeoutMs: number }) {
    this.calls.push(`drain ${options.shutdownDelayMs} ${options.drainTimeoutMs}`);
    return this.drained;
  }

  stop(): Promise<void> {
    this.calls.push('stop');
    return Promise.resolve();
  }
}

export interface FakeEnvironment extends CommandEnvironment {
  readonly signals: EventEmitter;
  readonly proxy: FakeProxy;
  /** All that was written, by stream. */
  readonly out: string[];
  readonly err: string[];
}

export function fakeEnvironment(change: Partial<CommandEnvironment> = {}): FakeEnvironment {
  const proxy = new FakeProxy();
  const out: string[] = [];
  const err: string[] = [];
  return {
    env: {},
    writeOut: (text) => out.push(text),
    writeErr: (text) => err.push(text),
    isTerminal: false,
    readStdin: () => Promise.resolve(''),
    resolveConfig: async (sources) => resolveConfig(sources, CONFIG_CHECKS),
    startProxy: () => Promise.resolve(proxy),
    ownProcess: { command: [process.execPath], noSuccessor: 'nobody follows a test' },
    predecessor: undefined,
    ...change,
    signals: new EventEmitter(),
    proxy,
    out,
    err,
  };
}
