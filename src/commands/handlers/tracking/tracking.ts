import type { ControlRequest } from '../../../native/types.js';
import { encodeValue, OK_REPLY, type RespValue } from '../../../resp/index.js';
import { refuse } from '../client/arguments.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { objection, parseOptions, type TrackingOptions } from './options.js';
import {
  bindingOf,
  type ConnectionState,
  prefixesOf,
  readState,
  type TrackingState,
} from './state.js';

/** CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX prefix …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]. */
export async function handleTracking(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const options = parseOptions(request.args.slice(3));
  if (typeof options === 'string') {
    return refuse(options);
  }
  const target = await findTarget(options.redirect, context);
  if (target === null) {
    return refuse('The client ID you want redirect to does not exist');
  }
  const before = readState(request.connectionState);
  switch (request.args[2]?.toString('latin1').toUpperCase()) {
    case 'OFF':
      context.bind(request.client, bindingOf(before, { ...before, tracking: undefined }));
      return ok();
    case 'ON':
      return await turnOn(request, context, before, options, target);
    default:
      return refuse('syntax error');
  }
}

async function turnOn(
  request: ControlRequest,
  context: ControlContext,
  before: ConnectionState,
  options: TrackingOptions,
  redirectIndex: number,
): Promise<ControlOutcome> {
  const now = before.tracking;
  const refusal = objection(options, now);
  if (refusal !== null) {
    return refuse(refusal);
  }
  if (now === undefined && context.isFullOfTracking()) {
    return refuse('max number of tracking clients reached (maxTrackingClients)');
  }
  const tracking: TrackingState = {
    bcast: options.bcast,
    optin: options.optin || (now?.optin ?? false),
    optout: options.optout || (now?.optout ?? false),
    noloop: options.noloop,
    redirect: options.redirect,
    redirectIndex,
    prefixes: options.prefixes.length === 0 ? [] : [...(now?.prefixes ?? []), ...options.prefixes],
  };
  context.bind(request.client, bindingOf(before, { ...before, tracking }));
  if (options.bcast) {
    // Whatever is changed after the answer is to be told: every server has to know by then.
    await context.errands.send(context.errands.primaries(), ['PING'], { lease: true, keep: true });
  }
  return ok();
}

/** The place of the client in its worker's table; 0 without a redirect, null if there is no such client. */
async function findTarget(id: number, context: ControlContext): Promise<number | null> {
  if (id === 0) {
    return 0;
  }
  const [client] = await context.clients.list([id]);
  return client?.index ?? null;
}

/** CLIENT CACHING YES | NO: whether the next command's keys are remembered. */
export function handleCaching(request: ControlRequest): ControlOutcome {
  const { tracking } = readState(request.connectionState);
  if (tracking === undefined || !(tracking.optin || tracking.optout)) {
    return refuse(
      'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    );
  }
  const word = request.args[2]?.toString('latin1').toUpperCase() ?? '';
  if (word === 'YES' && !tracking.optin) {
    return refuse('CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
  }
  if (word === 'NO' && !tracking.optout) {
    return refuse('CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
  }
  if (word !== 'YES' && word !== 'NO') {
    return refuse('syntax error');
  }
  return { kind: 'reply', bytes: OK_REPLY, beforeNext: ['CLIENT', 'CACHING', word] };
}

/** CLIENT GETREDIR: the id of the client that is told, 0: nobody else, -1: no tracking. */
export function handleGetRedir(request: ControlRequest): ControlOutcome {
  const { tracking } = readState(request.connectionState);
  return answer(request, { kind: 'integer', value: BigInt(tracking?.redirect ?? -1) });
}

/** CLIENT TRACKINGINFO. */
export function handleTrackingInfo(request: ControlRequest): ControlOutcome {
  const { tracking } = readState(request.connectionState);
  const flags = tracking === undefined ? ['off'] : flagsOf(tracking, request.isTargetGone);
  return answer(request, {
    kind: 'map',
    entries: [
      [bulk('flags'), { kind: 'set', items: flags.map(bulk) }],
      [bulk('redirect'), { kind: 'integer', value: BigInt(tracking?.redirect ?? -1) }],
      [bulk('prefixes'), { kind: 'array', items: prefixesOf(tracking).map(bulk) }],
    ],
  });
}

function flagsOf(tracking: TrackingState, isTargetGone: boolean): string[] {
  const flags: readonly (readonly [string, boolean])[] = [
    ['on', true],
    ['bcast', tracking.bcast],
    ['optin', tracking.optin],
    ['optout', tracking.optout],
    ['noloop', tracking.noloop],
    ['broken_redirect', isTargetGone],
  ];
  return flags.filter(([, isSet]) => isSet).map(([name]) => name);
}

/** CLIENT NO-TOUCH ON | OFF: whether reading keys makes them look used. Known since Redis 7.2. */
export function handleNoTouch(request: ControlRequest, context: ControlContext): ControlOutcome {
  const word = request.args[2]?.toString('latin1').toUpperCase();
  if (word !== 'ON' && word !== 'OFF') {
    return refuse('syntax error');
  }
  const before = readState(request.connectionState);
  context.bind(request.client, bindingOf(before, { ...before, noTouch: word === 'ON' }));
  return ok();
}

function ok(): ControlOutcome {
  return { kind: 'reply', bytes: OK_REPLY };
}

function answer(request: ControlRequest, value: RespValue): ControlOutcome {
  return { kind: 'reply', bytes: encodeValue(value, request.protocol) };
}

function bulk(text: string): RespValue {
  return { kind: 'bulk', bytes: Buffer.from(text, 'latin1') };
}
