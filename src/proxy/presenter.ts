import { type PresentationView, STANDALONE_VIEW } from '../commands/index.js';
import type { DataPlane, NativePeerRule, NativePresentation } from '../native/index.js';
import { type ClientView, clientViews, type Mode, type Viewer } from '../placement/index.js';
import type { Clock } from '../topology/index.js';
import { presentationView } from './presentation-view.js';
import {
  type Clientele,
  isSamePresentation,
  presentationFor,
  RedirectTables,
  type Situation,
  shownTo,
  strictnessOf,
} from './presentations.js';
import { QuietSlots } from './quiet-slots.js';

/** Slots that become loud one after the other are published together. */
const PUBLICATION_GAP_MS = 100;
/** Clients of unix sockets: on this machine, whatever addresses they have. */
const AT_UNIX_SOCKET: ClientView = { cidr: 'unix', viewer: { subnet: null, localIp: '' } };

export interface PresenterOptions {
  readonly database: number;
  /** Of the database. */
  readonly name: string;
  readonly plane: Pick<DataPlane, 'setPresentations'>;
  readonly clock: Clock;
  readonly movedQuietMs: () => number;
  /** How long clients of mode `cluster` are helped after it was left. */
  readonly lingerMs: () => number;
}

/**
 * What the clients of a database are shown. A clientele gets a number when clients may first belong to
 * it and keeps it; what it is shown is published anew whenever that changes.
 */
export class Presenter {
  readonly #options: PresenterOptions;
  readonly #clienteles: Clientele[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #quiet = new QuietSlots();
  #situation: Situation | undefined;
  #published: readonly NativePresentation[] = [];
  #lingersUntilMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(options: PresenterOptions) {
    this.#options = options;
  }

  /** Clients are shown this from the next turn on. */
  show(situation: Situation): void {
    const { clock } = this.#options;
    this.#noteLeaving(situation);
    this.#quiet.note(situation.owners, situation.nodes, clock.nowMs());
    this.#situation = situation;
    this.#publish();
  }

  /** Nothing of the situation has changed that presentations depend on. */
  renew(situation: Situation): void {
    this.#situation = situation;
  }

  stop(): void {
    this.#cancel?.();
  }

  get situation(): Situation | undefined {
    return this.#situation;
  }

  /**
   * Who new clients of a node's listener are. Numbers in it have been published.
   * @param mode Of the listener itself, if it has one.
   */
  rulesFor(
    node: string,
    kind: 'tcp' | 'unix',
    mode: Mode | null = null,
  ): readonly NativePeerRule[] {
    const strictness = strictnessOf(mode ?? this.#situation?.settings.mode ?? 'standalone');
    const views = kind === 'unix' ? [AT_UNIX_SOCKET] : this.#views;
    const known = this.#clienteles.length;
    const rules = views.map((view) => ({
      cidr: kind === 'unix' ? '' : view.cidr,
      presentation: this.#numberOf({ node, mode, view, strictness }),
    }));
    if (this.#clienteles.length > known) {
      this.#publish();
    }
    return rules;
  }

  /** The numbers of all clienteles. */
  get clienteles(): readonly number[] {
    return [...this.#clienteles.keys()];
  }

  /** The numbers of all clienteles of a node. */
  clientelesOf(node: string): readonly number[] {
    return this.clienteles.filter((number) => this.#clienteles[number]?.node === node);
  }

  /** Anybody of a clientele. */
  viewerOf(number: number): Viewer {
    return (this.#clienteles[number]?.view ?? AT_UNIX_SOCKET).viewer;
  }

  /** What handlers may know of a client that is shown this. */
  viewOf(number: number): PresentationView {
    const clientele = this.#clienteles[number];
    const published = this.#published[number];
    const situation = this.#situation;
    if (clientele === undefined || published === undefined || situation === undefined) {
      return STANDALONE_VIEW;
    }
    const shown = shownTo(clientele, situation, this.#lingers);
    const database = this.#options.name;
    return presentationView({ database, clientele, situation, shown, published });
  }

  /** Everything that may differ between clients: addresses of nodes, addresses of servers. */
  get #views(): readonly ClientView[] {
    const { nodes = [], advertised } = this.#situation ?? {};
    const ofNodes = nodes.flatMap(({ clientAddresses }) => clientAddresses.map((a) => a.clients));
    return clientViews([...ofNodes, ...(advertised?.clients ?? [])]);
  }

  get #lingers(): boolean {
    return this.#options.clock.nowMs() < this.#lingersUntilMs;
  }

  #noteLeaving({ settings, listening }: Situation): void {
    const before = this.#situation;
    if (settings.mode === 'cluster' || before === undefined) {
      this.#lingersUntilMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const hasShrunk = before.listening.some((node) => !listening.includes(node));
    if (before.settings.mode === 'cluster' || (this.#lingers && hasShrunk)) {
      this.#lingersUntilMs = this.#options.clock.nowMs() + this.#options.lingerMs();
    }
  }

  #numberOf(clientele: Clientele): number {
    const { node, mode, view, strictness } = clientele;
    const key = JSON.stringify([node, mode, view.cidr, strictness]);
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      return known;
    }
    const number = this.#clienteles.push(clientele) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #publish(): void {
    const situation = this.#situation;
    if (situation === undefined) {
      return;
    }
    const { clock, movedQuietMs, plane, database } = this.#options;
    const nowMs = clock.nowMs();
    const quietMs = movedQuietMs();
    const isQuiet = (slot: number) => this.#quiet.isQuiet(slot, nowMs, quietMs);
    const tables = new RedirectTables(situation.owners, isQuiet);
    const next = this.#clienteles.map((clientele) =>
      presentationFor(clientele, situation, this.#lingers, tables),
    );
    if (!isSame(this.#published, next)) {
      this.#published = next;
      plane.setPresentations(database, next);
    }
    this.#publishLater(nowMs, quietMs);
  }

  /** At the next moment at which something changes by itself. */
  #publishLater(nowMs: number, quietMs: number): void {
    const lingersUntilMs = this.#lingers ? this.#lingersUntilMs : Number.POSITIVE_INFINITY;
    const nextMs = Math.min(
      lingersUntilMs,
      this.#quiet.nextEndMs(nowMs, quietMs) ?? Number.POSITIVE_INFINITY,
    );
    this.#cancel?.();
    this.#cancel =
      nextMs === Number.POSITIVE_INFINITY
        ? undefined
        : this.#options.clock.after(Math.max(PUBLICATION_GAP_MS, nextMs - nowMs), () =>
            this.#publish(),
          );
  }
}

function isSame(a: readonly NativePresentation[], b: readonly NativePresentation[]): boolean {
  return (
    a.length === b.length &&
    a.every((presentation, index) => {
      const other = b[index];
      return other !== undefined && isSamePresentation(presentation, other);
    })
  );
}
