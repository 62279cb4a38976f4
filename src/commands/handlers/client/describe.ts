import type { ClientRecord } from '../../../native/types.js';
import type { ControlContext } from '../types.js';
import { isSubscriber } from './types-of-clients.js';

/**
 * A client in the form of `CLIENT LIST`, without the line end. The order of the fields is that of
 * redis-server 7.0; `lib-name` and `lib-ver` follow where the servers are 7.2 or later.
 */
export function describeClient(client: ClientRecord, context: ControlContext): string {
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', client.fd],
    ['name', client.name],
    ['age', Math.floor(client.ageMs / 1000)],
    ['idle', Math.floor(client.idleMs / 1000)],
    ['flags', flagsOf(client)],
    ['db', 0],
    ['sub', client.channels],
    ['psub', client.patterns],
    ['ssub', client.shardChannels],
    ['multi', client.queued],
    ['qbuf', client.inputBytes],
    ['qbuf-free', client.inputRoom],
    ['argv-mem', 0],
    ['multi-mem', client.queuedBytes],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', client.outputBytes === 0 ? 0 : 1],
    ['omem', client.outputBytes],
    ['tot-mem', client.memory],
    ['events', `${client.reading ? 'r' : ''}${client.writing ? 'w' : ''}`],
    ['cmd', context.table.rows[client.row]?.name ?? 'NULL'],
    ['user', context.clients.userName(client.user)],
    ['redir', -1],
    ['resp', client.protocol],
    ...(hasLibraryFields(context)
      ? ([
          ['lib-name', client.library],
          ['lib-ver', client.libraryVersion],
        ] as const)
      : []),
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

function flagsOf(client: ClientRecord): string {
  const flags: readonly (readonly [string, boolean])[] = [
    ['O', client.monitoring],
    ['P', isSubscriber(client)],
    ['x', client.queued >= 0],
    ['b', client.blocked],
    ['d', client.watchBroken],
    ['c', client.closing],
    ['U', client.unixSocket],
    ['e', client.noEvict],
  ];
  const set = flags.filter(([, isSet]) => isSet).map(([flag]) => flag);
  return set.length === 0 ? 'N' : set.join('');
}

/** Servers show what CLIENT SETINFO told them from 7.2 on. */
function hasLibraryFields({ serverVersion }: ControlContext): boolean {
  const [major = 0, minor = 0] = serverVersion.split('.').map(Number);
  return major > 7 || (major === 7 && minor >= 2);
}
