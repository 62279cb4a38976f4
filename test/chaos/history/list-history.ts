import { Outcome, TokenLog } from './token-log.js';

/** A key that one client alone writes to, with all that it sent. */
export class ListHistory {
  readonly key: string;
  readonly slot: number;
  /** In front of every token of this list, and of no other. */
  readonly name: string;
  readonly log = new TokenLog();

  constructor(name: string, key: string, slot: number) {
    this.name = name;
    this.key = key;
    this.slot = slot;
  }

  token(index: number): string {
    return `${this.name}:${index}`;
  }

  /** The token, with what became of it: for those who look for the cause of a violation. */
  describe(index: number): string {
    const outcome = Object.entries(Outcome).find(([, value]) => value === this.log.outcome(index));
    return `${this.token(index)} (${outcome?.[0]} at ${Math.round(this.log.answeredAt(index))} ms)`;
  }

  /** @returns The number of a token of this list that was sent, or undefined for any other text. */
  indexOf(token: string): number | undefined {
    const prefix = `${this.name}:`;
    const digits = token.slice(prefix.length);
    const index = token.startsWith(prefix) && /^\d+$/.test(digits) ? Number(digits) : -1;
    return index >= 0 && index < this.log.size ? index : undefined;
  }
}
