import type { NodeSpec, PlacementSettings } from '../../../src/placement/index.js';
import type {
  ChangeOutcome,
  DatabaseStatus,
  Deployment,
  EndpointStatus,
  NodeStatus,
  ShardStatus,
  UnbalancedEndpoint,
} from '../../../src/proxy/deployment.js';

const PLACEMENT: PlacementSettings = {
  mode: 'standalone',
  policy: 'all-nodes',
  include: [],
  exclude: [],
  preferredIpType: 'internal',
  preferredEndpointType: 'ip',
  shardsPlacement: 'dense',
};

function spec(id: string, address: string): NodeSpec {
  return {
    id,
    address,
    externalAddresses: id === 'n1' ? ['203.0.113.1'] : [],
    hostname: id === 'n1' ? 'n1.internal' : null,
    externalHostname: null,
    zone: id === 'n1' ? 'a' : null,
    clientAddresses: [],
  };
}

/** Two nodes, of which one is down, and two databases; `change` refuses the policy `single`. */
export class FakeDeployment implements Deployment {
  readonly placements = [PLACEMENT, { ...PLACEMENT, mode: 'auto', include: ['n2'] }] as [
    PlacementSettings,
    PlacementSettings,
  ];
  readonly changes: { readonly name: string; readonly change: Partial<PlacementSettings> }[] = [];

  nodes(): readonly NodeStatus[] {
    const node = { isHosted: true, isUp: true, downReason: '' };
    return [
      { ...node, uid: 1, spec: spec('n1', '10.0.0.1') },
      { uid: 2, spec: spec('n2', '10.0.0.2'), isHosted: false, isUp: false, downReason: 'refused' },
    ];
  }

  async databases(): Promise<readonly DatabaseStatus[]> {
    const [first, second] = this.placements;
    const shape = { state: 'active', primaries: 1, replicas: 1, topologyVersion: 3 } as const;
    const remote = { kind: 'refused', why: 'the servers are on loopback' } as const;
    const why = { local: { kind: 'ok' }, remote } as const;
    return [
      {
        ...shape,
        uid: 1,
        name: 'db1',
        port: 12000,
        placement: first,
        clients: 5,
        steppingAside: null,
      },
      {
        ...shape,
        uid: 2,
        name: 'db2',
        port: 12001,
        placement: second,
        clients: 0,
        steppingAside: why,
      },
    ];
  }

  async endpoints(): Promise<readonly EndpointStatus[]> {
    const open = { isChosen: true, state: 'listening', clients: 5, problem: '' } as const;
    return [
      { ...open, database: 1, node: 1, addresses: ['10.0.0.1:12000'] },
      {
        ...open,
        database: 1,
        node: 2,
        addresses: ['10.0.0.2:12000'],
        state: 'closed',
        problem: 'address in use',
      },
      {
        ...open,
        database: 2,
        node: 1,
        addresses: ['10.0.0.1:12001'],
        isChosen: false,
        state: 'closed',
      },
    ];
  }

  shards(): readonly ShardStatus[] {
    const slots = [
      [0, 0],
      [2, 16383],
    ] as const;
    const shard = { database: 1, node: 1, slots };
    return [
      {
        ...shard,
        uid: 1,
        nodeId: 'a'.repeat(40),
        address: '10.0.0.1:7000',
        role: 'primary',
        health: 'online',
        circuit: 'closed',
      },
      {
        ...shard,
        uid: 2,
        nodeId: 'b'.repeat(40),
        address: '10.0.0.9:7000',
        node: null,
        role: 'replica',
        health: 'failed',
        circuit: 'open',
      },
    ];
  }

  unbalanced(): readonly UnbalancedEndpoint[] {
    return [{ database: 1, node: 'n2', listens: false, localShards: 0, totalShards: 1 }];
  }

  change(name: string, change: Partial<PlacementSettings>): ChangeOutcome {
    if (change.policy === 'single') {
      const message = 'mode cluster needs another policy than single';
      return {
        kind: 'refused',
        problems: [{ code: 'invalid_oss_cluster_configuration', message }],
      };
    }
    this.changes.push({ name, change });
    const index = name === 'db1' ? 0 : 1;
    this.placements[index] = { ...this.placements[index], ...change };
    return { kind: 'applied', placement: this.placements[index] };
  }
}
