import { isLoopback } from '../config/addresses.js';
import { formatHostPort } from '../shards/index.js';
import type { ClusterTopology } from '../topology/index.js';
import type { ShownAddress } from './addresses.js';
import type { AdvertisedAddresses } from './advertise.js';
import { shownServer } from './server-picture.js';
import type { PlacementSettings } from './types.js';
import { isLocalViewer, type Viewer } from './viewers.js';

export interface SteppingAsideInput {
  /** Null: none has been loaded yet. */
  readonly topology: ClusterTopology | null;
  readonly settings: Pick<PlacementSettings, 'preferredIpType' | 'preferredEndpointType'>;
  readonly advertised: AdvertisedAddresses;
  readonly viewer: Viewer;
  /** Clients get the rights of the proxy's own user, which they do not have at the servers. */
  readonly lendsItsUser: boolean;
}

export type SteppingAside =
  | { readonly kind: 'ok' }
  /** `why` fits behind "servers are not shown to clients, because". */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Whether clients can do without the proxy: they reach every server under the address that they are
 * shown, as the user that they are here. If not, the modes `direct` and `auto` answer as `standalone`.
 */
export function steppingAside(input: SteppingAsideInput): SteppingAside {
  const { topology, viewer } = input;
  if (topology === null) {
    return refused('no topology has been loaded yet');
  }
  if (input.lendsItsUser) {
    return refused(
      "clients are the proxy's own user (clientAuth none with upstream credentials), which the " +
        'servers would not let them be',
    );
  }
  for (const server of topology.servers) {
    const shown = shownServer(server, input);
    if (shown === null) {
      return refused(
        `the server ${server.nodeId} is at a unix socket; \`advertise\` can give it an address`,
      );
    }
    if (isLoopbackAddress(shown) && !isLocalViewer(viewer)) {
      return refused(
        `the server at ${formatHostPort(shown.host, shown.port)} can only be reached from its own ` +
          'machine; `advertise` can give it another address',
      );
    }
  }
  return { kind: 'ok' };
}

function isLoopbackAddress({ host, ip, port }: ShownAddress & { readonly port: number }): boolean {
  return isLoopback({ kind: 'tcp', host: ip === '' ? host : ip, port });
}

function refused(why: string): SteppingAside {
  return { kind: 'refused', why };
}
