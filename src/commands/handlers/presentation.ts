import type { ControlRequest } from '../../native/types.js';
import type { ClusterPicture, Mode } from '../../placement/index.js';

/** What a client is shown of the database. */
export interface PresentationView {
  /** Of the database. */
  readonly mode: Mode;
  /** Whether HELLO and INFO call the proxy a server of a cluster. */
  readonly helloMode: 'standalone' | 'cluster';
  /**
   * The topology for a client with these addresses, each as in `ControlRequest`; null: the client is
   * told that there is no cluster.
   */
  picture(clientAddress: string, localAddress: string): ClusterPicture | null;
  /**
   * In mode `cluster`: whether commands for the whole database (DBSIZE, KEYS, SCAN …) are about this
   * slot when they come from this client. Each slot is one proxy's, also those that nobody owns.
   */
  isLocal(slot: number): boolean;
}

/** Whether the client is shown a cluster, of proxies or of servers. */
export function showsCluster(
  view: PresentationView,
  { clientAddress, localAddress }: Pick<ControlRequest, 'clientAddress' | 'localAddress'>,
): boolean {
  return view.picture(clientAddress, localAddress) !== null;
}

/** One server, without a cluster. */
export const STANDALONE_VIEW: PresentationView = {
  mode: 'standalone',
  helloMode: 'standalone',
  picture: () => null,
  isLocal: () => true,
};
