import type { NativeBinding } from '../../../native/types.js';

/** What a client asked of its connection, as the data plane keeps it between its commands. */
export interface ConnectionState {
  /** CLIENT NO-TOUCH ON. */
  readonly noTouch: boolean;
  /** CLIENT TRACKING ON; undefined: off. */
  readonly tracking?: TrackingState | undefined;
  /** It has used WAITAOF, of which servers tell for what came over one connection. */
  readonly confirmsWrites?: boolean;
}

export interface TrackingState {
  readonly bcast: boolean;
  readonly optin: boolean;
  readonly optout: boolean;
  readonly noloop: boolean;
  /** Id of the client that is told instead; 0: the client itself. */
  readonly redirect: number;
  /** Its place in its worker's table of clients. */
  readonly redirectIndex: number;
  /** One character per byte; with BCAST, none stands for all keys. */
  readonly prefixes: readonly string[];
}

/** As a server remembers them: all keys are those with an empty prefix. */
export function prefixesOf(tracking: TrackingState | undefined): readonly string[] {
  const prefixes = tracking?.prefixes ?? [];
  return tracking?.bcast === true && prefixes.length === 0 ? [''] : prefixes;
}

/** @param text As `ControlRequest.connectionState`; '' is a client that asked for nothing. */
export function readState(text: string): ConnectionState {
  return text === '' ? { noTouch: false } : (JSON.parse(text) as ConnectionState);
}

/** The order that brings a client's private links from one state to another. */
export function bindingOf(before: ConnectionState, after: ConnectionState): NativeBinding {
  const { tracking } = after;
  const setup: Buffer[][] = [];
  if (after.noTouch) {
    setup.push(words('CLIENT', 'NO-TOUCH', 'ON'));
  }
  if (tracking !== undefined) {
    setup.push(trackingWords(tracking));
  }
  if (after.confirmsWrites === true && setup.length === 0) {
    // Links of its own are all that it needs; what they begin with does not matter.
    setup.push(words('PING'));
  }
  const teardown: Buffer[][] = [];
  if (before.noTouch && !after.noTouch) {
    teardown.push(words('CLIENT', 'NO-TOUCH', 'OFF'));
  }
  if (before.tracking !== undefined && tracking === undefined) {
    teardown.push(words('CLIENT', 'TRACKING', 'OFF'));
  }
  const redirects = tracking !== undefined && tracking.redirect !== 0;
  return {
    setup,
    teardown,
    targetWord: redirects ? REDIRECT_WORD : -1,
    target: { id: tracking?.redirect ?? 0, index: tracking?.redirectIndex ?? 0 },
    tracks: tracking !== undefined,
    everywhere: tracking?.bcast === true,
    byChoice: tracking?.optin === true,
    state: setup.length === 0 ? '' : JSON.stringify(after),
  };
}

/** Where `trackingWords` has the id of a connection of the proxy, if there is to be one. */
const REDIRECT_WORD = 4;

function trackingWords(tracking: TrackingState): Buffer[] {
  return [
    ...words('CLIENT', 'TRACKING', 'ON'),
    ...(tracking.redirect === 0 ? [] : words('REDIRECT', '0')),
    ...(tracking.bcast ? words('BCAST') : []),
    ...(tracking.optin ? words('OPTIN') : []),
    ...(tracking.optout ? words('OPTOUT') : []),
    ...(tracking.noloop ? words('NOLOOP') : []),
    ...tracking.prefixes.flatMap((prefix) => [
      Buffer.from('PREFIX'),
      Buffer.from(prefix, 'latin1'),
    ]),
  ];
}

function words(...texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}
