import type { NativePresentation } from '../native/index.js';
import {
  type ClientView,
  type Mode,
  type PlacementSettings,
  type ProxyPictureInput,
  portOn,
  redirectTarget,
  type SteppingAsideInput,
  shownAddress,
  steppingAside,
} from '../placement/index.js';

/**
 * What a client was told about requests when it connected, and can live with ever since:
 * loose: any keys, all answered here; one_slot: keys of one slot, all answered here; redirected: keys
 * of one slot, and MOVED where another node is to be asked.
 * A mode that is stricter than that is for new clients only.
 */
export type Strictness = 'loose' | 'one_slot' | 'redirected';

export function strictnessOf(mode: Mode): Strictness {
  switch (mode) {
    case 'standalone':
    case 'auto':
      return 'loose';
    case 'direct':
      return 'one_slot';
    case 'cluster':
      return 'redirected';
  }
}

/** Clients that are shown the same: of one node, one part of the network, and connected alike. */
export interface Clientele {
  /** Id of the node. */
  readonly node: string;
  /** Of their listener; null: that of the database. */
  readonly mode: Mode | null;
  readonly view: ClientView;
  readonly strictness: Strictness;
}

/** Whom a database shows to clients that ask for the topology; `nothing`: it says that it is no cluster. */
export type Shown = 'nothing' | 'proxies' | 'servers';

/** All that presentations depend on. */
export interface Situation
  extends Pick<ProxyPictureInput, 'port' | 'nodes' | 'listening' | 'owners' | 'topology'>,
    Pick<SteppingAsideInput, 'advertised' | 'lendsItsUser'> {
  readonly settings: PlacementSettings;
}

/** In `NativePresentation.slotToTarget`: served here. */
const HERE = 0xffff;
const NOWHERE_ELSE = new Uint16Array(0);

/**
 * @param lingers The database has just left mode `cluster`. Its clients ask over new connections where
 * to go from here, so these are shown the proxies, too.
 */
export function shownTo(clientele: Clientele, situation: Situation, lingers: boolean): Shown {
  const { view, strictness } = clientele;
  const mode = modeFor(clientele, situation);
  if (mode === 'cluster') {
    return 'proxies';
  }
  if (mode !== 'standalone' && steppingAside({ ...situation, ...view }).kind === 'ok') {
    return 'servers';
  }
  const isLeft = lingers && clientele.mode === null;
  return isLeft || strictness === 'redirected' ? 'proxies' : 'nothing';
}

/** Whether each node is there for slots of its own, for these clients. */
export function hasOwnSlots(clientele: Clientele, situation: Situation): boolean {
  return clientele.strictness === 'redirected' && modeFor(clientele, situation) === 'cluster';
}

/** How the database presents itself to the clients now. */
export function modeFor({ mode }: Clientele, { settings }: Situation): Mode {
  return mode ?? settings.mode;
}

/**
 * Whether the clients are told which other node serves a slot. Who connected in mode `cluster` is
 * called away in any mode from a node that will close: nothing else makes a busy client look for another.
 */
function isRedirected(clientele: Clientele, situation: Situation): boolean {
  const isRetired = !situation.listening.includes(clientele.node);
  return hasOwnSlots(clientele, situation) || (clientele.strictness === 'redirected' && isRetired);
}

/** Which node serves each slot, as each node sees it: most of its clienteles share one table. */
export class RedirectTables {
  readonly #owners: Uint16Array;
  readonly #isQuiet: (slot: number) => boolean;
  readonly #tables = new Map<string, Uint16Array>();

  /** @param isQuiet Whether the owner of a slot has just changed, so that nobody is sent there yet. */
  constructor(owners: Uint16Array, isQuiet: (slot: number) => boolean) {
    this.#owners = owners;
    this.#isQuiet = isQuiet;
  }

  /** @param isHere Whether the node at this index is the one that answers. */
  for(isHere: readonly boolean[]): Uint16Array {
    const key = isHere.join();
    const known = this.#tables.get(key);
    if (known !== undefined) {
      return known;
    }
    const table = this.#owners.map((owner, slot) =>
      isHere[owner] !== false || this.#isQuiet(slot) ? HERE : owner,
    );
    this.#tables.set(key, table);
    return table;
  }
}

export function presentationFor(
  clientele: Clientele,
  situation: Situation,
  lingers: boolean,
  tables: RedirectTables,
): NativePresentation {
  const mode = modeFor(clientele, situation);
  const shown = shownTo(clientele, situation, lingers);
  const isCluster = shown !== 'nothing' && mode !== 'auto';
  return {
    helloMode: isCluster ? 'cluster' : 'standalone',
    showsCluster: shown !== 'nothing',
    oneSlotOnly: isCluster && mode !== 'standalone' && clientele.strictness !== 'loose',
    ...(isRedirected(clientele, situation)
      ? redirects(clientele, situation, tables)
      : { slotToTarget: NOWHERE_ELSE, targets: [] }),
  };
}

function redirects(
  { node, view }: Clientele,
  { nodes, settings, port }: Situation,
  tables: RedirectTables,
): Pick<NativePresentation, 'slotToTarget' | 'targets'> {
  const targets = nodes.map((spec) =>
    redirectTarget(shownAddress(spec, settings, view.viewer), portOn(spec, port)),
  );
  // A node that is shown under our own address, by whatever mistake, would send clients in circles.
  const own = targets[nodes.findIndex(({ id }) => id === node)];
  return { slotToTarget: tables.for(targets.map((target) => target === own)), targets };
}

export function isSamePresentation(a: NativePresentation, b: NativePresentation): boolean {
  return (
    a.helloMode === b.helloMode &&
    a.showsCluster === b.showsCluster &&
    a.oneSlotOnly === b.oneSlotOnly &&
    a.targets.join() === b.targets.join() &&
    Buffer.compare(bytesOf(a.slotToTarget), bytesOf(b.slotToTarget)) === 0
  );
}

function bytesOf(table: Uint16Array): Buffer {
  return Buffer.from(table.buffer, table.byteOffset, table.byteLength);
}
