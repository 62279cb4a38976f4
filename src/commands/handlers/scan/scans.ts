import type { SlotState } from '../../../topology/index.js';
import { CursorHandles } from './handles.js';
import { ScanShapes } from './shapes.js';
import { SlotStates } from './slot-states.js';

export interface ScansOptions {
  /** Asks the primaries themselves; nothing of the result is older than the call. */
  readonly readSlotState: () => Promise<SlotState>;
  /** How long a scan waits for a server that does not answer, as any held request does. */
  readonly waitMs: () => number;
  /** Monotonic. */
  readonly nowMs?: () => number;
  readonly pollMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** How often a server that does not answer is tried again, and looked for among the owners. */
const POLL_MS = 200;

/** What the proxy remembers between the steps of its clients' scans. */
export class Scans {
  readonly shapes = new ScanShapes();
  readonly handles = new CursorHandles();
  readonly states: SlotStates;
  readonly waitMs: () => number;
  readonly nowMs: () => number;
  readonly pollMs: number;
  readonly random: () => number;

  constructor({ readSlotState, waitMs, nowMs, pollMs, random }: ScansOptions) {
    this.waitMs = waitMs;
    this.nowMs = nowMs ?? (() => performance.now());
    this.pollMs = pollMs ?? POLL_MS;
    this.random = random ?? Math.random;
    this.states = new SlotStates(readSlotState, this.nowMs);
  }
}
