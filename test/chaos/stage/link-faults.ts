import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../../support/relay.js';
import type { LinkFault } from '../plan/faults.js';

/** Whoever cuts inside of the next bytes waits for them. */
const CUT_WITHIN_MS = 300;

/** Does it to all connections that lead through these relays, and returns when it is over. */
export async function disturbLinks(fault: LinkFault, relays: readonly Relay[]): Promise<void> {
  switch (fault.kind) {
    case 'cut-links':
      for (const relay of relays) relay.cut(fault.mode);
      await sleep(CUT_WITHIN_MS);
      return;
    case 'refuse-links':
      for (const relay of relays) {
        relay.refuse(true);
        relay.cut('reset');
      }
      await sleep(fault.forMs);
      for (const relay of relays) relay.refuse(false);
      return;
    case 'freeze-links':
      for (const relay of relays) relay.freeze(true);
      await sleep(fault.forMs);
      for (const relay of relays) relay.freeze(false);
      return;
    case 'delay-links':
      for (const relay of relays) relay.delay(fault.delayMs);
      await sleep(fault.forMs);
      for (const relay of relays) relay.delay(0);
  }
}

/** How much later a request may arrive because of it, in ms. */
export function delayOf(fault: LinkFault): number {
  switch (fault.kind) {
    case 'cut-links':
      return CUT_WITHIN_MS;
    case 'refuse-links':
    case 'freeze-links':
      return fault.forMs;
    case 'delay-links':
      // The redirect comes late, and so does what follows it.
      return 2 * fault.delayMs;
  }
}
