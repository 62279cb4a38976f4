import type { EffectiveConfig } from '../config/effective-config.js';
import type { Logger } from '../log/logger.js';
import { parseSeed } from '../shards/index.js';
import { AddressMap, NameResolver, SYSTEM_CLOCK, TopologyMonitor } from '../topology/index.js';

/** A seed may name the proxy's user; the setting has the last word. */
export function ownCredentials(config: EffectiveConfig): EffectiveConfig['upstreamCredentials'] {
  const seeded = config.seeds.map(parseSeed).find(({ username }) => username !== null)?.username;
  return config['upstream.username'] === undefined && typeof seeded === 'string'
    ? config.upstreamCredentials.withUsername(seeded)
    : config.upstreamCredentials;
}

/** What looks after the topology of a database's cluster. @throws ProxyError if a seed or a mapping is malformed. */
export function createMonitor(config: EffectiveConfig, log: Logger): TopologyMonitor {
  return new TopologyMonitor({
    seeds: config.seeds.map((seed) => parseSeed(seed).endpoint),
    credentials: config.upstreamCredentials,
    addressMap: new AddressMap(config.map),
    resolver: new NameResolver(SYSTEM_CLOCK),
    clock: SYSTEM_CLOCK,
    connectTimeoutMs: config.connectTimeoutMs,
    log: {
      debug: (fields, message) => log.debug(message, { ...fields }),
      info: (fields, message) => log.info(message, { ...fields }),
      warn: (fields, message) => log.warn(message, { ...fields }),
      error: (fields, message) => log.error(message, { ...fields }),
    },
  });
}
