import { ProxyError } from '../errors/index.js';
import type { RespValue } from './value.js';

/** Servers nest a handful of levels; a reply that nests deeper is damaged or hostile. */
export const VALUE_DEPTH_MAX = 128;

const CR = 0x0d;
const LF = 0x0a;
const MARK = {
  simple: 0x2b,
  error: 0x2d,
  integer: 0x3a,
  bulk: 0x24,
  array: 0x2a,
  set: 0x7e,
  push: 0x3e,
  map: 0x25,
  attribute: 0x7c,
  null: 0x5f,
  boolean: 0x23,
  double: 0x2c,
  bignum: 0x28,
  blobError: 0x21,
  verbatim: 0x3d,
} as const;

const DIGIT_0 = 0x30;
/** Of a length or count: no frame holds more. */
const LENGTH_DIGITS_MAX = 10;
const INTEGER = /^[+-]?\d{1,19}$/;
const FORMAT_BYTES = 3;

/**
 * Decodes one complete frame, RESP2 or RESP3. Attributes, which say something about the value behind
 * them, are left out. Strings and verbatim strings are views of `frame`: it must not change.
 * @throws ProxyError `reply_invalid` if the frame is not valid, incomplete, or has bytes behind it.
 */
export function decodeValue(frame: Buffer): RespValue {
  const reader = new FrameReader(frame);
  const value = reader.value(0);
  reader.end();
  return value;
}

class FrameReader {
  readonly #frame: Buffer;
  #at = 0;

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  end(): void {
    if (this.#at !== this.#frame.length) {
      throw invalid(`${this.#frame.length - this.#at} bytes behind its end`);
    }
  }

  value(depth: number): RespValue {
    if (depth > VALUE_DEPTH_MAX) {
      throw invalid(`it nests more than ${VALUE_DEPTH_MAX} levels`);
    }
    switch (this.#type(depth)) {
      case MARK.simple:
        return { kind: 'simple', text: this.#line() };
      case MARK.error:
        return { kind: 'error', text: this.#line() };
      case MARK.integer:
        return { kind: 'integer', value: integer(this.#line()) };
      case MARK.bulk:
        return this.#bulk();
      case MARK.array:
        return this.#array(depth);
      case MARK.set:
        return { kind: 'set', items: this.#values(this.#length(), depth) };
      case MARK.push:
        return { kind: 'push', items: this.#values(this.#length(), depth) };
      case MARK.map:
        return { kind: 'map', entries: this.#entries(depth) };
      default:
        this.#at--;
        return this.#scalar();
    }
  }

  /** The byte that tells the type of the next value, behind its attributes. */
  #type(depth: number): number | undefined {
    for (;;) {
      const type = this.#frame[this.#at++];
      if (type !== MARK.attribute) {
        return type;
      }
      this.#entries(depth);
    }
  }

  /** The types of RESP3 that hold no other values. */
  #scalar(): RespValue {
    const at = this.#at++;
    switch (this.#frame[at]) {
      case MARK.null:
        return this.#null();
      case MARK.boolean:
        return { kind: 'boolean', value: boolean(this.#line()) };
      case MARK.double:
        return { kind: 'double', text: this.#line() };
      case MARK.bignum:
        return { kind: 'bignum', text: this.#line() };
      case MARK.blobError:
        return { kind: 'error', text: this.#bytes(this.#length()).toString() };
      case MARK.verbatim:
        return this.#verbatim();
      default:
        throw invalid(
          `no type begins with '${this.#frame.toString('latin1', at, at + 1)}' (byte ${at})`,
        );
    }
  }

  #null(): RespValue {
    if (this.#line() !== '') {
      throw invalid('a null with a value');
    }
    return { kind: 'null', isArray: false };
  }

  #bulk(): RespValue {
    const length = this.#nullableLength();
    return length === null
      ? { kind: 'null', isArray: false }
      : { kind: 'bulk', bytes: this.#bytes(length) };
  }

  #verbatim(): RespValue {
    const bytes = this.#bytes(this.#length());
    if (bytes[FORMAT_BYTES] !== 0x3a) {
      throw invalid('a verbatim string without its format');
    }
    const format = bytes.toString('latin1', 0, FORMAT_BYTES);
    return { kind: 'verbatim', format, bytes: bytes.subarray(FORMAT_BYTES + 1) };
  }

  #array(depth: number): RespValue {
    const length = this.#nullableLength();
    return length === null
      ? { kind: 'null', isArray: true }
      : { kind: 'array', items: this.#values(length, depth) };
  }

  /** Grows with what is there, never by what a count announces. */
  #values(count: number, depth: number): readonly RespValue[] {
    const items: RespValue[] = [];
    for (let i = 0; i < count; i++) {
      items.push(this.value(depth + 1));
    }
    return items;
  }

  #entries(depth: number): readonly (readonly [RespValue, RespValue])[] {
    const count = this.#length();
    const entries: (readonly [RespValue, RespValue])[] = [];
    for (let i = 0; i < count; i++) {
      entries.push([this.value(depth + 1), this.value(depth + 1)]);
    }
    return entries;
  }

  #line(): string {
    const end = this.#frame.indexOf('\r\n', this.#at, 'latin1');
    if (end === -1) {
      throw invalid('it ends within a line');
    }
    const text = this.#frame.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #bytes(length: number): Buffer {
    const start = this.#at;
    const end = start + length;
    if (this.#frame[end] !== CR || this.#frame[end + 1] !== LF) {
      throw invalid('a string that does not end where its length says');
    }
    this.#at = end + 2;
    return this.#frame.subarray(start, end);
  }

  #nullableLength(): number | null {
    if (this.#frame[this.#at] !== MARK.error) {
      return this.#length();
    }
    const text = this.#line();
    if (text !== '-1') {
      throw invalid(`'${text}' is no length`);
    }
    return null;
  }

  /** Digit by digit: large replies consist of many short strings. */
  #length(): number {
    const start = this.#at;
    let length = 0;
    let digit = (this.#frame[start] ?? CR) - DIGIT_0;
    while (digit >= 0 && digit <= 9) {
      length = length * 10 + digit;
      this.#at++;
      digit = (this.#frame[this.#at] ?? CR) - DIGIT_0;
    }
    const digits = this.#at - start;
    const isEnded = this.#frame[this.#at] === CR && this.#frame[this.#at + 1] === LF;
    if (digits === 0 || digits > LENGTH_DIGITS_MAX || !isEnded) {
      this.#at = start;
      throw invalid(`'${this.#line()}' is no length`);
    }
    this.#at += 2;
    return length;
  }
}

function integer(text: string): bigint {
  if (!INTEGER.test(text)) {
    throw invalid(`'${text}' is no integer`);
  }
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function boolean(text: string): boolean {
  if (text !== 't' && text !== 'f') {
    throw invalid(`'${text}' is no boolean`);
  }
  return text === 't';
}

function invalid(detail: string): ProxyError {
  return new ProxyError('reply_invalid', `the reply is not valid RESP: ${detail}`);
}
