/** A decoded reply of either protocol: strings of all kinds are text, maps are flat arrays. */
export type Frame =
  | { readonly kind: 'reply'; readonly value: FrameValue }
  | { readonly kind: 'push'; readonly value: readonly FrameValue[] };

export type FrameValue = string | number | boolean | null | Error | readonly FrameValue[];

const INCOMPLETE = Symbol('incomplete');
type Parsed = { readonly value: FrameValue; readonly end: number } | typeof INCOMPLETE;

/**
 * Decodes RESP2 and RESP3 strictly: whatever a server may not send is an error, so that a reply that
 * was damaged or put in a wrong place is seen. Shares no code with what it tests.
 */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** @throws Error if the bytes are not RESP. */
  push(chunk: Buffer): readonly Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (at < this.#bytes.length) {
      const isPush = this.#bytes[at] === '>'.charCodeAt(0);
      const parsed = parse(this.#bytes, at);
      if (parsed === INCOMPLETE) break;
      frames.push(
        isPush && Array.isArray(parsed.value)
          ? { kind: 'push', value: parsed.value }
          : { kind: 'reply', value: parsed.value },
      );
      at = parsed.end;
    }
    this.#bytes = this.#bytes.subarray(at);
    return frames;
  }
}

function parse(bytes: Buffer, at: number): Parsed {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd === -1) return INCOMPLETE;
  const mark = String.fromCharCode(bytes[at] ?? 0);
  const line = bytes.toString('latin1', at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (mark) {
    case '+':
    case '(':
      return { value: line, end };
    case '-':
      return { value: new Error(line), end };
    case ':':
      return { value: number(line), end };
    case ',':
      return { value: Number(line), end };
    case '_':
      return { value: null, end };
    case '#':
      return { value: line === 't', end };
    case '$':
    case '=':
    case '!':
      return parseBulk(bytes, end, number(line), mark);
    case '*':
    case '~':
    case '>':
      return line === '-1' ? { value: null, end } : parseItems(bytes, end, number(line));
    case '%':
      return parseItems(bytes, end, 2 * number(line));
    default:
      throw new Error(`not a reply: ${JSON.stringify(bytes.toString('latin1', at, at + 80))}`);
  }
}

function parseBulk(bytes: Buffer, start: number, length: number, mark: string): Parsed {
  if (length === -1) return { value: null, end: start };
  const end = start + length;
  if (bytes.length < end + 2) return INCOMPLETE;
  if (bytes.toString('latin1', end, end + 2) !== '\r\n') {
    throw new Error(`a string of ${length} bytes does not end where it should`);
  }
  const text = bytes.toString('latin1', mark === '=' ? start + 4 : start, end);
  return { value: mark === '!' ? new Error(text) : text, end: end + 2 };
}

function parseItems(bytes: Buffer, start: number, count: number): Parsed {
  const items: FrameValue[] = [];
  let at = start;
  while (items.length < count) {
    if (at >= bytes.length) return INCOMPLETE;
    const item = parse(bytes, at);
    if (item === INCOMPLETE) return INCOMPLETE;
    items.push(item.value);
    at = item.end;
  }
  return { value: items, end: at };
}

function number(line: string): number {
  if (!/^[+-]?\d+$/.test(line)) throw new Error(`not a number: ${JSON.stringify(line)}`);
  return Number(line);
}
