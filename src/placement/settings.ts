import type { ResolvedConfig } from '../config/effective-config.js';
import type { Mode, PlacementSettings } from './types.js';

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
  };
}

/** Modes that listeners of the database have for themselves. */
export function listenerModes({ listen }: Pick<ResolvedConfig, 'listen'>): readonly Mode[] {
  return listen.flatMap(({ mode }) => (mode === undefined ? [] : [mode]));
}
