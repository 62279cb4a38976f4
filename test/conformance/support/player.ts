import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { Example, SendStep, Step } from './example.js';
import type { Reply } from './reply.js';

/** A server or a proxy, and the protocol that its clients speak. */
export interface Target {
  readonly kind: 'server' | 'proxy';
  readonly port: number;
  readonly protocol: 2 | 3;
}

/** What a step of an example was answered. */
export interface Answered {
  readonly step: Step;
  readonly replies: readonly Reply[];
}

/** Each name is a command whose confirmations are messages, one per channel. */
const CONFIRMED = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe'],
  ...['unsubscribe', 'punsubscribe', 'sunsubscribe'],
]);
const ATTEMPTS = 200;
const BETWEEN_ATTEMPTS_MS = 10;
const PAGES_MAX = 1_000;

/** Plays an example at one target, with connections of its own. */
export class Player {
  readonly #target: Target;
  readonly #connections = new Map<string, Connection>();
  readonly #kept = new Map<string, string>();

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * @returns One entry per step, then one per connection: what an ECHO is answered behind all that,
   * with whatever came and nobody asked for.
   */
  static async play(example: Example, target: Target): Promise<readonly Answered[]> {
    const player = new Player(target);
    try {
      const answered: Answered[] = [];
      for (const step of example) {
        answered.push({ step, replies: await player.run(step) });
      }
      answered.push(...(await player.#ends()));
      await player.quit();
      return answered;
    } finally {
      player.close();
    }
  }

  async run(step: Step): Promise<readonly Reply[]> {
    const connection = await this.#connection(step.connection);
    if (step.kind === 'receive') {
      return takeMany(connection, 'any', step.frames);
    }
    if (step.proxyOnly !== undefined && this.#target.kind === 'server') {
      return [expectedOf(step.proxyOnly)];
    }
    const replies = await this.#send(connection, step);
    const [first] = replies;
    if (step.capture !== undefined && first !== undefined && 'text' in first) {
      this.#kept.set(step.capture, first.text);
    }
    return step.proxyOnly === undefined ? replies : replies.map(cutTo(step.proxyOnly));
  }

  /** Ends all connections, and waits until the other side has ended them, with what they left. */
  async quit(): Promise<void> {
    for (const connection of this.#connections.values()) {
      connection.send(['QUIT']);
      await connection.untilClosed();
    }
  }

  close(): void {
    for (const connection of this.#connections.values()) {
      connection.close();
    }
  }

  async #connection(name: string): Promise<Connection> {
    const known = this.#connections.get(name);
    if (known !== undefined) {
      return known;
    }
    const connection = await Connection.open(this.#target.port, this.#target.protocol);
    this.#connections.set(name, connection);
    return connection;
  }

  #send(connection: Connection, step: SendStep): Promise<readonly Reply[]> {
    const words = step.words.map((word) => this.#kept.get(word.replace(/^\$/, '')) ?? word);
    switch (step.mode) {
      case 'once':
        return once(connection, words, step.frames);
      case 'until_one':
        return untilOne(connection, words);
      case 'all_pages':
        return allPages(connection, words);
    }
  }

  async #ends(): Promise<readonly Answered[]> {
    const ends: Answered[] = [];
    for (const [name, connection] of this.#connections) {
      if (!connection.isClosed) {
        connection.send(['ECHO', 'the end']);
      }
      const replies = [await connection.take('answers'), ...connection.takeRest()];
      const line = `(connection ${name}: the end)`;
      const step: Step = { kind: 'receive', line, connection: name, frames: 1, compare: 'exact' };
      ends.push({ step, replies });
    }
    return ends;
  }
}

async function once(
  connection: Connection,
  words: readonly string[],
  frames: number,
): Promise<readonly Reply[]> {
  const name = words[0]?.toLowerCase() ?? '';
  connection.send(words);
  if (frames === 0) {
    return [];
  }
  if (!CONFIRMED.has(name)) {
    return takeMany(connection, 'answers', frames);
  }
  const first = await connection.take('any');
  const isConfirmation = first.kind === 'array' || first.kind === 'push';
  const others = isConfirmation ? Math.max(frames, words.length - 1) - 1 : 0;
  return [first, ...(await takeMany(connection, 'any', others))];
}

async function takeMany(
  connection: Connection,
  source: 'answers' | 'any',
  frames: number,
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < frames) {
    replies.push(await connection.take(source));
  }
  return replies;
}

async function untilOne(connection: Connection, words: readonly string[]) {
  for (let attempt = 1; ; attempt++) {
    const replies = await once(connection, words, 1);
    const [reply] = replies;
    if ((reply?.kind === 'integer' && reply.text === '1') || attempt === ATTEMPTS) {
      return replies;
    }
    await sleep(BETWEEN_ATTEMPTS_MS);
  }
}

/** All elements of all pages, each once, as one array. Anything but a page ends it. */
async function allPages(connection: Connection, words: readonly string[]) {
  const items: Reply[] = [];
  let next = words;
  for (let page = 1; page <= PAGES_MAX; page++) {
    const [reply = { kind: 'missing' }] = await once(connection, next, 1);
    const [cursor, list] = reply.kind === 'array' ? reply.items : [];
    if (cursor?.kind !== 'bulk' || list?.kind !== 'array') {
      return [reply];
    }
    items.push(...list.items);
    if (cursor.text === '0') {
      return [{ kind: 'array' as const, items: withoutRepeats(items) }];
    }
    const at = words.indexOf('0');
    next = words.map((word, i) => (i === at ? cursor.text : word));
  }
  throw new Error(`${words.join(' ')}: no end after ${PAGES_MAX} pages`);
}

function withoutRepeats(items: readonly Reply[]): readonly Reply[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** What the proxy alone must answer, from its first words. */
function expectedOf(beginning: string): Reply {
  return { kind: beginning === 'OK' ? 'simple' : 'error', text: beginning };
}

function cutTo(beginning: string): (reply: Reply) => Reply {
  const expected = expectedOf(beginning);
  return (reply) =>
    reply.kind === expected.kind && 'text' in reply && reply.text.startsWith(beginning)
      ? expected
      : reply;
}
