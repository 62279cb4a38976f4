import type { ListenAddress } from './addresses.js';
import { changedSettings, type EffectiveConfig, type ResolvedConfig } from './effective-config.js';
import type { NodeConfig } from './nodes.js';
import { type ProcessKey, SETTINGS } from './settings.js';

/** What a process has once. */
export type ProcessConfig = Pick<ResolvedConfig, ProcessKey>;

/** Where clients reach a database on a node that this process plays. */
export interface EndpointConfig {
  /** Id of the node. */
  readonly node: string;
  /** At least one. */
  readonly listen: readonly ListenAddress[];
}

interface Placed {
  /** On every node. 0 if the only listeners are unix sockets. */
  readonly port: number;
  /** One for each node that this process plays; `listen` of the database has all their addresses. */
  readonly endpoints: readonly EndpointConfig[];
}

export interface ResolvedDatabase extends ResolvedConfig, Placed {}
/** A database of a deployment: all its settings, and those of the process. */
export interface DatabaseConfig extends EffectiveConfig, Placed {}

interface DeploymentOf<D> {
  /** `single`: one database on one node that nobody named; `nodes`: as `nodes:` and `databases:` say. */
  readonly form: DeploymentForm;
  /** In the order of the configuration; at least one. */
  readonly nodes: readonly NodeConfig[];
  /** Ids of the nodes that this process plays; at least one. */
  readonly hosted: readonly string[];
  /** In the order of the configuration; at least one. */
  readonly databases: readonly D[];
  readonly process: ProcessConfig;
}

export type DeploymentForm = 'single' | 'nodes';

/** A complete, checked configuration as plain data. */
export type ResolvedDeployment = DeploymentOf<ResolvedDatabase>;
/** What a process runs with. */
export type DeploymentConfig = DeploymentOf<DatabaseConfig>;

/** What differs between two configurations of one form, by what it takes to apply it. */
export interface DeploymentChanges {
  /**
   * Settings, those of an entry of `databases:` as `databases.NAME.SETTING`; `nodes`, `databases`; of a
   * node that the process plays `nodes.ID.address`.
   */
  readonly live: readonly string[];
  readonly restart: readonly string[];
}

/** `nodes` and `databases` stand for entries that came, went or, for nodes, changed. */
export function deploymentChanges(
  before: ResolvedDeployment,
  after: ResolvedDeployment,
): DeploymentChanges {
  const changes = [
    changesOfProcess(before.process, after.process),
    changesOfEntries(before, after),
    ...after.databases.flatMap((database, i) => {
      const old = after.form === 'single' ? before.databases[i] : sameName(before, database);
      const prefix = after.form === 'single' ? '' : `databases.${database.databaseName}.`;
      return old === undefined ? [] : [changesOfDatabase(old, database, prefix)];
    }),
  ];
  return {
    live: changes.flatMap(({ live }) => live),
    restart: changes.flatMap(({ restart }) => restart),
  };
}

function sameName({ databases }: ResolvedDeployment, { databaseName }: ResolvedDatabase) {
  return databases.find((database) => database.databaseName === databaseName);
}

function changesOfProcess(before: ProcessConfig, after: ProcessConfig): DeploymentChanges {
  const changed = (Object.keys(after) as ProcessKey[]).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  return {
    live: changed.filter((key) => SETTINGS[key].reload === 'live'),
    restart: changed.filter((key) => SETTINGS[key].reload === 'restart'),
  };
}

function changesOfDatabase(
  before: ResolvedDatabase,
  after: ResolvedDatabase,
  prefix: string,
): DeploymentChanges {
  const { live, restart } = changedSettings(before, after, ['single', 'database']);
  return { live: live.map((key) => prefix + key), restart: restart.map((key) => prefix + key) };
}

function changesOfEntries(
  before: ResolvedDeployment,
  after: ResolvedDeployment,
): DeploymentChanges {
  if (after.form === 'single') return { live: [], restart: [] };
  const names = ({ databases }: ResolvedDeployment) => databases.map((d) => d.databaseName);
  const live = [];
  if (JSON.stringify(before.nodes) !== JSON.stringify(nodesAfterReload(before, after.nodes))) {
    live.push('nodes');
  }
  if (JSON.stringify(names(before)) !== JSON.stringify(names(after))) live.push('databases');
  const moved = after.nodes.filter((node) => {
    const old = before.nodes.find(({ id }) => id === node.id);
    return old !== undefined && before.hosted.includes(node.id) && old.address !== node.address;
  });
  const node = before.hosted.join() === after.hosted.join() ? [] : ['node'];
  return { live, restart: [...node, ...moved.map(({ id }) => `nodes.${id}.address`)] };
}

/**
 * The nodes as a process has them after a reload. Its own listen where they did when it started, so
 * these stay, at their addresses, until it is restarted.
 */
export function nodesAfterReload(
  { nodes, hosted }: Pick<ResolvedDeployment, 'nodes' | 'hosted'>,
  after: readonly NodeConfig[],
): readonly NodeConfig[] {
  const own = nodes.filter(({ id }) => hosted.includes(id));
  const kept = after.map((node) => {
    const old = own.find(({ id }) => id === node.id);
    return old === undefined ? node : { ...node, address: old.address };
  });
  return [...kept, ...own.filter(({ id }) => after.every((node) => node.id !== id))];
}
