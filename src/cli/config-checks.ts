import { allowProblem, denyProblem, renameProblem } from '../commands/command-policy.js';
import type { ConfigChecks } from '../config/checks.js';
import { AdvertisedAddresses } from '../placement/advertise.js';
import { placementWarnings, problemsInModes } from '../placement/problems.js';
import { ServerZones } from '../placement/server-zones.js';
import { configuredPlacement, listenerModes } from '../placement/settings.js';
import { parseSeed } from '../shards/endpoint.js';
import { Subnet } from '../shards/subnet.js';
import { AddressMap } from '../topology/address-map.js';

/** Checks of settings that belong to the layers that use them. */
export const CONFIG_CHECKS: ConfigChecks = {
  seed: (text) => problemOf(() => parseSeed(text)),
  mapping: (entries) => problemOf(() => new AddressMap(entries)),
  advertised: (entries) => problemOf(() => new AdvertisedAddresses(entries)),
  serverZone: (entries) => problemOf(() => new ServerZones(entries)),
  subnet: (text) =>
    Subnet.parse(text) === null ? 'allowed is a subnet such as 10.2.0.0/16' : undefined,
  denied: denyProblem,
  renamed: renameProblem,
  allowed: allowProblem,
  placement: (config, nodes) => {
    const settings = configuredPlacement(config);
    return {
      problems: problemsInModes(settings, listenerModes(config), { nodes }),
      warnings: placementWarnings(settings),
    };
  },
};

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
