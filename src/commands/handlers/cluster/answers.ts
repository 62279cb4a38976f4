import type { ControlRequest } from '../../../native/types.js';
import {
  type ClusterPicture,
  clusterInfo,
  clusterNodes,
  clusterShards,
  clusterSlots,
  nodeLine,
  type PictureNode,
  replicasByPrimary,
  shownShardId,
} from '../../../placement/index.js';
import type { RespValue } from '../../../resp/index.js';
import type { ClusterAnsweredName } from '../../rules/cluster.js';
import { bulkValue, errorValue, integerValue } from '../reply-values.js';
import type { ControlContext } from '../types.js';
import { CLUSTER_HELP } from './help.js';
import { askOwner, keySlot } from './slots.js';

export interface ClusterQuestion {
  /** What the client is shown. */
  readonly picture: ClusterPicture;
  readonly request: ControlRequest;
  readonly context: ControlContext;
}

type Answer = (question: ClusterQuestion) => RespValue | Promise<RespValue>;

export const CLUSTER_ANSWERS: Readonly<Record<ClusterAnsweredName, Answer>> = {
  'cluster|count-failure-reports': ({ picture, request }) =>
    aboutNode(picture, request, () => integerValue(0)),
  'cluster|countkeysinslot': ({ request, context }) => askOwner(request, context),
  'cluster|getkeysinslot': ({ request, context }) => askOwner(request, context),
  'cluster|help': () => ({
    kind: 'array',
    items: CLUSTER_HELP.map((text) => ({ kind: 'simple', text })),
  }),
  'cluster|info': ({ picture }) => textValue(clusterInfo(picture)),
  'cluster|keyslot': ({ request }) => keySlot(request),
  // Proxies have no bus, and that of the servers is not the clients' business.
  'cluster|links': () => ({ kind: 'array', items: [] }),
  'cluster|myid': ({ picture }) => bulkValue(picture.myself.id),
  'cluster|myshardid': ({ picture }) => bulkValue(shownShardId(picture.myself.id)),
  'cluster|nodes': ({ picture }) => textValue(clusterNodes(picture)),
  'cluster|replicas': replicas,
  'cluster|shards': ({ picture }) => clusterShards(picture),
  'cluster|slaves': replicas,
  'cluster|slots': ({ picture }) => clusterSlots(picture),
};

function replicas({ picture, request }: ClusterQuestion): RespValue {
  return aboutNode(picture, request, (node) => {
    if (node.role === 'replica') {
      return errorValue('ERR The specified node is not a master');
    }
    const replicas = replicasByPrimary(picture.nodes).get(node.id) ?? [];
    const lines = replicas.map((each) => nodeLine(each, picture.myself.id));
    return { kind: 'array', items: lines.map((line) => bulkValue(line)) };
  });
}

/** The answer about the node whose id is the first argument. */
function aboutNode(
  { nodes, myself }: ClusterPicture,
  { args }: ControlRequest,
  answer: (node: PictureNode) => RespValue,
): RespValue {
  const id = String(args[2]);
  const node = [...nodes, myself].find((each) => each.id === id);
  return node === undefined ? errorValue(`ERR Unknown node ${id}`) : answer(node);
}

function textValue(text: string): RespValue {
  return { kind: 'verbatim', format: 'txt', bytes: Buffer.from(text) };
}
