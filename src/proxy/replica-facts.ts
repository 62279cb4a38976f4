import type { ServerFacts } from '../placement/index.js';
import type { RespReply } from '../resp/index.js';

/** What INFO tells of a server that may be read from. */
export type InfoFacts = Pick<ServerFacts, 'linkDownMs' | 'isLoading'>;

/**
 * @param replication The reply to INFO replication.
 * @param persistence The reply to INFO persistence.
 * @returns Null if the server does not answer. One that we may not ask is taken to be well: it will
 * refuse what it cannot do.
 */
export function infoFacts(replication: RespReply, persistence: RespReply): InfoFacts | null {
  if (isForbidden(replication)) {
    return { linkDownMs: 0, isLoading: false };
  }
  const text = textOf(replication);
  if (text === null || field(text, 'role') === null) {
    return null;
  }
  return {
    linkDownMs: linkDownMs(text),
    isLoading: field(textOf(persistence) ?? '', 'loading') === '1',
  };
}

/** @param server The reply to INFO server. @returns Null where the server has no zone, as on Redis. */
export function announcedZone(server: RespReply): string | null {
  const zone = field(textOf(server) ?? '', 'availability_zone');
  return zone === '' ? null : zone;
}

/** A replica that was never connected says -1. */
function linkDownMs(replication: string): number {
  if (
    field(replication, 'role') === 'master' ||
    field(replication, 'master_link_status') === 'up'
  ) {
    return 0;
  }
  const seconds = Number(field(replication, 'master_link_down_since_seconds') ?? -1);
  return seconds >= 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
}

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1] ?? null;
}

function textOf(reply: RespReply): string | null {
  return reply.kind === 'string' ? reply.bytes.toString() : null;
}

function isForbidden(reply: RespReply): boolean {
  return reply.kind === 'error' && reply.message.startsWith('NOPERM ');
}
