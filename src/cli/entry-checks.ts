import { allowProblem, denyProblem } from '../commands/command-policy.js';
import type { EntryChecks } from '../config/schema.js';
import { parseSeed } from '../shards/endpoint.js';
import { AddressMap } from '../topology/address-map.js';

/** Checks of settings whose form belongs to the layers that use them. */
export const ENTRY_CHECKS: EntryChecks = {
  seed: (text) => problemOf(() => parseSeed(text)),
  mapping: (text) => problemOf(() => new AddressMap([text])),
  advertised: pairProblem,
  serverZone: pairProblem,
  denied: denyProblem,
  allowed: allowProblem,
};

function pairProblem(text: string): string | undefined {
  return /^[^=]+=[^=]+$/.test(text) ? undefined : 'it must have a server, "=", and a text';
}

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
