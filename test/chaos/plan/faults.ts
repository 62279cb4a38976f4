import type { CutMode } from '../../support/relay.js';

/** A fault of the network between the target and the servers of one shard. */
export type LinkFault =
  | { readonly kind: 'cut-links'; readonly shard: number; readonly mode: CutMode }
  | { readonly kind: 'refuse-links'; readonly shard: number; readonly forMs: number }
  | { readonly kind: 'freeze-links'; readonly shard: number; readonly forMs: number }
  | {
      readonly kind: 'delay-links';
      readonly shard: number;
      readonly delayMs: number;
      readonly forMs: number;
    };

/** A fault of a server, or something that an operator does. */
export type ServerFault =
  /** kill -9; its replica is elected; restarted so long after that. */
  | { readonly kind: 'kill-primary'; readonly shard: number; readonly restartAfterMs: number }
  /** kill -9 and restarted at once, with its data: there is no time for an election. */
  | { readonly kind: 'restart-primary'; readonly shard: number }
  | { readonly kind: 'kill-replica'; readonly shard: number; readonly restartAfterMs: number }
  /** SIGSTOP, and SIGCONT before anybody takes its place. */
  | { readonly kind: 'stop-primary'; readonly shard: number; readonly forMs: number }
  /** SIGSTOP until its replica was elected, and so long after that. */
  | { readonly kind: 'hang-primary'; readonly shard: number; readonly continueAfterMs: number }
  | { readonly kind: 'fail-over'; readonly shard: number }
  /** Slots move between primaries, with their keys, all the time. */
  | { readonly kind: 'move-slots'; readonly forMs: number; readonly meanwhile?: LinkFault };

export type Fault = ServerFault | LinkFault;
export type FaultKind = Fault['kind'];

/** What is done, after so much undisturbed load. */
export interface Step {
  readonly pauseMs: number;
  readonly fault: Fault;
}

const DETAILS = ['shard', 'mode', 'forMs', 'delayMs', 'restartAfterMs', 'continueAfterMs'];

/** For example `delay-links, shard 1, delayMs 40, forMs 900`. */
export function describeFault(fault: Fault): string {
  const details = Object.entries(fault).flatMap(([name, value]) =>
    DETAILS.includes(name) ? [`${name} ${value}`] : [],
  );
  const meanwhile =
    fault.kind === 'move-slots' && fault.meanwhile !== undefined
      ? [`meanwhile ${describeFault(fault.meanwhile)}`]
      : [];
  return [fault.kind, ...details, ...meanwhile].join(', ');
}

/** A replica may take the place of its primary. */
export function mayReplacePrimary({ kind }: Fault): boolean {
  const kinds: readonly FaultKind[] = [
    'kill-primary',
    'restart-primary',
    'hang-primary',
    'stop-primary',
    'fail-over',
  ];
  return kinds.includes(kind);
}

/** Connections that were open may be lost, with requests on them. */
export function losesConnections(fault: Fault): boolean {
  switch (fault.kind) {
    case 'kill-primary':
    case 'restart-primary':
    case 'kill-replica':
    case 'hang-primary':
    case 'cut-links':
    case 'refuse-links':
      return true;
    case 'move-slots':
      return fault.meanwhile !== undefined && losesConnections(fault.meanwhile);
    case 'stop-primary':
    case 'fail-over':
    case 'freeze-links':
    case 'delay-links':
      return false;
  }
}
