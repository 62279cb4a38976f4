import type { EffectiveConfig } from '../config/effective-config.js';
import { configuredPlacement, type PlacementSettings } from '../placement/index.js';

/** What a new configuration changes; what was changed at run time stays unless it is among that. */
export function placementChange(
  before: EffectiveConfig,
  after: EffectiveConfig,
): Partial<PlacementSettings> {
  return differences(configuredPlacement(before), configuredPlacement(after));
}

/** The settings of `after` that are other than before. */
export function differences(
  before: PlacementSettings,
  after: PlacementSettings,
): Partial<PlacementSettings> {
  const old = new Map(Object.entries(before));
  const changed = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(old.get(key)),
  );
  return Object.fromEntries(changed);
}

/** The settings after a change: a new policy begins without lists of nodes. */
export function changedPlacement(
  settings: PlacementSettings,
  change: Partial<PlacementSettings>,
): PlacementSettings {
  const hasNewPolicy = change.policy !== undefined && change.policy !== settings.policy;
  return { ...settings, ...(hasNewPolicy ? { include: [], exclude: [] } : {}), ...change };
}
