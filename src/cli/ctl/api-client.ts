import { CommandError, EXIT_FAILURE } from '../exit.js';

const TIMEOUT_MS = 10_000;

/** The REST interface of a running Slotgate. */
export class ApiClient {
  readonly #url: string;

  /** @param url For example `http://127.0.0.1:12090`. */
  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** @throws CommandError that says what the other side objects to, or that it does not answer. */
  async get<T>(path: string): Promise<T> {
    return this.#ask<T>('GET', path);
  }

  /** @throws As `get`. */
  async put<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T> {
    return this.#ask<T>('PUT', path, JSON.stringify(body));
  }

  /** @param timeoutMs For orders that take their time. @throws As `get`. */
  async post<T>(
    path: string,
    body: Readonly<Record<string, unknown>>,
    timeoutMs = TIMEOUT_MS,
  ): Promise<T> {
    return this.#ask<T>('POST', path, JSON.stringify(body), timeoutMs);
  }

  async #ask<T>(method: string, path: string, body?: string, timeoutMs = TIMEOUT_MS): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    }).catch((error: unknown) => {
      throw new CommandError(EXIT_FAILURE, this.#unreachable(error));
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    throw new CommandError(EXIT_FAILURE, refusal(response.status, text));
  }

  #unreachable(error: unknown): string {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return `${this.#url} does not answer (${why}); is slotgate running with --admin there? --url or SLOTGATE_CTL_URL names another`;
  }
}

function refusal(status: number, text: string): string {
  try {
    const { error_code: code, description } = JSON.parse(text);
    if (typeof code === 'string') return `${description} [${code}]`;
  } catch {
    // Not one of our answers: shown as it is.
  }
  return `HTTP ${status}: ${text.trim()}`;
}
