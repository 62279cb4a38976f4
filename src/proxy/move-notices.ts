import { isIP } from 'node:net';
import { MOVING_ENDPOINT_TYPES, type MovingEndpointType } from '../commands/index.js';
import { type NodeSpec, portOn, shownAddress, type Viewer } from '../placement/index.js';

/** Where clients of an endpoint are to go. */
export interface Move {
  /** Counts all moves that a process announces. */
  readonly sequence: number;
  readonly seconds: number;
  /** null: nobody can tell; those who want no address are told all the same. */
  readonly target: NodeSpec | null;
  /** The database's port. */
  readonly port: number;
  readonly viewer: Viewer;
}

/** A RESP3 push for the clients that asked for notices of this kind. */
export interface MoveNotice {
  readonly kind: number;
  readonly frame: Buffer;
}

/**
 * The pushes MOVING, one for each kind that can be told: what a node has no address for is told by the
 * next best one. An IPv6 address is not, since client libraries cut it at its first colon.
 *
 * Layout: `MOVING`, sequence number, seconds until the endpoint closes, `host:port` or null.
 */
export function moveNotices(move: Move): readonly MoveNotice[] {
  return MOVING_ENDPOINT_TYPES.flatMap((type, index) => {
    const endpoint = type === 'none' ? null : endpointFor(type, move);
    return endpoint === undefined ? [] : [{ kind: index + 1, frame: frameOf(move, endpoint) }];
  });
}

function endpointFor(
  type: Exclude<MovingEndpointType, 'none'>,
  { target, port, viewer }: Move,
): string | undefined {
  if (target === null) {
    return undefined;
  }
  const isExternal = type.startsWith('external');
  const isName = type.endsWith('fqdn');
  const { host } = shownAddress(
    target,
    {
      preferredIpType: isExternal ? 'external' : 'internal',
      preferredEndpointType: isName ? 'hostname' : 'ip',
    },
    viewer,
  );
  return isIP(host) === 6 ? undefined : `${host}:${portOn(target, port)}`;
}

function frameOf({ sequence, seconds }: Move, endpoint: string | null): Buffer {
  const shown = endpoint === null ? '_\r\n' : `$${Buffer.byteLength(endpoint)}\r\n${endpoint}\r\n`;
  return Buffer.from(`>4\r\n$6\r\nMOVING\r\n:${sequence}\r\n:${seconds}\r\n${shown}`);
}
