import type { SettingRow } from '../setting-row.js';

const RATE_MAX = 0xffff_ffff;
const WAIT =
  'Over it, the proxy does not read on until that much is regained: nothing is lost, and nobody gets an error.';

/** How much clients may do per second. What fits into a second may come at once. */
export const RATE_SETTINGS = {
  maxClientCommandsPerSecond: {
    kind: 'integer',
    min: 0,
    max: RATE_MAX,
    default: 0,
    flag: 'max-client-commands-per-second',
    env: 'SLOTGATE_MAX_CLIENT_COMMANDS_PER_SECOND',
    reload: 'live',
    help: `Commands of one client per second. ${WAIT} 0: any number.`,
  },
  maxClientBytesPerSecond: {
    kind: 'bytes',
    min: 0,
    max: RATE_MAX,
    default: 0,
    flag: 'max-client-bytes-per-second',
    env: 'SLOTGATE_MAX_CLIENT_BYTES_PER_SECOND',
    reload: 'live',
    help: 'Bytes that one client sends and is sent per second; over it as above. 0: any number.',
  },
  maxAddressCommandsPerSecond: {
    kind: 'integer',
    min: 0,
    max: RATE_MAX,
    default: 0,
    flag: 'max-address-commands-per-second',
    env: 'SLOTGATE_MAX_ADDRESS_COMMANDS_PER_SECOND',
    reload: 'live',
    help: 'Commands per second of all clients of one IP address together; over it as above, one client after the other. 0: any number.',
  },
  maxAddressBytesPerSecond: {
    kind: 'bytes',
    min: 0,
    max: RATE_MAX,
    default: 0,
    flag: 'max-address-bytes-per-second',
    env: 'SLOTGATE_MAX_ADDRESS_BYTES_PER_SECOND',
    reload: 'live',
    help: 'Bytes that all clients of one IP address together send and are sent per second; over it as above. 0: any number.',
  },
  maxAddressConnectionsPerSecond: {
    kind: 'integer',
    min: 0,
    max: RATE_MAX,
    default: 0,
    flag: 'max-address-connections-per-second',
    env: 'SLOTGATE_MAX_ADDRESS_CONNECTIONS_PER_SECOND',
    reload: 'live',
    help: 'New connections of one IP address per second; further ones get an error and are closed. 0: any number.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
