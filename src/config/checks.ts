import type { ResolvedConfig } from './effective-config.js';
import type { NodeSpec } from './nodes.js';

/** What is wrong with a text, or undefined. */
export type TextCheck = (text: string) => string | undefined;
/** What is wrong with an entry of a list, or with its entries together; or undefined. */
export type ListCheck = (entries: readonly string[]) => string | undefined;

/**
 * Checks that belong to higher layers: the form of texts (seeds, what stands for servers, subnets,
 * names of commands), and which settings go together. Given from there, because the configuration
 * imports nothing.
 */
export interface ConfigChecks {
  readonly seed: TextCheck;
  readonly mapping: ListCheck;
  readonly advertised: ListCheck;
  readonly serverZone: ListCheck;
  readonly subnet: TextCheck;
  readonly denied: TextCheck;
  readonly renamed: ListCheck;
  readonly allowed: TextCheck;
  /** How one database is placed on all nodes and shown to clients. */
  readonly placement: (config: ResolvedConfig, nodes: readonly NodeSpec[]) => PlacementVerdict;
}

export interface PlacementVerdict {
  /** Codes are those of the REST reference. */
  readonly problems: readonly { readonly code: string; readonly message: string }[];
  readonly warnings: readonly string[];
}

const FITS = () => undefined;

/** For what only the higher layers can tell. */
export const NO_CHECKS: ConfigChecks = {
  seed: FITS,
  mapping: FITS,
  advertised: FITS,
  serverZone: FITS,
  subnet: FITS,
  denied: FITS,
  renamed: FITS,
  allowed: FITS,
  placement: () => ({ problems: [], warnings: [] }),
};
