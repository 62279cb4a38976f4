/** A read that showed less than what was acknowledged before it was sent. */
export interface StaleRead {
  readonly key: string;
  readonly slot: number;
  readonly saw: number;
  readonly acknowledged: number;
  readonly acknowledgedAt: number;
  readonly at: number;
}

export type RegisterProblem =
  | { readonly kind: 'stale'; readonly read: StaleRead }
  | { readonly kind: 'foreign'; readonly detail: string };

/** A key that one client sets to rising numbers and reads back, over one connection. */
export class RegisterHistory {
  readonly key: string;
  readonly slot: number;
  readonly #owner: string;
  #sent = 0;
  #acknowledged = 0;
  #acknowledgedAt = 0;

  constructor(owner: string, key: string, slot: number) {
    this.#owner = owner;
    this.key = key;
    this.slot = slot;
  }

  /** Values name key and owner, so that one that belongs elsewhere is seen. */
  value(number: number): string {
    return `${this.#owner}|${this.key}|${number}`;
  }

  next(): number {
    return ++this.#sent;
  }

  acknowledge(number: number, at: number): void {
    if (number <= this.#acknowledged) return;
    this.#acknowledged = number;
    this.#acknowledgedAt = at;
  }

  /**
   * Looks at the reply to a read. Replies come in order, so what was acknowledged by now was sent
   * before the read. A read that was repeated may see what was sent behind it.
   */
  read(reply: unknown, at: number): RegisterProblem | undefined {
    const number = reply === null ? 0 : this.#numberOf(reply);
    if (number === undefined || number > this.#sent) {
      return { kind: 'foreign', detail: `${this.key} holds ${JSON.stringify(reply)}` };
    }
    const { key, slot } = this;
    const acknowledged = this.#acknowledged;
    if (number >= acknowledged) return undefined;
    const acknowledgedAt = this.#acknowledgedAt;
    // From here on the older value is what there is.
    this.#acknowledged = number;
    return {
      kind: 'stale',
      read: { key, slot, saw: number, acknowledged, acknowledgedAt, at },
    };
  }

  #numberOf(reply: unknown): number | undefined {
    const prefix = this.value(0).slice(0, -1);
    const text = String(reply);
    const digits = text.slice(prefix.length);
    return text.startsWith(prefix) && /^\d+$/.test(digits) ? Number(digits) : undefined;
  }
}
