import { ProxyError } from '../errors/index.js';
import { type OpenSlot, type ServerRole, SLOT_COUNT } from './types.js';

/** One line of CLUSTER NODES. */
export interface NodeLine {
  readonly nodeId: string;
  /** Empty if the node does not know its own address yet: then it is the one that was dialled. */
  readonly host: string;
  readonly port: number;
  readonly hostname: string | null;
  readonly isMyself: boolean;
  readonly role: ServerRole;
  readonly isFailed: boolean;
  readonly isSuspected: boolean;
  readonly isNoFailover: boolean;
  /** False for nodes without an address and for those whose handshake has not ended. */
  readonly isUsable: boolean;
  readonly primaryId: string | null;
  readonly configEpoch: number;
  readonly linkConnected: boolean;
  /** First and last slot, both included. */
  readonly slotRanges: readonly (readonly [first: number, last: number])[];
  /** Only on the `myself` line. */
  readonly openSlots: readonly OpenSlot[];
}

const FIELDS_BEFORE_SLOTS = 8;
const NODE_ID = /^[0-9a-f]{40}$/;
const OPEN_SLOT = /^\[(\d+)-([<>])-([0-9a-f]{40})\]$/;

/**
 * Reads the reply of CLUSTER NODES.
 *
 *   id ip:port@busport[,hostname[,name=value…]] flags primary-id ping pong epoch link-state slot…
 *
 * @throws ProxyError `reply_invalid`, quoting the line that makes no sense.
 */
export function parseClusterNodes(text: string): readonly NodeLine[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): NodeLine {
  const fields = line.split(' ');
  const [nodeId = '', address = '', flagList = '', primaryId = '-', , , epoch = '', link] = fields;
  if (fields.length < FIELDS_BEFORE_SLOTS || !NODE_ID.test(nodeId) || !/^\d+$/.test(epoch)) {
    throw invalidLine(line);
  }
  const flags = new Set(flagList.split(','));
  const slotFields = fields.slice(FIELDS_BEFORE_SLOTS);
  return {
    nodeId,
    ...parseAddress(address, line),
    isMyself: flags.has('myself'),
    role: flags.has('slave') || flags.has('replica') ? 'replica' : 'primary',
    isFailed: flags.has('fail'),
    isSuspected: flags.has('fail?'),
    isNoFailover: flags.has('nofailover'),
    isUsable: !flags.has('noaddr') && !flags.has('handshake'),
    primaryId: NODE_ID.test(primaryId) ? primaryId : null,
    configEpoch: Number(epoch),
    linkConnected: link === 'connected',
    slotRanges: slotFields.filter((f) => !f.startsWith('[')).map((f) => parseRange(f, line)),
    openSlots: slotFields
      .filter((f) => f.startsWith('['))
      .map((f) => parseOpenSlot(f, nodeId, line)),
  };
}

/** `ip:port@busport,hostname,shard-id=…`: IPv6 has colons too, so the port follows the last one. */
function parseAddress(field: string, line: string): Pick<NodeLine, 'host' | 'port' | 'hostname'> {
  const [location = '', name = ''] = field.split(',');
  const hostPort = location.split('@')[0] ?? '';
  const colon = hostPort.lastIndexOf(':');
  const digits = hostPort.slice(colon + 1);
  if (colon === -1 || !/^\d{1,5}$/.test(digits)) {
    throw invalidLine(line);
  }
  // The part after the first comma is a host name unless it is one of the `name=value` extras.
  const hostname = name === '' || name === '?' || name.includes('=') ? null : name;
  const host = hostPort.slice(0, colon);
  return { host: host === '?' ? '' : host, port: Number(digits), hostname };
}

function parseRange(field: string, line: string): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(field);
  const first = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? first);
  if (!(first <= last && last < SLOT_COUNT)) {
    throw invalidLine(line);
  }
  return [first, last];
}

function parseOpenSlot(field: string, nodeId: string, line: string): OpenSlot {
  const match = OPEN_SLOT.exec(field);
  const slot = Number(match?.[1]);
  const peerNodeId = match?.[3];
  if (peerNodeId === undefined || !(slot < SLOT_COUNT)) {
    throw invalidLine(line);
  }
  return { slot, state: match?.[2] === '>' ? 'migrating' : 'importing', nodeId, peerNodeId };
}

function invalidLine(line: string): ProxyError {
  return new ProxyError(
    'reply_invalid',
    `CLUSTER NODES has a line that is not understood: ${line}`,
  );
}
