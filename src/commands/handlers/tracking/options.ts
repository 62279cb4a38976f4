import { prefixesOf, type TrackingState } from './state.js';

/** The options of CLIENT TRACKING ON, before they are held against what the client has already. */
export interface TrackingOptions {
  readonly bcast: boolean;
  readonly optin: boolean;
  readonly optout: boolean;
  readonly noloop: boolean;
  /** An id; 0: none. */
  readonly redirect: number;
  readonly prefixes: readonly string[];
}

/** @returns The options, or the server's error text. */
export function parseOptions(args: readonly Buffer[]): TrackingOptions | string {
  const flags = { bcast: false, optin: false, optout: false, noloop: false };
  const prefixes: string[] = [];
  let redirect = 0;
  for (let i = 0; i < args.length; i++) {
    const word = args[i]?.toString('latin1').toUpperCase() ?? '';
    const value = args[i + 1];
    if (word === 'REDIRECT' && value !== undefined) {
      i++;
      if (redirect !== 0) {
        return 'A client can only redirect to a single other client';
      }
      if (!/^-?\d{1,18}$/.test(value.toString('latin1'))) {
        return 'Invalid client ID';
      }
      redirect = Number(value.toString('latin1'));
    } else if (word === 'PREFIX' && value !== undefined) {
      i++;
      prefixes.push(value.toString('latin1'));
    } else if (['BCAST', 'OPTIN', 'OPTOUT', 'NOLOOP'].includes(word)) {
      flags[word.toLowerCase() as keyof typeof flags] = true;
    } else {
      return 'syntax error';
    }
  }
  return { ...flags, redirect, prefixes };
}

const SWITCH =
  'before disabling tracking for this client, and then re-enabling it with a different mode.';

/**
 * What a server objects to, in its words; null: nothing.
 * @param now What the client has already; undefined: no tracking.
 */
export function objection(options: TrackingOptions, now: TrackingState | undefined): string | null {
  const { bcast, optin, optout, prefixes } = options;
  if (!bcast && prefixes.length > 0) {
    return 'PREFIX option requires BCAST mode to be enabled';
  }
  if (now !== undefined && now.bcast !== bcast) {
    return `You can't switch BCAST mode on/off ${SWITCH}`;
  }
  if (bcast && (optin || optout)) {
    return 'OPTIN and OPTOUT are not compatible with BCAST';
  }
  if (optin && optout) {
    return "You can't specify both OPTIN mode and OPTOUT mode";
  }
  if ((optin && now?.optout === true) || (optout && now?.optin === true)) {
    return `You can't switch OPTIN/OPTOUT mode ${SWITCH}`;
  }
  return bcast ? collision(prefixes, prefixesOf(now)) : null;
}

function collision(given: readonly string[], existing: readonly string[]): string | null {
  const single = 'Prefixes for a single client must not overlap.';
  for (const [i, prefix] of given.entries()) {
    const old = existing.find((other) => overlap(prefix, other));
    if (old !== undefined) {
      return `Prefix '${prefix}' overlaps with an existing prefix '${old}'. ${single}`;
    }
    const other = given.slice(i + 1).find((later) => overlap(prefix, later));
    if (other !== undefined) {
      return `Prefix '${prefix}' overlaps with another provided prefix '${other}'. ${single}`;
    }
  }
  return null;
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
