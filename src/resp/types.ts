/** The version of the protocol that a connection has agreed on with HELLO; 2 without it. */
export type RespVersion = 2 | 3;

/**
 * A decoded RESP2 reply of a server to the proxy itself.
 * - `string`: a simple or a bulk string; readers of a reply never need the difference.
 * - `integer`: a number if it is a safe integer, else its decimal text, so that no digit is lost.
 * - `error`: the server's text without the leading `-`, for example `NOAUTH Authentication required.`
 * - `null`: a null bulk string or a null array.
 */
export type RespReply =
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'integer'; readonly value: number | string }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'array'; readonly items: readonly RespReply[] };

/** Words of one command. Strings are sent as UTF-8, Buffers as they are. */
export type CommandArguments = readonly (string | Buffer)[];
