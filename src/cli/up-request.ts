import type { FlagValues } from '../config/sources.js';
import type { ShardsPlacement } from '../placement/index.js';
import { CommandError, EXIT_USAGE } from './exit.js';

const MAX_PRIMARIES = 50;
const MAX_REPLICAS_PER_PRIMARY = 5;
const MAX_NODES = 20;

/** `slotgate up` as typed. */
export interface UpRequest {
  readonly primaries?: string;
  /** Of each primary. */
  readonly replicas?: string;
  readonly port: string;
  readonly nodes?: string;
  readonly placement?: string;
  readonly dir?: string;
  readonly ephemeral: boolean;
  /** Settings of the proxy that `up` has flags for. */
  readonly flags: FlagValues;
}

export interface UpShape {
  readonly port: number;
  readonly primaries: number | undefined;
  readonly replicasPerPrimary: number | undefined;
  readonly nodes: number | undefined;
  readonly placement: ShardsPlacement | undefined;
}

/** @throws CommandError that names the flag, what was given and what is allowed. */
export function parseUpRequest(request: UpRequest): UpShape {
  if (request.ephemeral && request.dir !== undefined) {
    throw new CommandError(EXIT_USAGE, '--ephemeral keeps no data, so it cannot go with --dir');
  }
  const { primaries, replicas, port, nodes, placement } = request;
  return {
    port: integerOf('--port', port, 1, 65_535),
    primaries:
      primaries === undefined ? undefined : integerOf('--primaries', primaries, 1, MAX_PRIMARIES),
    replicasPerPrimary:
      replicas === undefined
        ? undefined
        : integerOf('--replicas', replicas, 0, MAX_REPLICAS_PER_PRIMARY),
    nodes: nodes === undefined ? undefined : integerOf('--nodes', nodes, 1, MAX_NODES),
    placement: placement === undefined ? undefined : placementOf(placement),
  };
}

function placementOf(text: string): ShardsPlacement {
  if (text === 'dense' || text === 'sparse') return text;
  const message = `--placement: ${JSON.stringify(text)} is not allowed; allowed is dense or sparse`;
  throw new CommandError(EXIT_USAGE, message);
}

function integerOf(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new CommandError(
    EXIT_USAGE,
    `${flag}: ${JSON.stringify(text)} is not allowed; allowed is an integer from ${min} to ${max}`,
  );
}
