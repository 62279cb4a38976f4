import type { NativeCommandFlag, NativeCommandRow } from '../native/types.js';
import { errorReply } from '../resp/index.js';
import { hasUnknownKeys } from './command-row.js';
import type { CommandTable } from './command-table.js';
import type { Renames } from './renames.js';
import { mayFollowSubscribe } from './rules/pubsub.js';
import { mayAskReplica } from './rules/reads.js';
import { refusalText } from './rules/refusals.js';
import { RUNS_BODY, RUNS_DIGEST } from './rules/scripts.js';
import { isQueueable, NEVER_QUEUED } from './rules/transactions.js';
import { isKeyspaceCommand, isSecret, isUnmonitored, mayReplicate } from './rules/visibility.js';
import type { CommandRow } from './types.js';

/** The table as the data plane takes it; the i-th row here is the table's i-th row. */
export function toNativeRows(table: CommandTable): NativeCommandRow[] {
  return table.rows.map((row) => toNativeRow(row, table.renames));
}

function toNativeRow(row: CommandRow, renames: Renames): NativeCommandRow {
  const { route, split, blocking, retry } = row;
  const called = renames.calledAs(row.name);
  return {
    name: row.name,
    arity: row.arity,
    flags: called === row.name ? nativeFlags(row) : [...nativeFlags(row), 'renamed'],
    called: called === row.name ? '' : (called ?? ''),
    route: route.kind === 'fan_out' ? 'control' : route.kind,
    local: route.kind === 'local' ? route.answer : 'none',
    split: split.kind,
    splitStep: split.step,
    barrier: row.barrier,
    pubsub: route.kind === 'pubsub' ? route.action : 'none',
    family: route.kind === 'pubsub' ? route.family : 'channel',
    keySpecs: row.keySpecs.map(({ begin, find }) => ({ begin, find })),
    readyReply: readyReply(row),
    blockToken: blocking.kind === 'token' ? blocking.token : '',
    retryOptionsFrom: retry.kind === 'options' ? retry.from : 0,
    retryOptions: retry.kind === 'options' ? retry.options : [],
  };
}

function readyReply({ route, name }: CommandRow): string {
  if (route.kind === 'refuse') {
    return errorReply(refusalText(route.refusal, name)).toString();
  }
  return route.kind === 'local' ? (route.reply ?? '') : '';
}

function nativeFlags(row: CommandRow): NativeCommandFlag[] {
  const mayRepeat = row.repeatable && row.blocking.kind !== 'always';
  const facts: readonly (readonly [NativeCommandFlag, boolean])[] = [
    ['write', !mayRepeat],
    ['readonly', mayRepeat],
    ['connection_state', row.connectionState],
    ['container', row.container],
    ['script', row.script],
    ['blocking', row.blocking.kind === 'always'],
    ['blocks_with_token', row.blocking.kind === 'token'],
    ['before_auth', row.flags.includes('no_auth')],
    ['not_key', row.keySpecs.some((spec) => spec.flags.includes('not_key'))],
    ['repeatable', row.retry.kind !== 'never'],
    ['keys_unknown', hasUnknownKeys(row)],
    ['queueable', isQueueable(row)],
    ['never_queued', NEVER_QUEUED.has(row.name)],
    ['while_subscribed', mayFollowSubscribe(row)],
    ['may_replicate', mayReplicate(row)],
    ['keyspace', isKeyspaceCommand(row)],
    ['unmonitored', isUnmonitored(row)],
    ['secret', isSecret(row)],
    ['runs_body', RUNS_BODY.has(row.name)],
    ['runs_digest', RUNS_DIGEST.has(row.name)],
    ['at_replica', mayAskReplica(row)],
  ];
  return facts.filter(([, isSet]) => isSet).map(([flag]) => flag);
}
