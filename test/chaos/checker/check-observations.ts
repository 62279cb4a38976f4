import type { ChannelHistory, OddMessage } from '../history/channel-history.js';
import type { FaultRecord } from '../history/fault-record.js';
import type { Pending } from '../history/operations.js';
import type { StaleRead } from '../history/register-history.js';
import { mayReplacePrimary } from '../plan/faults.js';
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

/** More than are published in the time in which one server takes over from another. */
const MOMENT_MESSAGES = 100;
/** After the servers agree, until the target takes its messages from elsewhere. */
const NEW_HOME_MS = 2_000;

/**
 * No message comes to a subscriber twice, or behind a younger one of its publisher. One of unknown
 * outcome may come late: a server that hung executes what it finds in its sockets. What is published
 * in the moment in which the target takes its messages from a new primary may come from both, but for
 * those of a shard channel, which only one of them has.
 */
export function checkChannel(
  channel: ChannelHistory,
  faults: readonly FaultRecord[],
): readonly Violation[] {
  const { odd, subscriber, publications } = channel;
  const mayComeTwice = ({ number, last, at }: OddMessage) =>
    !publications.isShardChannel &&
    last - number < MOMENT_MESSAGES &&
    faults.some(
      ({ fault, startedAt, settledAt }) =>
        mayReplacePrimary(fault) && at >= startedAt && at <= settledAt + NEW_HOME_MS,
    );
  return odd
    .filter((message) =>
      message.kind === 'twice' ? !mayComeTwice(message) : !publications.isUnknown(message.number),
    )
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
