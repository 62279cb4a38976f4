import type { SettingRow } from '../setting-row.js';

/** Reads from replicas, in the modes standalone and auto. */
export const READ_SETTINGS = {
  readFrom: {
    kind: 'choice',
    values: [
      'primary',
      'prefer-replica',
      'az-affinity',
      'az-affinity-replicas-and-primary',
      'lowest-latency',
    ],
    aliases: {},
    default: 'primary',
    flag: 'read-from',
    env: 'SLOTGATE_READ_FROM',
    reload: 'live',
    help: 'Who answers reads, in the modes standalone and auto. What no replica can answer is read from the primary.',
  },
  readYourWritesMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 0,
    flag: 'read-your-writes-ms',
    env: 'SLOTGATE_READ_YOUR_WRITES_MS',
    reload: 'live',
    help: 'How long after the reply to a write of a client its reads of that slot go to the primary; 0: not at all.',
  },
  maxReplicaLinkDownMs: {
    kind: 'integer',
    min: 0,
    max: 86_400_000,
    default: 10_000,
    flag: 'max-replica-link-down-ms',
    env: 'SLOTGATE_MAX_REPLICA_LINK_DOWN_MS',
    reload: 'live',
    help: 'A replica that is cut off from its primary for longer is not read from.',
  },
  serverZones: {
    kind: 'list',
    entry: 'serverZone',
    placeholder: 'SERVER=ZONE',
    default: [],
    flag: 'server-zone',
    env: 'SLOTGATE_SERVER_ZONES',
    reload: 'live',
    help: 'Availability zones of servers that do not announce theirs: HOST or CIDR on the left.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
