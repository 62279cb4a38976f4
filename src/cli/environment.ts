import type { DeploymentConfig } from '../config/deployment.js';
import type { Resolver } from '../config/load.js';
import type { HealthCheck } from '../http/health.js';
import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import type { Deployment } from '../proxy/deployment.js';
import type { EndpointsHandover } from '../proxy/handover.js';
import type { Inheritance } from '../proxy/hosted-database.js';
import type { PeerReport } from '../proxy/peer-watch.js';
import type { OwnProcess } from './handover/own-process.js';
import type { Predecessor } from './handover/predecessor.js';

/** What the commands need of a running proxy; `SlotgateProxy` of src/proxy is one. */
export interface RunningProxy {
  /** For the REST interface. */
  readonly deployment: Deployment;
  readonly handover: EndpointsHandover;
  /** Where clients can connect now; known after `whenListening`. */
  readonly listenAddresses: readonly string[];
  /** Resolves when only opening the data listener is left. */
  whenPrepared(): Promise<void>;
  /** Resolves when the data listener is open, after a first usable topology. */
  whenListening(): Promise<void>;
  readiness(options: { readonly strictUpstream: boolean }): readonly HealthCheck[];
  liveness(): readonly HealthCheck[];
  metrics(): Promise<MetricSnapshot>;
  /** What the processes of other nodes have to know, as plain data. */
  peerReport(): PeerReport;
  /** @returns Settings that changed and need a restart. */
  reload(config: DeploymentConfig): Promise<readonly string[]>;
  drain(options: {
    readonly shutdownDelayMs: number;
    readonly drainTimeoutMs: number;
  }): Promise<void>;
  stop(): Promise<void>;
}

export type StartProxy = (
  config: DeploymentConfig,
  dependencies: { readonly log: Logger; readonly inherited?: Inheritance | undefined },
) => Promise<RunningProxy>;

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** Everything outside the program that a command touches; tests give their own. */
export interface CommandEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly signals: SignalSource;
  /** Text for the user of the command line, not for the log. */
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  readonly isTerminal: boolean;
  /** All of standard input, for a password. */
  readonly readStdin: () => Promise<string>;
  readonly resolveConfig: Resolver;
  readonly startProxy: StartProxy;
  readonly ownProcess: OwnProcess;
  /** The process that this one follows; undefined: it was started anew. */
  readonly predecessor: Predecessor | undefined;
}
