import { type HttpRoute, jsonResponse } from '../http/types.js';
import { problem } from './responses.js';

/** What became of a hand-over to a new process. */
export type HandoverOutcome =
  /** That process serves. */
  | {
      readonly kind: 'done';
      readonly pid: number;
      /** How many listening sockets it has taken. */
      readonly sockets: number;
      readonly durationMs: number;
    }
  /** None was started. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was not ready; the old one goes on. */
  | { readonly kind: 'failed'; readonly reason: string };

/** `POST /v1/handover`, which answers when a new process serves or has failed. */
export function handoverRoute(request: () => Promise<HandoverOutcome>): HttpRoute {
  return {
    method: 'POST',
    path: '/v1/handover',
    handler: async () => {
      const outcome = await request();
      switch (outcome.kind) {
        case 'done': {
          const { pid, sockets, durationMs } = outcome;
          return { ...jsonResponse(200, { pid, sockets, duration_ms: durationMs }), isLast: true };
        }
        case 'refused':
          return problem(409, 'handover_refused', outcome.reason);
        case 'failed':
          return problem(500, 'handover_failed', outcome.reason);
      }
    },
  };
}
