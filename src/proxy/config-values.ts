import type { EffectiveConfig } from '../config/effective-config.js';

/** The proxy's settings that redis.conf has a name for: what CONFIG GET answers instead of a server. */
export function configValues(config: EffectiveConfig): Readonly<Record<string, string>> {
  const tcp = config.listen.filter((address) => address.kind === 'tcp');
  const unix = config.listen.find((address) => address.kind === 'unix');
  return {
    bind: tcp.map(({ host }) => host).join(' '),
    'client-query-buffer-limit': String(config.maxQueryBufferBytes),
    maxclients: String(config.maxClients),
    'maxmemory-clients': String(config.maxMemoryBytes),
    port: String(tcp[0]?.port ?? 0),
    'proto-max-bulk-len': String(config.maxRequestBytes),
    'protected-mode': config.protectedMode ? 'yes' : 'no',
    'tcp-backlog': String(config.tcpBacklog),
    'tcp-keepalive': String(config.tcpKeepaliveSeconds),
    // A timeout that is on must not look as if it were off.
    timeout: String(Math.ceil(config.clientIdleTimeoutMs / 1000)),
    unixsocket: unix?.path ?? '',
  };
}
