import type { SettingRow } from '../setting-row.js';

/** What `nodes:` and `databases:` say themselves where there are several. */
export const SINGLE_DATABASE_SETTINGS = {
  databaseName: {
    kind: 'text',
    format: 'name',
    placeholder: 'NAME',
    default: 'db1',
    flag: 'database-name',
    env: 'SLOTGATE_DATABASE_NAME',
    reload: 'restart',
    help: 'Name of the database: letters, digits and hyphens. The node ids that clients see are made from it.',
  },
  listen: {
    kind: 'list',
    entry: 'listen',
    placeholder: 'HOST:PORT|PATH[?OPTIONS]',
    default: ['127.0.0.1:12000'],
    flag: 'listen',
    env: 'SLOTGATE_LISTEN',
    reload: 'restart',
    help: 'Where clients connect: HOST:PORT, [IPV6]:PORT, or the path of a unix socket (starts with / or .). With ?mode=MODE behind it, the database presents itself there in another mode than elsewhere; with ?proxyProtocol=SENDER, repeated with & for more, other senders are trusted there than proxyProtocol says.',
  },
  unixSocketMode: {
    kind: 'text',
    format: 'octal-mode',
    placeholder: 'OCTAL',
    default: undefined,
    flag: 'unix-socket-mode',
    env: 'SLOTGATE_UNIX_SOCKET_MODE',
    reload: 'restart',
    help: 'Permissions of unix sockets, in octal, for example "770". Unset: as the umask has it.',
  },
  zone: {
    kind: 'text',
    format: 'any',
    placeholder: 'ZONE',
    default: undefined,
    flag: 'zone',
    env: 'SLOTGATE_ZONE',
    reload: 'live',
    help: 'Availability zone of this proxy, for readFrom. Unset: in none.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
