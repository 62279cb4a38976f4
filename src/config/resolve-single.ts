import { isIP } from 'node:net';
import type { Accepted } from './accepted.js';
import type { ResolvedDeployment } from './deployment.js';
import type { ResolvedConfig } from './effective-config.js';
import { type ConfigProblem, shown } from './messages.js';
import type { NodeConfig } from './nodes.js';
import { databaseProblems, processProblems } from './policy.js';
import { processConfig, resolvedConfig } from './resolved-config.js';

/** The node of a proxy with one database, which nobody named. */
const ONLY_NODE = 'node1';
const ANY_ADDRESS = '0.0.0.0';

/** What is wrong with a configuration without `nodes:` and `databases:`. */
export function singleProblems(accepted: Accepted): readonly ConfigProblem[] {
  const { values } = accepted;
  return [
    ...nodeWithoutNodes(accepted),
    ...databaseProblems(values, 'single'),
    ...processProblems(values),
  ];
}

/** One database on one node. There must be no problems. */
export function singleDeployment({ values }: Accepted): ResolvedDeployment {
  const config = resolvedConfig(values);
  const { listen } = config;
  const port = listen.find((address) => address.kind === 'tcp')?.port ?? 0;
  return {
    form: 'single',
    nodes: [onlyNode(config)],
    hosted: [ONLY_NODE],
    databases: [{ ...config, port, endpoints: [{ node: ONLY_NODE, listen }] }],
    process: processConfig(config),
  };
}

function nodeWithoutNodes(accepted: Accepted): readonly ConfigProblem[] {
  const { node } = accepted.values;
  if (node === undefined) return [];
  const message = `${shown(node)} (from ${accepted.originOf('node')}) needs nodes: and databases: in the file`;
  return [{ key: 'node', message }];
}

/** Clients are shown the address that they dialled, unless there is only one that they can dial. */
function onlyNode({ listen, zone }: ResolvedConfig): NodeConfig {
  const hosts = new Set(
    listen.flatMap((address) => (address.kind === 'tcp' ? [address.host] : [])),
  );
  const [host = ''] = hosts;
  return {
    id: ONLY_NODE,
    address: hosts.size === 1 && isIP(host) !== 0 ? host : ANY_ADDRESS,
    externalAddresses: [],
    hostname: null,
    externalHostname: null,
    zone: zone ?? null,
    clientAddresses: [],
    admin: null,
  };
}
