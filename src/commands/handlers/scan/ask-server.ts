import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { ErrandOutcome, Errands } from '../errands.js';

export type ServerAnswer =
  | { readonly kind: 'reply'; readonly reply: RespValue }
  /** It has not answered, and it holds nothing any more. */
  | { readonly kind: 'gone' }
  /** It has not answered for as long as a request may wait. */
  | { readonly kind: 'failed'; readonly text: string };

export interface AskOptions {
  readonly waitMs: () => number;
  readonly nowMs: () => number;
  readonly pollMs: number;
  /** Whether others have taken over all that the server held. */
  readonly isGone: () => Promise<boolean>;
}

/** What a server says that will serve in a while. */
const NOT_YET = /^(LOADING|MASTERDOWN|CLUSTERDOWN) /;

/** Sends a command that only reads to one server, again and again until it is answered. */
export async function askServer(
  errands: Errands,
  nodeId: string,
  args: CommandArguments,
  options: AskOptions,
): Promise<ServerAnswer> {
  const deadlineMs = options.nowMs() + options.waitMs();
  for (;;) {
    const outcome = await outcomeOrGone(errands, nodeId, args, options);
    const failure = outcome === undefined ? null : failureOf(nodeId, outcome);
    if (outcome?.kind === 'reply' && failure === null) {
      return outcome;
    }
    if (failure === null || (await options.isGone())) {
      return { kind: 'gone' };
    }
    if (options.nowMs() >= deadlineMs || errands.isGone()) {
      return { kind: 'failed', text: failure };
    }
    await sleep(options.pollMs);
  }
}

/** The outcome, or undefined when the server was found to be gone before there was one. */
async function outcomeOrGone(
  errands: Errands,
  nodeId: string,
  args: CommandArguments,
  options: AskOptions,
): Promise<ErrandOutcome | undefined> {
  const answered = new AbortController();
  const sent = errands.send([nodeId], args).then(([outcome]) => outcome);
  try {
    return await Promise.race([sent, untilGone(options, answered.signal)]);
  } finally {
    answered.abort();
  }
}

/** Ends when the server is gone, or when nobody wants to know any more. */
async function untilGone({ isGone, pollMs }: AskOptions, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) {
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && (await isGone())) {
      return;
    }
  }
}

/** Why it has to be tried again; null if it has not. */
function failureOf(nodeId: string, outcome: ErrandOutcome): string | null {
  switch (outcome.kind) {
    case 'reply':
      return outcome.reply.kind === 'error' && NOT_YET.test(outcome.reply.text)
        ? outcome.reply.text
        : null;
    case 'not_sent':
      return `CLUSTERDOWN no connection to ${nodeId}: ${outcome.reason || 'not connected yet'}`;
    case 'busy':
      return `PROXYBUSY ${outcome.reason}`;
    case 'gone':
      return 'ERR the client has left';
    case 'lost':
      return `CLUSTERDOWN the connection to ${outcome.endpoint} was lost`;
  }
}
