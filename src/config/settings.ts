/**
 * The settings table: one row per setting. Flags, environment variables, the JSON schema and
 * docs/configuration.md are all derived from it, so a name or a range is never typed twice.
 * Nothing here imports the validator, so that the command line can list its flags cheaply.
 */

/** `live`: a reload (SIGHUP) applies it; `restart`: a reload names it as needing a restart. */
export type ReloadScope = 'live' | 'restart';

interface CommonRow {
  readonly flag: string;
  readonly env: string;
  /** One or two sentences for `--help` and the documentation. */
  readonly help: string;
  readonly reload: ReloadScope;
}

/** A list of addresses; the format of each entry is checked in addresses.ts. */
export interface ListRow extends CommonRow {
  readonly kind: 'list';
  readonly entry: 'seed' | 'mapping' | 'listen';
  readonly placeholder: string;
  readonly default: readonly string[];
}
export interface IntegerRow extends CommonRow {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
/** A size in bytes: an integer, or text with a unit as in redis.conf (`64mb`, `1gb`). */
export interface BytesRow extends CommonRow {
  readonly kind: 'bytes';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
export interface AutoIntegerRow extends CommonRow {
  readonly kind: 'auto-integer';
  readonly min: number;
  readonly max: number;
  readonly default: number | 'auto';
}
export interface BooleanRow extends CommonRow {
  readonly kind: 'boolean';
  readonly default: boolean;
}
export interface ChoiceRow<V extends string = string> extends CommonRow {
  readonly kind: 'choice';
  readonly values: readonly V[];
  /** Accepted spellings of values. */
  readonly aliases: Readonly<Record<string, V>>;
  readonly default: V;
}
/** Text without a default: absent means unset. */
export interface TextRow extends CommonRow {
  readonly kind: 'text';
  readonly format: 'any' | 'host-port' | 'octal-mode';
  readonly placeholder: string;
  readonly default: undefined;
}
export type SettingRow =
  | ListRow
  | IntegerRow
  | BytesRow
  | AutoIntegerRow
  | BooleanRow
  | ChoiceRow
  | TextRow;

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

export const SETTINGS = {
  mode: {
    kind: 'choice',
    values: ['standalone'],
    aliases: { proxy: 'standalone' },
    default: 'standalone',
    flag: 'mode',
    env: 'SLOTGATE_MODE',
    reload: 'restart',
    help: 'How the database looks to clients: standalone looks like one server, and Slotgate routes.',
  },
  seeds: {
    kind: 'list',
    entry: 'seed',
    placeholder: 'URL',
    default: [],
    flag: 'seed',
    env: 'SLOTGATE_SEEDS',
    reload: 'restart',
    help: 'Servers of the cluster to learn its topology from: HOST:PORT or redis://[USER@]HOST[:PORT].',
  },
  map: {
    kind: 'list',
    entry: 'mapping',
    placeholder: 'ANNOUNCED=REACHABLE',
    default: [],
    flag: 'map',
    env: 'SLOTGATE_MAP',
    reload: 'restart',
    help: 'Replaces addresses that the cluster announces: HOST, HOST:PORT or CIDR on the left, HOST or HOST:PORT on the right.',
  },
  listen: {
    kind: 'list',
    entry: 'listen',
    placeholder: 'HOST:PORT|PATH',
    default: ['127.0.0.1:12000'],
    flag: 'listen',
    env: 'SLOTGATE_LISTEN',
    reload: 'restart',
    help: 'Where clients connect: HOST:PORT, [IPV6]:PORT, or the path of a unix socket (starts with / or .).',
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
  threads: {
    kind: 'auto-integer',
    min: 1,
    max: 128,
    default: 1,
    flag: 'threads',
    env: 'SLOTGATE_THREADS',
    reload: 'restart',
    help: 'Worker threads. auto takes the CPU quota of the cgroup, rounded up, or all CPUs.',
  },
  admin: {
    kind: 'text',
    format: 'host-port',
    placeholder: 'HOST:PORT',
    default: undefined,
    flag: 'admin',
    env: 'SLOTGATE_ADMIN',
    reload: 'restart',
    help: 'HTTP for /livez, /readyz and /metrics on a loopback address. Unset: not opened.',
  },
  metrics: {
    kind: 'text',
    format: 'host-port',
    placeholder: 'HOST:PORT',
    default: undefined,
    flag: 'metrics',
    env: 'SLOTGATE_METRICS',
    reload: 'restart',
    help: 'HTTP for /livez, /readyz and /metrics on any address, for probes and Prometheus from outside. Unset: not opened.',
  },
  clientAuth: {
    kind: 'choice',
    values: ['upstream', 'none'],
    aliases: {},
    default: 'upstream',
    flag: 'client-auth',
    env: 'SLOTGATE_CLIENT_AUTH',
    reload: 'restart',
    help: "Who a client is: upstream (what it logged in as, else the cluster's default user) or none (everybody is the proxy's user).",
  },
  protectedMode: {
    kind: 'boolean',
    default: true,
    flag: 'protected-mode',
    env: 'SLOTGATE_PROTECTED_MODE',
    reload: 'restart',
    help: 'Refuses to start with clientAuth none on a listener that is neither loopback nor a unix socket.',
  },
  'upstream.username': {
    kind: 'text',
    format: 'any',
    placeholder: 'NAME',
    default: undefined,
    flag: 'upstream-username',
    env: 'SLOTGATE_UPSTREAM_USERNAME',
    reload: 'restart',
    help: "The proxy's own user at the servers. Unset: the default user.",
  },
  'upstream.passwordFile': {
    kind: 'text',
    format: 'any',
    placeholder: 'PATH',
    default: undefined,
    flag: 'upstream-password-file',
    env: 'SLOTGATE_UPSTREAM_PASSWORD_FILE',
    reload: 'restart',
    help: "File with the password of the proxy's own user; one line end is dropped. Read again when it changes.",
  },
  preconnect: {
    kind: 'boolean',
    default: false,
    flag: 'preconnect',
    env: 'SLOTGATE_PRECONNECT',
    reload: 'restart',
    help: 'Opens links to all primaries before the listener, not on first use.',
  },
  connectTimeoutMs: {
    kind: 'integer',
    min: 1,
    max: 600_000,
    default: 2_000,
    flag: 'connect-timeout-ms',
    env: 'SLOTGATE_CONNECT_TIMEOUT_MS',
    reload: 'restart',
    help: 'How long a connection to a server may take, handshake included.',
  },
  holdTimeoutMs: {
    kind: 'auto-integer',
    min: 0,
    max: 3_600_000,
    default: 'auto',
    flag: 'hold-timeout-ms',
    env: 'SLOTGATE_HOLD_TIMEOUT_MS',
    reload: 'live',
    help: "How long a request may wait for its shard during a failover or a slot move. auto is the cluster's node timeout plus 5 s; 0 holds nothing.",
  },
  maxHoldBytesPerShard: {
    kind: 'bytes',
    min: 0,
    max: 64 * GIB,
    default: 16 * MIB,
    flag: 'max-hold-bytes-per-shard',
    env: 'SLOTGATE_MAX_HOLD_BYTES_PER_SHARD',
    reload: 'live',
    help: 'Bytes of waiting requests per shard; beyond it the newest is answered with the error of the server.',
  },
  maxHoldBytes: {
    kind: 'bytes',
    min: 0,
    max: 64 * GIB,
    default: 64 * MIB,
    flag: 'max-hold-bytes',
    env: 'SLOTGATE_MAX_HOLD_BYTES',
    reload: 'live',
    help: 'Bytes of waiting requests over all shards.',
  },
  maxClients: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 10_000,
    flag: 'max-clients',
    env: 'SLOTGATE_MAX_CLIENTS',
    reload: 'live',
    help: 'Connected clients; further ones are refused in the words of a server.',
  },
  maxInFlightPerClient: {
    kind: 'integer',
    min: 1,
    max: 1_048_576,
    default: 1_024,
    flag: 'max-in-flight-per-client',
    env: 'SLOTGATE_MAX_IN_FLIGHT_PER_CLIENT',
    reload: 'live',
    help: 'Unanswered requests of one client; beyond it the proxy stops reading from that client.',
  },
  maxRequestBytes: {
    kind: 'bytes',
    min: 1_048_576,
    max: 4 * GIB,
    default: 512 * MIB,
    flag: 'max-request-bytes',
    env: 'SLOTGATE_MAX_REQUEST_BYTES',
    reload: 'live',
    help: 'Length of one argument of a request, as proto-max-bulk-len of a server.',
  },
  maxArguments: {
    kind: 'integer',
    min: 1_024,
    max: 2_147_483_647,
    default: 1_048_576,
    flag: 'max-arguments',
    env: 'SLOTGATE_MAX_ARGUMENTS',
    reload: 'live',
    help: 'Arguments of one request.',
  },
  maxQueryBufferBytes: {
    kind: 'bytes',
    min: 1_048_576,
    max: 64 * GIB,
    default: GIB,
    flag: 'max-query-buffer-bytes',
    env: 'SLOTGATE_MAX_QUERY_BUFFER_BYTES',
    reload: 'live',
    help: 'Bytes that one client may have sent without completing a request, as client-query-buffer-limit of a server.',
  },
  maxClientOutputBytes: {
    kind: 'bytes',
    min: 65_536,
    max: 64 * GIB,
    default: 64 * MIB,
    flag: 'max-client-output-bytes',
    env: 'SLOTGATE_MAX_CLIENT_OUTPUT_BYTES',
    reload: 'live',
    help: 'Bytes of replies that a client has not read; beyond it the client is closed.',
  },
  maxLinkUnansweredBytes: {
    kind: 'bytes',
    min: 65_536,
    max: 64 * GIB,
    default: 4 * MIB,
    flag: 'max-link-unanswered-bytes',
    env: 'SLOTGATE_MAX_LINK_UNANSWERED_BYTES',
    reload: 'live',
    help: 'Bytes of requests kept per server connection until they are answered; at the limit, clients that need it are not read.',
  },
  maxLinksPerServer: {
    kind: 'integer',
    min: 1,
    max: 100_000,
    default: 512,
    flag: 'max-links-per-server',
    env: 'SLOTGATE_MAX_LINKS_PER_SERVER',
    reload: 'live',
    help: 'Connections to one server, over all worker threads.',
  },
  maxRedirects: {
    kind: 'integer',
    min: 0,
    max: 100,
    default: 5,
    flag: 'max-redirects',
    env: 'SLOTGATE_MAX_REDIRECTS',
    reload: 'live',
    help: 'MOVED and ASK answers followed for one request.',
  },
  tcpKeepaliveSeconds: {
    kind: 'integer',
    min: 0,
    max: 32_767,
    default: 60,
    flag: 'tcp-keepalive-seconds',
    env: 'SLOTGATE_TCP_KEEPALIVE_SECONDS',
    reload: 'live',
    help: 'Idle seconds before TCP keepalive probes, of clients and links that connect from then on; 0 sends none.',
  },
  tcpBacklog: {
    kind: 'integer',
    min: 1,
    max: 65_535,
    default: 511,
    flag: 'tcp-backlog',
    env: 'SLOTGATE_TCP_BACKLOG',
    reload: 'restart',
    help: 'Connections that the kernel queues for a listener; the kernel caps it at net.core.somaxconn.',
  },
  shutdownDelayMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 0,
    flag: 'shutdown-delay-ms',
    env: 'SLOTGATE_SHUTDOWN_DELAY_MS',
    reload: 'live',
    help: 'After SIGTERM: how long connections are still accepted while /readyz already says no.',
  },
  drainTimeoutMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 20_000,
    flag: 'drain-timeout-ms',
    env: 'SLOTGATE_DRAIN_TIMEOUT_MS',
    reload: 'live',
    help: 'After SIGTERM: time from then on over which clients are closed, idle ones first.',
  },
  logLevel: {
    kind: 'choice',
    values: ['debug', 'info', 'warn', 'error', 'silent'],
    aliases: {},
    default: 'info',
    flag: 'log-level',
    env: 'SLOTGATE_LOG_LEVEL',
    reload: 'live',
    help: 'The least severe messages that are logged.',
  },
  logFormat: {
    kind: 'choice',
    values: ['auto', 'json', 'pretty'],
    aliases: {},
    default: 'auto',
    flag: 'log-format',
    env: 'SLOTGATE_LOG_FORMAT',
    reload: 'restart',
    help: 'auto is pretty on a terminal and JSON elsewhere.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<R extends SettingRow> = R extends ListRow
  ? readonly string[]
  : R extends IntegerRow | BytesRow
    ? number
    : R extends AutoIntegerRow
      ? number | 'auto'
      : R extends BooleanRow
        ? boolean
        : R extends { readonly kind: 'choice'; readonly values: readonly (infer V)[] }
          ? V
          : string | undefined;

/** Checked values of all settings, defaults filled in. */
export type SettingValues = {
  readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]>;
};

/** All rows in documentation order, with their keys. */
export function settingRows(): readonly (readonly [SettingKey, SettingRow])[] {
  return Object.entries(SETTINGS) as [SettingKey, SettingRow][];
}
