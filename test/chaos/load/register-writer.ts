import { RegisterHistory } from '../history/register-history.js';
import { type Actor, inRounds, type LoadContext } from './actor.js';
import type { Session } from './session.js';

const PAUSE_MS = 40;

/** Sets its keys to rising numbers, one or all of them at once, and reads them back, pipelined. */
export class RegisterWriter implements Actor {
  readonly #session: Session;
  readonly #context: LoadContext;
  readonly #groups: readonly (readonly RegisterHistory[])[];

  /** @param crossSlot One MSET and MGET for the keys of all slots, or one for those of each. */
  constructor(session: Session, context: LoadContext, crossSlot: boolean) {
    this.#session = session;
    this.#context = context;
    const byTag = context.tags.map((tag) =>
      [1, 2].map(
        (n) =>
          new RegisterHistory(session.name, `{${tag.name}}:reg:${session.name}:${n}`, tag.slot),
      ),
    );
    this.#groups = crossSlot ? [byTag.flat()] : byTag;
  }

  async run(): Promise<void> {
    await this.#session.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS }, () => {
      const group = this.#context.random.pick(this.#groups);
      const one = this.#context.random.pick(group);
      return Promise.all([
        this.#set(group, 'mset', 'MSET'),
        this.#get(group),
        this.#set([one], 'set', 'SET'),
        this.#get(group),
      ]);
    });
  }

  close(): void {
    this.#session.close();
  }

  #set(group: readonly RegisterHistory[], operation: 'mset' | 'set', command: string) {
    const numbers = group.map((register) => register.next());
    const pairs = group.map((register, i) => [register.key, register.value(numbers[i] ?? 0)]);
    return this.#session.request({
      operation,
      slots: slotsOf(group),
      mayBeOvertaken: true,
      args: [command, ...pairs.flat()],
      accept: (reply, at) => {
        if (reply !== 'OK') return `got ${JSON.stringify(reply)}, not OK`;
        for (const [i, register] of group.entries()) register.acknowledge(numbers[i] ?? 0, at);
        return undefined;
      },
    });
  }

  #get(group: readonly RegisterHistory[]) {
    return this.#session.request({
      operation: 'mget',
      slots: slotsOf(group),
      mayBeOvertaken: true,
      args: ['MGET', ...group.map((register) => register.key)],
      accept: (reply, at) => {
        if (!Array.isArray(reply) || reply.length !== group.length) {
          return `got ${JSON.stringify(reply)}, not ${group.length} values`;
        }
        const problems = group.flatMap((register, i) => register.read(reply[i], at) ?? []);
        for (const problem of problems) {
          if (problem.kind === 'stale') this.#context.recorder.stale(problem.read);
        }
        return problems.find((problem) => problem.kind === 'foreign')?.detail;
      },
    });
  }
}

function slotsOf(group: readonly RegisterHistory[]): number[] {
  return [...new Set(group.map((register) => register.slot))];
}
