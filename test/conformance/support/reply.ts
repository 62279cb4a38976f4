/**
 * A frame as it arrived. Payloads are latin-1 text, so that every byte shows in a message; the three
 * forms of null are told apart. `missing` and `closed` stand for a frame that did not come.
 */
export type Reply =
  | { readonly kind: 'simple' | 'error' | 'integer' | 'double' | 'boolean'; readonly text: string }
  | { readonly kind: 'bulk' | 'bignum' | 'verbatim' | 'bulk_error'; readonly text: string }
  | { readonly kind: 'null'; readonly form: '$-1' | '*-1' | '_' }
  | { readonly kind: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Reply, Reply])[] }
  | { readonly kind: 'missing' | 'closed' };

const LINES: Readonly<Record<string, 'simple' | 'error' | 'integer' | 'double' | 'boolean'>> = {
  '+': 'simple',
  '-': 'error',
  ':': 'integer',
  ',': 'double',
  '#': 'boolean',
};
const BLOBS: Readonly<Record<string, 'bulk' | 'verbatim' | 'bulk_error'>> = {
  $: 'bulk',
  '=': 'verbatim',
  '!': 'bulk_error',
};
const LISTS: Readonly<Record<string, 'array' | 'set' | 'push'>> = {
  '*': 'array',
  '~': 'set',
  '>': 'push',
};

/** Thrown inside when the bytes end before the frame does. */
class Incomplete extends Error {}

/** Cuts bytes into frames, RESP2 and RESP3. It shares no code with what it tests. */
export class FrameReader {
  #bytes = Buffer.alloc(0);
  #at = 0;

  /** @throws Error on bytes that begin no frame. */
  push(chunk: Buffer): readonly Reply[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const frames: Reply[] = [];
    for (;;) {
      const frame = this.#complete();
      if (frame === undefined) {
        return frames;
      }
      frames.push(frame);
    }
  }

  #complete(): Reply | undefined {
    this.#at = 0;
    try {
      const frame = this.#frame();
      this.#bytes = this.#bytes.subarray(this.#at);
      return frame;
    } catch (error) {
      if (error instanceof Incomplete) {
        return undefined;
      }
      throw error;
    }
  }

  #frame(): Reply {
    const line = this.#line();
    const type = line.slice(0, 1);
    const rest = line.slice(1);
    const lineKind = LINES[type];
    if (lineKind !== undefined) {
      return { kind: lineKind, text: rest };
    }
    if ((type === '$' || type === '*') && rest === '-1') {
      return { kind: 'null', form: `${type}-1` };
    }
    const blob = BLOBS[type];
    if (blob !== undefined) {
      return { kind: blob, text: this.#blob(Number(rest)) };
    }
    const list = LISTS[type];
    if (list !== undefined) {
      return { kind: list, items: this.#frames(Number(rest)) };
    }
    switch (type) {
      case '_':
        return { kind: 'null', form: '_' };
      case '(':
        return { kind: 'bignum', text: rest };
      case '%':
        return { kind: 'map', entries: pairsOf(this.#frames(2 * Number(rest))) };
      default:
        throw new Error(`no frame begins with ${JSON.stringify(line.slice(0, 80))}`);
    }
  }

  #frames(count: number): readonly Reply[] {
    return Array.from({ length: count }, () => this.#frame());
  }

  #line(): string {
    const end = this.#bytes.indexOf('\r\n', this.#at, 'latin1');
    if (end === -1) {
      throw new Incomplete();
    }
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #blob(length: number): string {
    const end = this.#at + length;
    if (end + 2 > this.#bytes.length) {
      throw new Incomplete();
    }
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return text;
  }
}

function pairsOf(items: readonly Reply[]): readonly (readonly [Reply, Reply])[] {
  return items.flatMap((key, i) => {
    const value = items[i + 1];
    return i % 2 === 0 && value !== undefined ? [[key, value] as const] : [];
  });
}

/** One line of text that tells every difference, the types included. */
export function describeReply(reply: Reply): string {
  switch (reply.kind) {
    case 'null':
      return `null(${reply.form})`;
    case 'missing':
      return '(nothing came)';
    case 'closed':
      return '(connection closed)';
    case 'map':
      return `map{${reply.entries.map((pair) => pair.map(describeReply).join(': ')).join(', ')}}`;
    case 'array':
    case 'set':
    case 'push':
      return `${reply.kind}[${reply.items.map(describeReply).join(', ')}]`;
    default:
      return `${reply.kind} ${JSON.stringify(reply.text)}`;
  }
}
