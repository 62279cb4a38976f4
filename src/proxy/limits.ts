import type { EffectiveConfig } from '../config/effective-config.js';
import type { PlaneLimits } from '../native/index.js';

/** Added to the cluster's node timeout where `holdTimeoutMs` is auto: the time an election takes. */
const ELECTION_MARGIN_MS = 5_000;
/** Where the node timeout may not be read. Redis' default timeout is 15 s. */
const UNKNOWN_HOLD_TIMEOUT_MS = 20_000;
/** Offsets within a frame have 32 bits. */
const FRAME_BYTES_MAX = 0xffff_fffe;

/** In `PlaneLimits.slowAfterMs`. */
const NEVER = 0xffff_ffff;

/** @param nodeTimeoutMs The cluster's, or null where it is not known. */
export function toPlaneLimits(config: EffectiveConfig, nodeTimeoutMs: number | null): PlaneLimits {
  const automatic =
    nodeTimeoutMs === null ? UNKNOWN_HOLD_TIMEOUT_MS : nodeTimeoutMs + ELECTION_MARGIN_MS;
  return {
    argumentsMax: config.maxArguments,
    bulkBytesMax: Math.min(config.maxRequestBytes, FRAME_BYTES_MAX),
    frameBytesMax: Math.min(config.maxQueryBufferBytes, FRAME_BYTES_MAX),
    clientsMax: config.maxClients,
    inFlightPerClientMax: config.maxInFlightPerClient,
    clientOutputBytesMax: config.maxClientOutputBytes,
    subscriberOutputBytesMax: config.maxSubscriberOutputBytes,
    linkUnansweredBytesMax: Math.min(config.maxLinkUnansweredBytes, FRAME_BYTES_MAX),
    // Each worker holds its own share, so that no figure is shared between threads.
    holdBytesPerShardMax: Math.floor(config.maxHoldBytesPerShard / config.threads),
    holdBytesMax: Math.floor(config.maxHoldBytes / config.threads),
    holdTimeoutMs: config.holdTimeoutMs === 'auto' ? automatic : config.holdTimeoutMs,
    redirectsMax: config.maxRedirects,
    linksPerServerMax: Math.max(1, Math.floor(config.maxLinksPerServer / config.threads)),
    privateLinksPerServerMax: Math.max(1, Math.floor(config.maxPrivateLinks / config.threads)),
    slowAfterMs: config.slowlogSlowerThanMs === -1 ? NEVER : config.slowlogSlowerThanMs,
    connectTimeoutMs: config.connectTimeoutMs,
    keepaliveSeconds: config.tcpKeepaliveSeconds,
    clientIdleTimeoutMs: config.clientIdleTimeoutMs,
    partialRequestTimeoutMs: config.partialRequestTimeoutMs,
    loginTimeoutMs: config.loginTimeoutMs,
    proxyHeaderTimeoutMs: config.proxyHeaderTimeoutMs,
    clientCommandsPerSecond: config.maxClientCommandsPerSecond,
    clientBytesPerSecond: config.maxClientBytesPerSecond,
    addressCommandsPerSecond: config.maxAddressCommandsPerSecond,
    addressBytesPerSecond: config.maxAddressBytesPerSecond,
    addressConnectionsPerSecond: config.maxAddressConnectionsPerSecond,
    scriptCacheBytesMax: config.maxScriptCacheBytes,
  };
}
