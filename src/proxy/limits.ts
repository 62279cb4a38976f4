import type { ResolvedConfig } from '../config/effective-config.js';
import type { PlaneLimits } from '../native/index.js';

/** The servers' default. */
const USUAL_NODE_TIMEOUT_MS = 15_000;
/** The replica's delay before it asks for votes, the votes, the new topology. */
const ELECTION_MS = 3_000;
/** Offsets within a frame have 32 bits. */
const FRAME_BYTES_MAX = 0xffff_fffe;

/** In `PlaneLimits.slowAfterMs`. */
const NEVER = 0xffff_ffff;

/**
 * How long the servers may take for one ordinary election: half of the node timeout until the next
 * ping, all of it until that counts as unanswered, half of it until the others have heard of it, and
 * then the election. An election that is lost is repeated after four times the node timeout; nobody
 * waits for that.
 */
function longestElectionMs(nodeTimeoutMs: number): number {
  return 2 * nodeTimeoutMs + ELECTION_MS;
}

/** @param nodeTimeoutMs The cluster's, or null where it is not known. */
export function toPlaneLimits(config: ResolvedConfig, nodeTimeoutMs: number | null): PlaneLimits {
  const automatic = longestElectionMs(nodeTimeoutMs ?? USUAL_NODE_TIMEOUT_MS);
  return {
    argumentsMax: config.maxArguments,
    bulkBytesMax: Math.min(config.maxRequestBytes, FRAME_BYTES_MAX),
    frameBytesMax: Math.min(config.maxQueryBufferBytes, FRAME_BYTES_MAX),
    clientsMax: config.maxClients,
    memoryBytesMax: config.maxDatabaseMemoryBytes,
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
