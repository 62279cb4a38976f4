/** What the proxy logs in with. Without a user name it is the default user's password. */
export interface LoginSecret {
  readonly username?: string;
  readonly password: string;
}

/** Where the secrets come from. The holder of one never logs or copies what it gives. */
export interface Credentials {
  /** What to log in with now, or null to send no AUTH. */
  current(): LoginSecret | null;
  /** Reads the source again, as after a refusal: the password may have been changed meanwhile. */
  refresh(): Promise<void>;
}

export const NO_CREDENTIALS: Credentials = {
  current: () => null,
  refresh: () => Promise.resolve(),
};
