import type { PasswordSource } from './password-source.js';

/**
 * What the proxy itself logs in with at the servers. Has the shape that control connections take
 * as their credentials.
 */
export class UpstreamCredentials {
  readonly #username: string | undefined;
  readonly #password: PasswordSource | undefined;

  constructor(username: string | undefined, password: PasswordSource | undefined) {
    this.#username = username;
    this.#password = password;
  }

  /** Where the password comes from, for messages; undefined if there is none. */
  get passwordOrigin(): string | undefined {
    return this.#password?.origin;
  }

  /** The same password with another user, such as one that a seed's URL names. */
  withUsername(username: string): UpstreamCredentials {
    return new UpstreamCredentials(username, this.#password);
  }

  /** What to log in with now, or null to send no AUTH. The caller never logs or keeps it. */
  current(): { readonly username?: string; readonly password: string } | null {
    if (this.#username === undefined && this.#password === undefined) return null;
    // A user without a password accepts any: the empty one is as good as another.
    const password = this.#password?.current().reveal() ?? '';
    return this.#username === undefined ? { password } : { username: this.#username, password };
  }

  /** Makes the next `current` read its source again, as after a refusal by a server. */
  refresh(): Promise<void> {
    this.#password?.refresh();
    return Promise.resolve();
  }

  toJSON(): string {
    return '***';
  }
}
