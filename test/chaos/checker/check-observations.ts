import type { ChannelHistory } from '../history/channel-history.js';
import type { FaultRecord } from '../history/fault-record.js';
import type { Pending } from '../history/operations.js';
import type { StaleRead } from '../history/register-history.js';
import { mayBeLost } from './lost-tail.js';
import type { Violation } from './violation.js';

/** A client reads what it was told is written, unless that was lost with its primary. */
export function checkStaleRead(
  read: StaleRead,
  faults: readonly FaultRecord[],
): readonly Violation[] {
  const { key, slot, saw, acknowledged, acknowledgedAt, at } = read;
  return mayBeLost(slot, acknowledgedAt, faults).length > 0
    ? []
    : [
        {
          rule: 'stale read',
          detail: `${key}: ${saw} at ${Math.round(at)} ms, after ${acknowledged} at ${Math.round(acknowledgedAt)} ms`,
        },
      ];
}

/**
 * No message comes to a subscriber twice, or behind a younger one of its publisher. One of unknown
 * outcome may come late: a server that hung executes what it finds in its sockets.
 */
export function checkChannel(channel: ChannelHistory): readonly Violation[] {
  const { odd, subscriber, publications } = channel;
  return odd
    .filter(({ kind, number }) => kind === 'twice' || !publications.isUnknown(number))
    .map(({ kind, number, last, at }) => ({
      rule: kind === 'twice' ? 'message twice' : 'message out of order',
      detail: `${subscriber}, ${publications.name}: ${number} after ${last} at ${Math.round(at)} ms`,
    }));
}

/** Every request gets a reply in the end. */
export function checkOpen(open: Iterable<Pending>): readonly Violation[] {
  return [...open].map(({ client, operation, sentAt }) => ({
    rule: 'never answered',
    detail: `${client}, ${operation}, sent at ${Math.round(sentAt)} ms`,
  }));
}
