/** The numbered messages of one publisher on one channel. */
export class ChannelPublications {
  readonly name: string;
  readonly isShardChannel: boolean;
  readonly #unknown = new Set<number>();
  #count = 0;

  constructor(name: string, isShardChannel: boolean) {
    this.name = name;
    this.isShardChannel = isShardChannel;
  }

  next(): number {
    return this.#count++;
  }

  /** Nobody knows whether it was published, or will be. */
  failed(number: number): void {
    this.#unknown.add(number);
  }

  isUnknown(number: number): boolean {
    return this.#unknown.has(number);
  }
}

/** A message that a subscriber should not have got: a second time, or behind a younger one. */
export interface OddMessage {
  readonly number: number;
  readonly last: number;
  readonly at: number;
  readonly kind: 'twice' | 'disordered';
}

const ODD_MAX = 1_000;
/** A message that comes again does so soon. */
const REMEMBERED = 4_096;

/** What one subscriber got of one publisher's numbered messages on one channel. */
export class ChannelHistory {
  readonly subscriber: string;
  readonly publications: ChannelPublications;
  readonly #recent = new Set<number>();
  readonly #odd: OddMessage[] = [];
  #last = -1;
  #received = 0;

  constructor(subscriber: string, publications: ChannelPublications) {
    this.subscriber = subscriber;
    this.publications = publications;
  }

  get received(): number {
    return this.#received;
  }

  get last(): number {
    return this.#last;
  }

  get odd(): readonly OddMessage[] {
    return this.#odd;
  }

  message(number: number, at: number): void {
    this.#received++;
    if (number <= this.#last && this.#odd.length < ODD_MAX) {
      this.#odd.push({
        number,
        last: this.#last,
        at,
        kind: this.#recent.has(number) ? 'twice' : 'disordered',
      });
    }
    this.#last = Math.max(this.#last, number);
    this.#recent.add(number);
    const [oldest] = this.#recent;
    if (this.#recent.size > REMEMBERED && oldest !== undefined) this.#recent.delete(oldest);
  }
}
