import type { EffectiveConfig } from '../config/effective-config.js';
import type { Logger } from '../log/logger.js';
import type { UpstreamUser } from '../native/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import type { LoginSecret } from '../shards/index.js';
import { SYSTEM_CLOCK, type TopologyMonitor } from '../topology/index.js';
import { Logins } from './logins.js';
import { Permissions } from './permissions.js';
import type { LoginDesk } from './session.js';
import { UpstreamUsers } from './upstream-users.js';
import { UserChecks } from './user-checks.js';

export interface DatabaseUsersOptions {
  readonly config: EffectiveConfig;
  readonly monitor: TopologyMonitor;
  readonly log: Logger;
  /** The workers have to be told of the users again. */
  readonly changed: () => void;
  /** Asks every primary as the proxy. */
  readonly askPrimaries: (args: CommandArguments) => Promise<readonly RespReply[]>;
  /** @returns How many there were. */
  readonly closeClientsOf: (user: number) => Promise<number>;
}

/** Who the clients of a database are at its servers, and what they may do there. */
export class DatabaseUsers implements LoginDesk {
  readonly #options: DatabaseUsersOptions;
  readonly #users = new UpstreamUsers();
  readonly #logins: Logins;
  readonly #permissions: Permissions;
  readonly #checks: UserChecks;
  #proxyUser = 0;

  constructor(options: DatabaseUsersOptions) {
    const { config, monitor } = options;
    this.#options = options;
    this.#logins = new Logins(monitor, config.connectTimeoutMs);
    this.#permissions = new Permissions((args) => monitor.execute('any-primary', args));
    this.#checks = new UserChecks({
      clock: SYSTEM_CLOCK,
      nameOf: (user) => this.nameOf(user),
      ask: options.askPrimaries,
      deleted: (user) => this.#deleted(user),
    });
    if (this.#isEverybodyTheProxyUser) {
      this.#learnProxyUser();
    }
  }

  get all(): readonly UpstreamUser[] {
    return this.#users.all;
  }

  /** Whom clients begin as, and whether they have to log in before anything else. */
  get beginning(): { readonly clientUser: number; readonly clientMustAuthenticate: boolean } {
    const isProxyUser = this.#isEverybodyTheProxyUser;
    return {
      clientUser: isProxyUser ? this.#proxyUser : 0,
      // As long as it is not known, nobody is let in without a password.
      clientMustAuthenticate:
        !isProxyUser && this.#options.monitor.defaultUserNeedsPassword() !== false,
    };
  }

  nameOf(user: number): string {
    return this.#users.all[user]?.name || 'default';
  }

  isOpen(): boolean {
    return (
      this.#isEverybodyTheProxyUser || this.#options.monitor.defaultUserNeedsPassword() === false
    );
  }

  async logIn(
    secret: LoginSecret,
    address: string,
  ): Promise<{ readonly user: number } | { readonly refusal: string }> {
    const refusal = await this.#logins.refusalOf(secret, address);
    if (refusal !== null) {
      return { refusal };
    }
    const { index, changed } = this.#users.add(secret);
    if (changed) {
      this.#options.changed();
    }
    return { user: index };
  }

  /** As `Permissions.refusalOf`; the proxy's own user may do what the proxy may. */
  refusalOf(user: number, args: readonly Buffer[]): Promise<string | null> {
    return this.#isEverybodyTheProxyUser && user === this.#proxyUser
      ? Promise.resolve(null)
      : this.#permissions.refusalOf(this.nameOf(user), args);
  }

  /** Users may have other rights from now on: nothing that was known of them holds. */
  rightsChanged(): void {
    this.#forget();
    this.#options.monitor.probeDefaultUser();
  }

  /** A server does not let the user in. */
  refused(user: number): void {
    this.#logins.forget(this.nameOf(user));
    this.suspect(user);
    if (user === this.#proxyUser || user === 0) {
      void this.#readSecretsAgain();
    }
  }

  /**
   * The user may have been deleted. The servers' default user cannot be, and the proxy's own is who
   * would have to ask.
   */
  suspect(user: number): void {
    if (user !== 0 && user !== this.#proxyUser) {
      this.#checks.suspect(user);
    }
  }

  stop(): void {
    this.#checks.stop();
  }

  get #isEverybodyTheProxyUser(): boolean {
    return this.#options.config.clientAuth === 'none';
  }

  #learnProxyUser(): boolean {
    const secret = this.#options.config.upstreamCredentials.current();
    if (secret === null) {
      return false;
    }
    const { index, changed } = this.#users.add(secret);
    this.#proxyUser = index;
    return changed;
  }

  #forget(username?: string): void {
    this.#permissions.forget();
    this.#logins.forget(username);
  }

  async #deleted(user: number): Promise<void> {
    const name = this.nameOf(user);
    this.#forget(name);
    const clients = await this.#options.closeClientsOf(user);
    if (clients > 0) {
      this.#options.log.info('a user was deleted; its clients are closed', { user: name, clients });
    }
  }

  async #readSecretsAgain(): Promise<void> {
    await this.#options.config.upstreamCredentials.refresh();
    this.#options.monitor.probeDefaultUser();
    if (this.#isEverybodyTheProxyUser && this.#learnProxyUser()) {
      this.#options.changed();
    }
  }
}
