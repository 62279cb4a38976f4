import type { ProxyErrorCode } from './codes.js';

/**
 * An operational failure: something outside the program is not as it should be. The message says
 * what, where and what to do, and never holds a password or a value of a key.
 */
export class ProxyError extends Error {
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ProxyError';
    this.code = code;
  }
}
