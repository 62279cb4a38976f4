import { SLOT_COUNT } from '../../topology/index.js';
import type { SlotFilter } from './errands.js';
import type { PresentationView } from './presentation.js';

/**
 * Which slots a command for the whole database is about. In a cluster of proxies these are the ones
 * that the proxy serves: clients send such commands to all proxies and add up what they say.
 */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly slots: SlotFilter }
  | { readonly kind: 'none' };

export function scopeOf(view: Pick<PresentationView, 'mode' | 'isLocal'>): Scope {
  if (view.mode !== 'cluster') {
    return { kind: 'all' };
  }
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (view.isLocal(slot)) {
      return { kind: 'some', slots: (each) => view.isLocal(each) };
    }
  }
  return { kind: 'none' };
}

/** For `SendOptions`. Without any slots, all servers are meant. */
export function slotsOf(scope: Scope): { readonly slots?: SlotFilter } {
  return scope.kind === 'some' ? { slots: scope.slots } : {};
}
