import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { ErrandOutcome, Errands } from '../errands.js';

export type ServerAnswer =
  | { readonly kind: 'reply'; readonly reply: RespValue }
  /** It has not answered, and others have taken over from it. */
  | { readonly kind: 'gone' }
  /** It has not answered for as long as a request may wait. */
  | { readonly kind: 'failed'; readonly text: string };

export interface AskOptions {
  readonly waitMs: () => number;
  readonly nowMs: () => number;
  readonly pollMs: number;
  /** Whether the server is known to hold nothing of what it is asked for any more. */
  readonly isGone: () => boolean;
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
    const failure = outcome === undefined ? null : failureOf(outcome);
    if (outcome?.kind === 'reply' && failure === null) {
      return outcome;
    }
    if (failure === null || options.isGone()) {
      return { kind: 'gone' };
    }
    if (options.nowMs() >= deadlineMs) {
      return { kind: 'failed', text: failure };
    }
    await sleep(options.pollMs);
  }
}

/** The outcome, or undefined when others have taken over from the server before it answered. */
async function outcomeOrGone(
  errands: Errands,
  nodeId: string,
  args: CommandArguments,
  { isGone, pollMs }: AskOptions,
): Promise<ErrandOutcome | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const gone = new Promise<undefined>((resolve) => {
    timer = setInterval(() => isGone() && resolve(undefined), pollMs);
  });
  try {
    const sent = errands.send([nodeId], args).then(([outcome]) => outcome);
    return await Promise.race([sent, gone]);
  } finally {
    clearInterval(timer);
  }
}

/** Why it has to be tried again; null if it has not. */
function failureOf(outcome: ErrandOutcome): string | null {
  switch (outcome.kind) {
    case 'reply':
      return outcome.reply.kind === 'error' && NOT_YET.test(outcome.reply.text)
        ? outcome.reply.text
        : null;
    case 'not_sent':
      return `CLUSTERDOWN ${outcome.reason}`;
    case 'busy':
      return `PROXYBUSY ${outcome.reason}`;
    case 'gone':
      return 'ERR the client has left';
    case 'lost':
      return `CLUSTERDOWN the connection to ${outcome.endpoint} was lost`;
  }
}
