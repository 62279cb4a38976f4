import { type HttpHandler, textResponse } from './types.js';

/** One thing that must be so, checked now. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Why not, or how well; one line. */
  readonly detail: string;
}

/**
 * A probe: 200 if every check holds, else 503. The failing checks are always listed, so that the
 * probe's own output says why; `?verbose` lists all, as Kubernetes' own servers do.
 */
export function healthHandler(
  checks: (query: URLSearchParams) => readonly HealthCheck[],
): HttpHandler {
  return ({ query }) => {
    const results = checks(query);
    const failed = results.filter((check) => !check.ok);
    const listed = query.has('verbose') ? results : failed;
    const verdict = failed.length === 0 ? 'ok' : 'not ok';
    const lines = [...listed.map(line), verdict, ''];
    return textResponse(failed.length === 0 ? 200 : 503, lines.join('\n'));
  };
}

function line({ name, ok, detail }: HealthCheck): string {
  return `[${ok ? '+' : '-'}]${name}${detail === '' ? '' : `: ${detail}`}`;
}
