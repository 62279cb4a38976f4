import type { RespValue } from '../../resp/index.js';

export type ErrorValue = Extract<RespValue, { readonly kind: 'error' }>;
type Pair = readonly [name: RespValue, value: RespValue];

export function errorValue(text: string): ErrorValue {
  return { kind: 'error', text };
}

export function bulkValue(content: string | Buffer): RespValue {
  return { kind: 'bulk', bytes: typeof content === 'string' ? Buffer.from(content) : content };
}

export function integerValue(value: bigint | number): RespValue {
  return { kind: 'integer', value: BigInt(value) };
}

export function isError(value: RespValue): value is ErrorValue {
  return value.kind === 'error';
}

/** The elements of an array, set or push; of anything else, none. */
export function itemsIn(value: RespValue | undefined): readonly RespValue[] {
  return value !== undefined && 'items' in value ? value.items : [];
}

/** The text of a string of any kind, or of a number; of anything else, the empty string. */
export function textIn(value: RespValue | undefined): string {
  switch (value?.kind) {
    case 'bulk':
    case 'verbatim':
      return value.bytes.toString();
    case 'simple':
    case 'double':
    case 'bignum':
      return value.text;
    case 'integer':
      return String(value.value);
    default:
      return '';
  }
}

/** An integer; of anything else, 0. */
export function integerIn(value: RespValue | undefined): bigint {
  return value?.kind === 'integer' ? value.value : 0n;
}

/** Names and values of a map, which in RESP2 is a flat array; of anything else, none. */
export function pairsIn(value: RespValue | undefined): readonly Pair[] {
  if (value?.kind === 'map') {
    return value.entries;
  }
  const items = itemsIn(value);
  const pairs: Pair[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [name, content] = items.slice(i, i + 2);
    if (name !== undefined && content !== undefined) {
      pairs.push([name, content]);
    }
  }
  return pairs;
}

/** A map by the text of its names; of two equal names the last counts. */
export function fieldsIn(value: RespValue | undefined): ReadonlyMap<string, RespValue> {
  return new Map(pairsIn(value).map(([name, content]) => [textIn(name), content]));
}

/** A map with text names; in RESP2 it is sent as a flat array. */
export function mapValue(fields: Iterable<readonly [string, RespValue]>): RespValue {
  return {
    kind: 'map',
    entries: [...fields].map(([name, content]) => [bulkValue(name), content] as const),
  };
}

/** `text` as a string of the kind of `sample`: verbatim if the server's was, else a bulk string. */
export function textLike(sample: RespValue | undefined, text: string): RespValue {
  return sample?.kind === 'verbatim'
    ? { kind: 'verbatim', format: sample.format, bytes: Buffer.from(text) }
    : bulkValue(text);
}
