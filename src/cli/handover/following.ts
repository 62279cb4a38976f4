import type { Logger } from '../../log/logger.js';
import type { Inheritance } from '../../proxy/hosted-database.js';
import type { RunningProxy } from '../environment.js';
import type { Predecessor } from './predecessor.js';

/** How a proxy takes over from the one of the process before. */
export class Following {
  readonly inheritance: Inheritance;
  readonly #predecessor: Predecessor;
  #open: () => void = () => undefined;

  /** @throws CommandError if what was left cannot be used. */
  constructor(predecessor: Predecessor) {
    this.#predecessor = predecessor;
    const mayOpen = new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    this.inheritance = { sockets: predecessor.sockets, mayOpen };
  }

  /**
   * Resolves when clients can connect: all databases at once, since none may be accepted by a process
   * that turns out to fail.
   * @throws CommandError if it takes too long; whatever `whenPrepared` and `whenListening` throw.
   */
  async open(proxy: RunningProxy, log: Logger): Promise<void> {
    const changes = await this.#predecessor.mayOpen(proxy.whenPrepared(), () => missing(proxy));
    if (changes === undefined) {
      log.warn('the process before this one has ended without a word; this one takes its place');
    }
    for (const [database, change] of Object.entries(changes ?? {})) {
      const outcome = proxy.deployment.change(database, change);
      if (outcome.kind === 'refused') {
        const reason = outcome.problems.map(({ message }) => message).join('; ');
        log.warn('a change made while the last process ran is lost', { database, reason });
      }
    }
    this.#open();
    await proxy.whenListening();
  }

  /** Resolves when everything belongs to this process. */
  serving(proxy: RunningProxy): Promise<void> {
    return this.#predecessor.serving(proxy.handover.settle());
  }
}

function missing(proxy: RunningProxy): string {
  const failed = proxy.readiness({ strictUpstream: false }).filter(({ ok }) => !ok);
  return failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
}
