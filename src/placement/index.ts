export { portOn, redirectTarget, type ShownAddress, shownAddress } from './addresses.js';
export { AdvertisedAddresses } from './advertise.js';
export { type Unbalanced, unbalanced } from './balance.js';
export { isHostedBy } from './hosts.js';
export { shownNodeId, shownShardId } from './ids.js';
export { listeningNodes, primariesPerNode } from './policies.js';
export {
  type PlacementProblem,
  type PlacementProblemCode,
  placementProblems,
  placementWarnings,
  problemsInModes,
} from './problems.js';
export { type ProxyPictureInput, proxyPicture } from './proxy-picture.js';
export { rangesByOwner } from './ranges.js';
export {
  NO_READERS,
  PRIMARY_ONLY,
  type ReadersInput,
  type ReadFrom,
  type ServerFacts,
  type SlotReaders,
  slotReaders,
} from './readers.js';
export { type ServerPictureInput, serverPicture, shownServer } from './server-picture.js';
export { ServerZones } from './server-zones.js';
export { configuredPlacement, listenerModes } from './settings.js';
export { NO_NODE, primariesBehind, slotOwners } from './slot-owners.js';
export { type SteppingAside, type SteppingAsideInput, steppingAside } from './stepping-aside.js';
export { clusterShards, clusterSlots, replicasByPrimary } from './topology-replies.js';
export { clusterInfo, clusterNodes, nodeLine } from './topology-texts.js';
export type {
  AddressType,
  ClientAddress,
  ClusterPicture,
  EndpointType,
  Mode,
  NodeSpec,
  NodeState,
  PictureNode,
  PlacementSettings,
  ProxyPolicy,
  ShardsPlacement,
  SlotRange,
} from './types.js';
export { type ClientView, clientViews, isLocalViewer, type Viewer, viewerOf } from './viewers.js';
