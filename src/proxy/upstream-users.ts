import { createHash, timingSafeEqual } from 'node:crypto';
import type { UpstreamUser } from '../native/index.js';
import type { LoginSecret } from '../shards/index.js';

/** The servers' default user, for connections that never log in. */
const NOBODY: UpstreamUser = { name: '', password: '', authenticates: false };
/** Users that one process can serve; names are the servers', so this only bounds a mistake. */
const USERS_MAX = 10_000;

/**
 * Whom clients are at the servers. A user keeps its number for the life of the process: the data
 * plane names users by it.
 */
export class UpstreamUsers {
  readonly #users: UpstreamUser[] = [NOBODY];

  get all(): readonly UpstreamUser[] {
    return this.#users;
  }

  /**
   * Remembers a user whose password a server has just accepted; links opened from now on use it.
   * @returns The user's number, and whether the data plane has to be told of a change.
   */
  add({ username = 'default', password }: LoginSecret): {
    readonly index: number;
    readonly changed: boolean;
  } {
    const known = this.#users.findIndex((user) => user.authenticates && user.name === username);
    const index = known === -1 ? this.#users.length : known;
    const before = this.#users[index];
    if (before !== undefined && samePassword(before.password, password)) {
      return { index, changed: false };
    }
    if (index >= USERS_MAX) {
      throw new RangeError(`more than ${USERS_MAX} users logged in since the start`);
    }
    this.#users[index] = { name: username, password, authenticates: true };
    return { index, changed: true };
  }
}

function samePassword(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
