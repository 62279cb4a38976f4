import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { Errands } from '../errands.js';
import { globMatches } from '../glob.js';
import type { ServerAnswer } from './ask-server.js';
import type { ScanOptions } from './options.js';

export type SlotListing =
  | { readonly kind: 'keys'; readonly keys: readonly Buffer[] }
  /** The slot has too many keys, or the client may not list it: its servers have to be scanned. */
  | { readonly kind: 'unlisted' }
  | Exclude<ServerAnswer, { readonly kind: 'reply' }>;

/**
 * A listing has no cursor: it comes whole. This is what a SCAN with a large COUNT brings; slots with
 * more keys are scanned.
 */
const LISTED_KEYS_MAX = 10_000;
/** Requests for types that are on their way at once. */
const TYPE_BATCH = 256;

export interface SlotLister {
  readonly errands: Errands;
  readonly options: ScanOptions;
  ask(nodeId: string, args: CommandArguments): Promise<ServerAnswer>;
}

/**
 * The keys of a slot that match the scan's options. A server lists the keys that it has, whoever owns
 * the slot.
 * @param holders In this order, in which the keys of an open slot move.
 */
export async function listSlot(
  lister: SlotLister,
  slot: number,
  holders: readonly string[],
): Promise<SlotListing> {
  const found = new Map<string, Buffer>();
  for (const nodeId of holders) {
    const limit = String(LISTED_KEYS_MAX + 1);
    const args = ['CLUSTER', 'GETKEYSINSLOT', String(slot), limit];
    const answer = await lister.ask(nodeId, args);
    if (answer.kind !== 'reply') {
      return answer;
    }
    const { reply } = answer;
    if (reply.kind !== 'array' || reply.items.length > LISTED_KEYS_MAX) {
      return { kind: 'unlisted' };
    }
    for (const item of reply.items) {
      if (item.kind === 'bulk') {
        found.set(item.bytes.toString('latin1'), item.bytes);
      }
    }
  }
  const pattern = lister.options.match?.toString('latin1');
  const matching = [...found].filter(
    ([text]) => pattern === undefined || globMatches(pattern, text),
  );
  return keysOfType(
    lister,
    slot,
    matching.map(([, key]) => key),
  );
}

async function keysOfType(
  { errands, options }: SlotLister,
  slot: number,
  keys: readonly Buffer[],
): Promise<SlotListing> {
  const { type } = options;
  if (type === null) {
    return { kind: 'keys', keys };
  }
  const kept: Buffer[] = [];
  for (let start = 0; start < keys.length; start += TYPE_BATCH) {
    const batch = keys.slice(start, start + TYPE_BATCH);
    const types = await Promise.all(batch.map((key) => errands.sendToSlot(slot, ['TYPE', key])));
    if (types.some(({ kind }) => kind !== 'simple')) {
      return { kind: 'unlisted' };
    }
    kept.push(...batch.filter((_, i) => isType(types[i], type)));
  }
  return { kind: 'keys', keys: kept };
}

function isType(reply: RespValue | undefined, type: string): boolean {
  return reply?.kind === 'simple' && reply.text.toLowerCase() === type;
}
