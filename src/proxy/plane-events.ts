import type { Logger } from '../log/logger.js';
import type { DataPlaneEvent } from '../native/index.js';
import type { RefreshReason } from '../topology/index.js';

/** What an event asks of the control plane. */
export interface EventReactions {
  readonly log: Logger;
  refresh(reason: RefreshReason): void;
  holding(): void;
  /** A server does not let the user in. */
  userRefused(user: number): void;
  /** A connection of the user has ended. */
  userLost(user: number): void;
  scriptMissing(nodeId: string, digest: string): void;
  /** A replica that was asked for a read cannot serve now. */
  replicaRefused(server: string): void;
}

/** One line of log per change of state, and a refresh where the topology may have changed. */
export function reactTo(event: DataPlaneEvent, reactions: EventReactions): void {
  const { log } = reactions;
  const { server, slot, text } = event;
  switch (event.kind) {
    case 'redirect':
      log.debug('redirected', { slot, endpoint: text, known: event.known });
      reactions.refresh(
        event.known
          ? { kind: 'moved', detail: `slot ${slot} is at ${text}` }
          : { kind: 'unknown-endpoint', detail: `slot ${slot} is at ${text}` },
      );
      return;
    case 'refused':
      log.warn('a server refuses requests; they are held', { server, reason: text });
      reactions.refresh({ kind: 'cluster-down', detail: `${server}: ${text}` });
      return;
    case 'link_up':
      log.debug('link up', { server });
      return;
    case 'link_down':
      log.warn('link down', { server, reason: text });
      reactions.refresh({ kind: 'link-lost', detail: `${server}: ${text}` });
      reactions.userLost(event.user);
      return;
    case 'link_silent':
      log.debug('a server owes answers and is silent', { server });
      reactions.refresh({ kind: 'link-lost', detail: `${server} is silent` });
      return;
    case 'wrong_node':
      log.warn('another node answers at this address', { server, nodeId: text });
      reactions.refresh({ kind: 'link-lost', detail: `${server} is node ${text} now` });
      return;
    case 'handshake_refused':
      log.error('the server refuses our links', { server, reason: text });
      reactions.userRefused(event.user);
      return;
    case 'holding':
      reactions.holding();
      return;
    case 'crossslot_answered':
      log.info('CROSSSLOT: keys of one command must share a slot; give them a common {hash tag}', {
        command: text,
        library: server,
        example: '{user:1}:name {user:1}:mail',
      });
      return;
    case 'database_refused':
      log.info('SELECT: a cluster has database 0 only; set the library to database 0', {
        library: server,
      });
      return;
    case 'script_missing': {
      const [nodeId = '', digest = ''] = text.split(' ');
      reactions.scriptMissing(nodeId, digest);
      return;
    }
    case 'replica_refused':
      log.debug('a replica does not answer reads; the primary does', {
        server,
        slot,
        reason: text,
      });
      reactions.replicaRefused(server);
      reactions.refresh({ kind: 'moved', detail: `slot ${slot} at ${server}: ${text}` });
      return;
    case 'slot_open':
      log.debug('a slot is on its way; it is read from its primary', { slot });
      reactions.refresh({ kind: 'moved', detail: `slot ${slot} is on its way` });
      return;
    case 'header_refused':
      log.warn('a connection was closed: its PROXY header is not as proxyProtocol demands', {
        sender: server,
        reason: `the header ${text}`,
      });
      return;
    case 'out_of_files':
      log.error('connections cannot be accepted; raise the limit of open files', { reason: text });
      return;
  }
}
