/**
 * A decoded reply with every type that RESP2 and RESP3 know, so that a reply of a server can be read,
 * joined with others, and given to a client of either protocol.
 * - `error`: without the leading `-`, with the code in front. RESP3's blob errors are errors, too.
 * - `null`: `isArray` tells RESP2's two nulls apart; RESP3 has one, which is not an array.
 * - `double`, `bignum`: their text as it came, so that no digit is lost: `1.5`, `inf`, `nan`.
 * - `verbatim`: `format` is three characters, for example `txt`.
 *
 * Source: RESP specification, https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export type RespValue =
  | { readonly kind: 'simple'; readonly text: string }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'bulk'; readonly bytes: Buffer }
  | { readonly kind: 'null'; readonly isArray: boolean }
  | { readonly kind: 'array' | 'set' | 'push'; readonly items: readonly RespValue[] }
  | {
      readonly kind: 'map';
      readonly entries: readonly (readonly [name: RespValue, value: RespValue])[];
    }
  | { readonly kind: 'double'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bignum'; readonly text: string }
  | { readonly kind: 'verbatim'; readonly format: string; readonly bytes: Buffer };
