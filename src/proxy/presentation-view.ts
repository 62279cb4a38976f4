import { type PresentationView, STANDALONE_VIEW } from '../commands/index.js';
import type { NativePresentation } from '../native/index.js';
import {
  type ClusterPicture,
  proxyPicture,
  serverPicture,
  type Viewer,
  viewerOf,
} from '../placement/index.js';
import {
  type Clientele,
  hasOwnSlots,
  modeFor,
  type Shown,
  type Situation,
} from './presentations.js';

export interface ViewInput {
  /** Name of the database. */
  readonly database: string;
  readonly clientele: Clientele;
  readonly situation: Situation;
  readonly shown: Shown;
  readonly published: NativePresentation;
}

/** What the handlers of commands answer to clients of a clientele that ask for the topology. */
export function presentationView(input: ViewInput): PresentationView {
  const { clientele, situation, published } = input;
  const self = situation.nodes.findIndex(({ id }) => id === clientele.node);
  if (self === -1) {
    // The configuration has the node no more; its clients are drained.
    return STANDALONE_VIEW;
  }
  return {
    mode: modeFor(clientele, situation),
    helloMode: published.helloMode,
    picture: (clientAddress, localAddress) =>
      picture(input, self, viewerOf(clientAddress, localAddress)),
    isLocal: (slot) => !hasOwnSlots(clientele, situation) || situation.owners[slot] === self,
  };
}

function picture(
  { database, situation, shown }: ViewInput,
  self: number,
  viewer: Viewer,
): ClusterPicture | null {
  const input = { ...situation, database, viewer };
  const node = situation.nodes[self];
  if (shown === 'nothing' || node === undefined) {
    return null;
  }
  return shown === 'proxies'
    ? proxyPicture({ ...input, self })
    : serverPicture({ ...input, self: node });
}
