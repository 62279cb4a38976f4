const FIRST_BYTES = 256;
/** Of a header: the mark, up to 20 digits, the line end. */
const HEADER_BYTES_MAX = 24;
const CR = 0x0d;
const LF = 0x0a;

/** Collects a reply in one growing buffer: one with a million elements must not cost as many copies. */
export class ReplyWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #used = 0;

  /** A mark, a text without line ends, and the line end. */
  line(mark: string, text: string): void {
    this.#reserve(mark.length + Buffer.byteLength(text) + 2);
    this.#used += this.#buffer.write(mark, this.#used, 'latin1');
    this.#used += this.#buffer.write(text, this.#used, 'utf8');
    this.#endLine();
  }

  /** A mark, the length, and the bytes. */
  bulk(mark: string, bytes: Buffer): void {
    this.#reserve(bytes.length + HEADER_BYTES_MAX + 2);
    this.#used += this.#buffer.write(mark + bytes.length, this.#used, 'latin1');
    this.#endLine();
    this.#used += bytes.copy(this.#buffer, this.#used);
    this.#endLine();
  }

  written(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  #endLine(): void {
    this.#buffer[this.#used] = CR;
    this.#buffer[this.#used + 1] = LF;
    this.#used += 2;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    }
  }
}
