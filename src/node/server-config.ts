import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LocalServerOptions {
  readonly host: string;
  readonly port: number;
  /** Exists, belongs to this server alone. */
  readonly folder: string;
  /** Without it the server keeps its data in memory only. */
  readonly isPersistent: boolean;
}

export const SERVER_LOG_FILE = 'server.log';

/** A short one, so that failovers can be watched; `holdTimeoutMs: auto` follows it. */
const NODE_TIMEOUT_MS = 2_000;

/** Writes a server's configuration file, readable by its owner only. @returns Its path. */
export function writeServerConfig(options: LocalServerOptions): string {
  const path = join(options.folder, 'server.conf');
  writeFileSync(path, serverConfig(options), { mode: 0o600 });
  return path;
}

function serverConfig({ host, port, folder, isPersistent }: LocalServerOptions): string {
  const lines = [
    `bind ${host}`,
    `port ${port}`,
    `dir ${quoted(folder)}`,
    `logfile ${quoted(join(folder, SERVER_LOG_FILE))}`,
    'daemonize no',
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    // Connections of the bus may leave from another loopback address, by which others would know it.
    `cluster-announce-ip ${host}`,
    `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
    `appendonly ${isPersistent ? 'yes' : 'no'}`,
    'save ""',
    // Else a replica waits 5 s for others before its first synchronization.
    'repl-diskless-sync-delay 0',
  ];
  return `${lines.join('\n')}\n`;
}

/** A value in the quoting of redis.conf. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
