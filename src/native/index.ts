export { type BindOptions, nativeAddon, trimMemory } from './addon.js';
export { DataPlane, type DataPlaneListener } from './data-plane.js';
export { type BoundAddress, InheritedSockets } from './inherited-sockets.js';
export type * from './presentations.js';
export { STANDALONE_PRESENTATION } from './presentations.js';
export type * from './types.js';
export { MANY_SLOTS, NO_KEYS } from './types.js';
