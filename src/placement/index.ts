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
