import type {
  NodeSpec,
  NodeState,
  PictureNode,
  PlacementSettings,
  Viewer,
} from '../../../src/placement/index.js';
import { viewerOf } from '../../../src/placement/index.js';

export const SETTINGS: PlacementSettings = {
  mode: 'cluster',
  policy: 'all-master-shards',
  include: [],
  exclude: [],
  preferredIpType: 'internal',
  preferredEndpointType: 'ip',
  shardsPlacement: 'sparse',
};

export function spec(id: string, address: string, more: Partial<NodeSpec> = {}): NodeSpec {
  return {
    id,
    address,
    externalAddresses: [],
    hostname: null,
    externalHostname: null,
    zone: null,
    clientAddresses: [],
    ...more,
  };
}

export function up(...specs: readonly NodeSpec[]): readonly NodeState[] {
  return specs.map((node) => ({ spec: node, isUp: true }));
}

/** Three nodes at 10.0.0.1, .2 and .3. */
export const NODES = ['1', '2', '3'].map((n) => spec(`n${n}`, `10.0.0.${n}`));

/** Three primaries, two of them on the first node, one on the second; a replica on the third. */
export const TOPOLOGY_TEXT = [
  '<a> 10.0.0.1:7000@1 myself,master - 0 0 5 connected 0-99 200-5460',
  '<b> 10.0.0.1:7001@1 master - 0 0 6 connected 100-199 5461-10922',
  '<c> 10.0.0.2:7000@1 master - 0 0 7 connected 10923-16383',
  '<d> 10.0.0.3:7000@1,d.example slave <a> 0 0 5 connected',
].join('\n');

export function viewer(ip: string, localIp = '10.0.0.1'): Viewer {
  const at = (host: string) => (host.includes(':') ? `[${host}]:4000` : `${host}:4000`);
  return viewerOf(at(ip), at(localIp));
}

export function pictureNode(id: string, more: Partial<PictureNode> = {}): PictureNode {
  return {
    id,
    host: '10.0.0.1',
    port: 7000,
    ip: '10.0.0.1',
    hostname: null,
    role: 'primary',
    primaryId: null,
    health: 'online',
    isConnected: true,
    configEpoch: 1,
    slots: [],
    ...more,
  };
}
