import type { Accepted } from './accepted.js';
import { formatPath, type Path } from './config-file.js';
import type { GivenNode } from './deployment-schema.js';
import { type ConfigProblem, shown } from './messages.js';
import { OF_NODES_INSTEAD } from './nodes.js';
import { settingRows } from './settings.js';

/** `nodes:` and `databases:` need each other. */
export function missingLists({ nodes, databases }: Accepted): readonly ConfigProblem[] {
  if (nodes.length === 0) {
    const message = 'is missing; databases need the nodes that they are on';
    return [{ key: 'nodes', message }];
  }
  const message = 'is missing; nodes need at least one database, with a name and a port';
  return databases.length === 0 ? [{ key: 'databases', message }] : [];
}

/** Rules over the entries of `nodes:` and `databases:` as such. */
export function entryProblems(accepted: Accepted): readonly ConfigProblem[] {
  const { nodes, databases } = accepted;
  return [
    ...singleSettings(accepted),
    ...repeated(accepted, ['nodes'], 'id', nodes),
    ...repeated(accepted, ['nodes'], 'address', nodes),
    ...nodes.flatMap(({ clientAddresses }, i) =>
      repeated(accepted, ['nodes', i, 'clientAddresses'], 'clients', clientAddresses),
    ),
    ...repeated(accepted, ['databases'], 'name', databases),
    ...repeated(accepted, ['databases'], 'port', databases),
  ];
}

/** The node that this process is. */
export function selfOf(
  accepted: Accepted,
):
  | { readonly kind: 'ok'; readonly node: GivenNode }
  | { readonly kind: 'bad'; readonly problem: ConfigProblem } {
  const { nodes, values } = accepted;
  const [first, second] = nodes;
  const node =
    values.node === undefined && second === undefined
      ? first
      : nodes.find(({ id }) => id === values.node);
  if (node !== undefined) return { kind: 'ok', node };
  const ids = nodes.map(({ id }) => id).join(', ');
  const message =
    values.node === undefined
      ? `is missing; say which of ${ids} this process is, with --node ID, SLOTGATE_NODE or node: in the file`
      : `${shown(values.node)} (from ${accepted.originOf('node')}) is none of nodes; there is ${ids}`;
  return { kind: 'bad', problem: { key: 'node', message } };
}

/** Settings that entries of `nodes:` and `databases:` take the place of. */
function singleSettings(accepted: Accepted): readonly ConfigProblem[] {
  return settingRows(['single']).flatMap(([key]) => {
    const origin = accepted.originOf(key);
    if (origin === undefined) return [];
    const message = `(from ${origin}) cannot go with nodes: and databases:; ${OF_NODES_INSTEAD[key]}`;
    return [{ key, message }];
  });
}

/** Values of a field that an earlier entry of the list has already. */
function repeated<F extends string>(
  accepted: Accepted,
  list: Path,
  field: F,
  entries: readonly Readonly<Record<F, string | number>>[],
): readonly ConfigProblem[] {
  return entries.flatMap((entry, i) => {
    const first = entries.findIndex((other) => other[field] === entry[field]);
    if (first === i) return [];
    const path = [...list, i, field];
    const message = `${shown(entry[field])} (from ${accepted.where(path)}) is that of ${formatPath([...list, first])} already; each has its own`;
    return [{ key: formatPath(path), message }];
  });
}
