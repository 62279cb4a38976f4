import type { Accepted, GivenDatabase } from './accepted.js';
import { formatAddress, isLoopback } from './addresses.js';
import { formatPath } from './config-file.js';
import type { ResolvedDatabase, ResolvedDeployment } from './deployment.js';
import type { GivenNode } from './deployment-schema.js';
import type { ConfigProblem } from './messages.js';
import { entryProblems, missingLists, selfOf } from './node-rules.js';
import type { NodeConfig } from './nodes.js';
import { databaseProblems, processProblems } from './policy.js';
import { optionalAddress, processConfig, resolvedConfig } from './resolved-config.js';
import type { SettingValues } from './settings.js';

/** What is wrong with a configuration with `nodes:` and `databases:`. */
export function nodesProblems(accepted: Accepted): readonly ConfigProblem[] {
  const missing = missingLists(accepted);
  if (missing.length > 0) return missing;
  const self = selfOf(accepted);
  if (self.kind === 'bad') return [...entryProblems(accepted), self.problem];
  return [
    ...entryProblems(accepted),
    ...processProblems(processValues(accepted.values, self.node)),
    ...accepted.databases.flatMap((database, i) =>
      problemsOfDatabase(accepted, database, i, self.node),
    ),
  ];
}

/** The deployment as one of its nodes sees it. There must be no problems. */
export function nodesDeployment(accepted: Accepted): ResolvedDeployment {
  const self = selfOf(accepted);
  if (self.kind === 'bad') throw new Error(self.problem.message);
  const { node } = self;
  return {
    form: 'nodes',
    nodes: accepted.nodes.map(nodeConfig),
    hosted: [node.id],
    databases: accepted.databases.map((database) => resolvedDatabase(accepted, database, node)),
    process: processConfig(resolvedConfig(processValues(accepted.values, node))),
  };
}

function problemsOfDatabase(
  accepted: Accepted,
  database: GivenDatabase,
  index: number,
  node: GivenNode,
): readonly ConfigProblem[] {
  const base = formatPath(['databases', index]);
  return databaseProblems(databaseValues(accepted, database, node), 'nodes').map((problem) => ({
    ...problem,
    key: `${base}.${problem.key}`,
  }));
}

function resolvedDatabase(
  accepted: Accepted,
  database: GivenDatabase,
  node: GivenNode,
): ResolvedDatabase {
  const config = resolvedConfig(databaseValues(accepted, database, node));
  const endpoints = [{ node: node.id, listen: config.listen }];
  return { ...config, port: database.port, endpoints };
}

/** What the entry says, else what the top level says; and what its node and its place say. */
function databaseValues(
  { values }: Accepted,
  database: GivenDatabase,
  node: GivenNode,
): SettingValues {
  const { address: host, zone } = node;
  const { name, port } = database;
  return {
    ...processValues(values, node),
    ...database.values,
    databaseName: name,
    listen: [formatAddress({ kind: 'tcp', host, port })],
    zone,
  };
}

/** The node opens the address at which others ask for it, unless settings say something else. */
function processValues(values: SettingValues, { id, admin }: GivenNode): SettingValues {
  const address = optionalAddress(admin);
  const key = address !== undefined && isLoopback(address) ? 'admin' : 'metrics';
  return { ...values, node: id, [key]: values[key] ?? admin };
}

function nodeConfig(node: GivenNode): NodeConfig {
  return {
    id: node.id,
    address: node.address,
    externalAddresses: node.externalAddresses,
    hostname: node.hostname ?? null,
    externalHostname: node.externalHostname ?? null,
    zone: node.zone ?? null,
    clientAddresses: node.clientAddresses,
    admin: optionalAddress(node.admin) ?? null,
  };
}
