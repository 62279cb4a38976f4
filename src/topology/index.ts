export { AddressMap } from './address-map.js';
export { type Clock, jittered, SYSTEM_CLOCK } from './clock.js';
export type { TopologyLog } from './log.js';
export {
  type MonitorStatus,
  type RefreshReason,
  type TopologyListener,
  TopologyMonitor,
  type TopologyMonitorOptions,
} from './monitor.js';
export { primariesOf } from './primaries.js';
export type { UnreachableServer } from './reachability.js';
export { type LookUp, NameResolver } from './resolver.js';
export type { SeedError } from './seed-errors.js';
export {
  type PrimaryTerm,
  readSlotState,
  type SlotOnItsWay,
  type SlotState,
  type SlotStateSource,
} from './slot-state.js';
export type { Watch } from './steady-check.js';
export {
  type AnnouncedAddress,
  type ClusterTopology,
  type OpenSlot,
  type ServerFlag,
  type ServerNode,
  type ServerRole,
  type Shard,
  SLOT_COUNT,
  UNASSIGNED,
} from './types.js';
