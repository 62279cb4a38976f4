import type { Socket } from 'node:net';
import { bulk, FakeServer, type ScriptedReply } from './fake-server.js';

/** A node id of 40 digits, told by its first letters. */
export function fakeNodeId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(40, '0').slice(0, 40);
}

/** What one fake member says; tests change it while it runs. */
export interface FakeMember {
  readonly server: FakeServer;
  /** CLUSTER NODES, with `{name}` for the address of member `name` and `<name>` for its id. */
  nodes: string;
  epoch: number;
  /** If set, the answer to everything. */
  answer: ScriptedReply | undefined;
  /** If set, asked first; undefined leaves the answer to the cluster. */
  script?: (args: readonly string[], socket: Socket) => ScriptedReply | undefined;
}

/** Scripted members that answer CLUSTER INFO, CLUSTER NODES, CONFIG GET and PING. */
export class FakeCluster {
  readonly #members = new Map<string, FakeMember>();

  async add(name: string, nodes: string, epoch = 1): Promise<FakeMember> {
    const server = await FakeServer.start((args, socket) => this.#answer(member, args, socket));
    const member: FakeMember = { server, nodes, epoch, answer: undefined };
    this.#members.set(name, member);
    return member;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ server }) => server.stop()));
  }

  #answer(member: FakeMember, args: readonly string[], socket: Socket): ScriptedReply {
    const answer = member.answer === undefined ? member.script?.(args, socket) : member.answer;
    if (answer !== undefined) {
      return answer;
    }
    switch (args.slice(0, 2).join(' ').toUpperCase()) {
      case 'CLUSTER INFO':
        return bulk(clusterInfo(member.epoch));
      case 'CLUSTER NODES':
        return bulk(this.#filled(member.nodes));
      case 'CONFIG GET':
        return `*2\r\n${bulk('cluster-node-timeout')}${bulk('1500')}`;
      default:
        return '+OK\r\n';
    }
  }

  #filled(text: string): string {
    return text
      .replace(/\{(\w+)\}/g, (_, name: string) => this.#members.get(name)?.server.address ?? '')
      .replace(/<(\w+)>/g, (_, name: string) => fakeNodeId(name));
  }
}

function clusterInfo(epoch: number): string {
  return [
    'cluster_state:ok',
    'cluster_slots_assigned:16384',
    'cluster_slots_ok:16384',
    'cluster_known_nodes:3',
    'cluster_size:3',
    `cluster_current_epoch:${epoch}`,
    '',
  ].join('\r\n');
}
