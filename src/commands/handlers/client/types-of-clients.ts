import type { ClientRecord } from '../../../native/types.js';

/** Kinds of clients in the servers' words. Only clients come to a proxy: no primary, no replica. */
export type ClientType = 'normal' | 'pubsub' | 'master' | 'replica';

const TYPES: Readonly<Record<string, ClientType>> = {
  normal: 'normal',
  pubsub: 'pubsub',
  master: 'master',
  replica: 'replica',
  slave: 'replica',
};

/** @param name In any case. @returns undefined if servers do not know it. */
export function clientTypeOf(name: Buffer | undefined): ClientType | undefined {
  const word = name?.toString('latin1').toLowerCase() ?? '';
  return Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
}

export function hasType(client: ClientRecord, type: ClientType): boolean {
  return type === (isSubscriber(client) ? 'pubsub' : 'normal');
}

export function isSubscriber({ channels, patterns, shardChannels }: ClientRecord): boolean {
  return channels + patterns + shardChannels > 0;
}
