import { type DeploymentConfig, deploymentChanges } from '../config/deployment.js';
import { type ConfigInputs, loadConfig, type Resolver } from '../config/load.js';
import type { AdjustableLogger } from '../log/create-logger.js';
import type { MetricSample } from '../metrics/sample.js';
import { describeProblems } from './configuration.js';
import type { RunningProxy } from './environment.js';

/** Applies a changed configuration to a running proxy. A bad one changes nothing but log and metric. */
export class Reloader {
  readonly #inputs: ConfigInputs;
  readonly #resolve: Resolver;
  readonly #proxy: RunningProxy;
  readonly #log: AdjustableLogger;
  #config: DeploymentConfig;
  #wasSuccessful = true;
  #running: Promise<void> = Promise.resolve();

  constructor(
    config: DeploymentConfig,
    inputs: ConfigInputs,
    resolve: Resolver,
    proxy: RunningProxy,
    log: AdjustableLogger,
  ) {
    this.#config = config;
    this.#inputs = inputs;
    this.#resolve = resolve;
    this.#proxy = proxy;
    this.#log = log;
  }

  /** What the proxy runs with now. */
  get config(): DeploymentConfig {
    return this.#config;
  }

  /** One reload after the other; never rejects. */
  reload(): Promise<void> {
    this.#running = this.#running.then(() => this.#reloadOnce());
    return this.#running;
  }

  gauges(): readonly MetricSample[] {
    return [
      {
        name: 'slotgate_config_last_reload_successful',
        help: '1 if the last reload of the configuration was applied or none was tried, else 0.',
        labels: {},
        value: this.#wasSuccessful ? 1 : 0,
      },
    ];
  }

  async #reloadOnce(): Promise<void> {
    try {
      const loaded = await loadConfig(this.#inputs, this.#resolve);
      if (loaded.kind === 'invalid') {
        this.#failed(describeProblems(loaded.problems));
        return;
      }
      await this.#apply(loaded.config);
      this.#wasSuccessful = true;
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  async #apply(config: DeploymentConfig): Promise<void> {
    const { live } = deploymentChanges(this.#config, config);
    const needRestart = await this.#proxy.reload(config);
    this.#log.setLevel(config.process.logLevel);
    this.#config = config;
    this.#log.info('configuration reloaded', { changed: live.join(', ') });
    if (needRestart.length > 0) {
      this.#log.warn('some changed settings need a restart', { settings: needRestart.join(', ') });
    }
  }

  #failed(reason: string): void {
    this.#wasSuccessful = false;
    this.#log.error('configuration not reloaded; the old one stays', { reason });
  }
}
