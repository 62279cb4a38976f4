import { readFileSync, statSync } from 'node:fs';
import { Secret } from './secret.js';

/** Where the password of the proxy's own user comes from. */
export interface PasswordSource {
  /** For messages: names the place, never the password. */
  readonly origin: string;
  /** The password as it is now. Throws if it comes from a file that could never be read. */
  current(): Secret;
  /** Reads the source again, even if it seems unchanged. */
  refresh(): void;
}

/** A password that does not change while the process runs. */
export class FixedPassword implements PasswordSource {
  readonly origin: string;
  readonly #secret: Secret;

  constructor(origin: string, text: string) {
    this.origin = origin;
    this.#secret = new Secret(text);
  }

  current(): Secret {
    return this.#secret;
  }

  refresh(): void {}
}

/** A password in a file, read again when the file changed. One line end at its end is not part of it. */
export class PasswordFile implements PasswordSource {
  readonly origin: string;
  readonly #path: string;
  #version = '';
  #secret: Secret | undefined;

  constructor(path: string) {
    this.#path = path;
    this.origin = path;
  }

  current(): Secret {
    try {
      return this.#readIfChanged();
    } catch (error) {
      // While a file is being replaced it may be missing: the last password stays in use.
      if (this.#secret === undefined) throw error;
      return this.#secret;
    }
  }

  refresh(): void {
    this.#version = '';
  }

  #readIfChanged(): Secret {
    // The inode is part of the version: Kubernetes swaps secrets by renaming a symbolic link.
    const { ino, mtimeMs, size } = statSync(this.#path);
    const version = `${ino} ${mtimeMs} ${size}`;
    if (this.#secret === undefined || version !== this.#version) {
      this.#secret = new Secret(readFileSync(this.#path, 'utf8').replace(/\r?\n$/, ''));
      this.#version = version;
    }
    return this.#secret;
  }
}
