import type { ResolvedConfig } from '../config/effective-config.js';
import type { PlacementSettings } from './types.js';

/** How the configuration wants a database to be placed and shown. */
export function configuredPlacement(config: ResolvedConfig): PlacementSettings {
  return {
    mode: config.mode,
    policy: config.proxyPolicy,
    include: config.includeNodes,
    exclude: config.excludeNodes,
    preferredIpType: config.preferredIpType,
    preferredEndpointType: config.preferredEndpointType,
    shardsPlacement: config.shardsPlacement,
    modulesRefusingCluster: [],
  };
}
