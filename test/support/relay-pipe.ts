import type { Socket } from 'node:net';

interface Piece {
  /** When it may go on, on the clock of `performance`. */
  readonly due: number;
  /** null is the FIN. */
  readonly bytes: Buffer | null;
}

/** One direction of a connection through a relay. */
export class RelayPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  #waiting: Piece[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isFrozen = false;
  #delayMs = 0;
  #onCut: (() => void) | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#take(null));
    to.on('drain', () => this.#readOrNot());
  }

  adjust(isFrozen: boolean, delayMs: number): void {
    this.#isFrozen = isFrozen;
    this.#delayMs = delayMs;
    this.#readOrNot();
    this.#passOn();
  }

  /** Half of the next bytes arrives; then `cut` is called. */
  cutNext(cut: () => void): void {
    this.#onCut = cut;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #take(bytes: Buffer | null): void {
    if (bytes !== null && this.#onCut !== undefined) {
      this.#to.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), this.#onCut);
      this.#onCut = undefined;
      this.#from.pause();
      return;
    }
    this.#waiting.push({ due: performance.now() + this.#delayMs, bytes });
    this.#passOn();
  }

  #passOn(): void {
    clearTimeout(this.#timer);
    while (!this.#isFrozen) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const wait = next.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#passOn(), wait);
        break;
      }
      this.#waiting.shift();
      this.#send(next.bytes);
    }
    this.#readOrNot();
  }

  #send(bytes: Buffer | null): void {
    if (this.#to.destroyed) return;
    if (bytes === null) this.#to.end();
    else this.#to.write(bytes);
  }

  #readOrNot(): void {
    if (this.#isFrozen || this.#to.writableNeedDrain) this.#from.pause();
    else this.#from.resume();
  }
}
