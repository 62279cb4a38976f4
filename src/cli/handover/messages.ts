import type { PlacementChanges } from '../../proxy/handover.js';

/** The variable in which a process finds what the one before it leaves to it. */
export const HANDOVER_VARIABLE = 'SLOTGATE_HANDOVER';
/** Of the variable and the messages; a process refuses any other. */
export const HANDOVER_VERSION = 1;

/** What a process leaves to the next one, as JSON. It holds no secret. */
export interface Legacy {
  readonly version: number;
  /** How many processes there were before, without a break in accepting. */
  readonly generation: number;
  /** Descriptors of listening sockets. */
  readonly sockets: readonly number[];
  /** How long the next one may take in all, and when that is over, in ms since 1970. */
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** What else there is, for the command that runs; null: nothing. */
  readonly estate: EstateFacts | null;
}

export interface EstateFacts {
  readonly descriptors: readonly number[];
  /** What the command needs to know of it; it checks it itself. */
  readonly facts: unknown;
}

export type ToPredecessor =
  /** Only opening is left. */
  | { readonly kind: 'prepared' }
  /** Accepts clients from these of its descriptors. */
  | { readonly kind: 'serving'; readonly taken: readonly number[] }
  /** Ends. */
  | { readonly kind: 'failed'; readonly reason: string };

export type ToSuccessor =
  /** May open. */
  | { readonly kind: 'go'; readonly placement: PlacementChanges }
  /** Everything is its own now. */
  | { readonly kind: 'yours' };

export function isToPredecessor(value: unknown): value is ToPredecessor {
  const { kind, taken, reason } = fieldsOf(value);
  switch (kind) {
    case 'prepared':
      return true;
    case 'serving':
      return Array.isArray(taken) && taken.every(Number.isSafeInteger);
    case 'failed':
      return typeof reason === 'string';
    default:
      return false;
  }
}

export function isToSuccessor(value: unknown): value is ToSuccessor {
  const { kind, placement } = fieldsOf(value);
  return kind === 'yours' || (kind === 'go' && typeof placement === 'object' && placement !== null);
}

/** @throws Error that says what is wrong with it. */
export function parseLegacy(text: string): Legacy {
  const { version, generation, sockets, timeoutMs, deadlineMs, estate } = fieldsOf(
    JSON.parse(text),
  );
  if (version !== HANDOVER_VERSION) {
    throw new Error(`version ${String(version)}; this program knows ${HANDOVER_VERSION}`);
  }
  if (![generation, timeoutMs, deadlineMs].every(isWhole)) throw new Error('a number is missing');
  if (!areDescriptors(sockets)) throw new Error('sockets is no list of descriptors');
  return {
    version,
    generation: Number(generation),
    sockets,
    timeoutMs: Number(timeoutMs),
    deadlineMs: Number(deadlineMs),
    estate: parseEstate(estate),
  };
}

function parseEstate(value: unknown): EstateFacts | null {
  if (value === null) return null;
  const { descriptors, facts } = fieldsOf(value);
  if (!areDescriptors(descriptors)) throw new Error('estate has no list of descriptors');
  return { descriptors, facts };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function areDescriptors(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((fd) => isWhole(fd) && fd > 2);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
