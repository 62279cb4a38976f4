import type { ClusterTopology, ServerNode } from '../topology/index.js';
import { exactly, preferred, type ShownAddress } from './addresses.js';
import type { AdvertisedAddresses } from './advertise.js';
import { type ProxyPictureInput, proxyWithoutSlots } from './proxy-picture.js';
import { countSlots, rangesByOwner } from './ranges.js';
import type { ClusterPicture, NodeSpec, PictureNode, SlotRange } from './types.js';

/** In place of an index into `servers`. */
const NOBODY = 0xffff;

export interface ServerPictureInput
  extends Pick<ProxyPictureInput, 'database' | 'port' | 'settings' | 'topology' | 'viewer'> {
  readonly advertised: AdvertisedAddresses;
  /** The node that answers. */
  readonly self: NodeSpec;
}

/**
 * What clients see in the modes `direct` and `auto`: the servers themselves, where clients reach
 * them. No slot is left out, since some clients cannot live with a hole: a primary that failed is
 * shown until another has its slots, and slots whose owner is not known are shown as the proxy's,
 * which keeps their requests until somebody owns them. Else the proxy is shown without slots.
 */
export function serverPicture(input: ServerPictureInput): ClusterPicture {
  const { topology } = input;
  const shown = topology.servers.map((server) => shownServer(server, input));
  const slotsOf = rangesByPrimary(topology, (server) => shown[server] !== null);
  const primaryOf = primaryIds(topology);
  const servers = topology.servers.flatMap((server, index): readonly PictureNode[] => {
    const address = shown[index] ?? null;
    return address === null
      ? []
      : [
          {
            ...address,
            id: server.nodeId,
            role: server.role,
            primaryId: primaryOf.get(index) ?? null,
            health: healthOf(server),
            isConnected: server.linkConnected,
            configEpoch: server.configEpoch,
            slots: slotsOf.get(index) ?? [],
          },
        ];
  });
  const proxy = proxyWithoutSlots(input, input.self);
  const myself = { ...proxy, slots: slotsOf.get(NOBODY) ?? [] };
  const failed = [...servers.filter(({ health }) => health === 'failed'), myself];
  return {
    nodes: myself.slots.length > 0 ? [...servers, myself] : servers,
    myself,
    currentEpoch: topology.currentEpoch,
    failedSlots: failed.reduce((sum, node) => sum + countSlots(node), 0),
  };
}

/** The slots of each primary, by its index in `servers`; those of `NOBODY` have none that is shown. */
function rangesByPrimary(
  { shards, slotToShard }: ClusterTopology,
  isShown: (server: number) => boolean,
): ReadonlyMap<number, readonly SlotRange[]> {
  const slotsOf = new Map<number, readonly SlotRange[]>();
  for (const [shard, slots] of rangesByOwner(slotToShard)) {
    const primary = shards[shard]?.primary ?? NOBODY;
    const owner = primary !== NOBODY && isShown(primary) ? primary : NOBODY;
    const all = [...(slotsOf.get(owner) ?? []), ...slots];
    slotsOf.set(
      owner,
      all.sort(([a], [b]) => a - b),
    );
  }
  return slotsOf;
}

/**
 * Where a client is to find a server: as it is advertised to the client, else where the proxy itself
 * reaches it. Null for a server at a unix socket that is not advertised.
 */
export function shownServer(
  { address, announced }: ServerNode,
  { advertised, settings, viewer }: Pick<ServerPictureInput, 'advertised' | 'settings' | 'viewer'>,
): (ShownAddress & { readonly port: number }) | null {
  const { host, hostname, port } = announced;
  const own = address.kind === 'tcp' ? address : null;
  const names = hostname === null ? [] : [hostname];
  const special =
    (own === null ? null : advertised.lookup([own.host, ...names], own.port, viewer)) ??
    advertised.lookup([host, ...names], port, viewer);
  if (special !== null) {
    return { ...exactly(special.host, hostname), port: special.port };
  }
  return own === null
    ? null
    : { ...preferred(own.host, hostname, settings.preferredEndpointType), port: own.port };
}

function healthOf({ flags }: ServerNode): PictureNode['health'] {
  return flags.includes('fail') ? 'failed' : flags.includes('pfail') ? 'suspected' : 'online';
}

/** Id of the primary of each replica, by index into `servers`. */
function primaryIds({ shards, servers }: ClusterTopology): ReadonlyMap<number, string> {
  return new Map(
    shards.flatMap(({ primary, replicas }) => {
      const id = primary === null ? undefined : servers[primary]?.nodeId;
      return id === undefined ? [] : replicas.map((replica) => [replica, id] as const);
    }),
  );
}
