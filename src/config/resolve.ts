import { Accepted } from './accepted.js';
import type { ConfigChecks } from './checks.js';
import { ConfigFile, isTree, type Tree } from './config-file.js';
import type { DeploymentForm, ResolvedDeployment } from './deployment.js';
import type { ConfigProblem } from './messages.js';
import { placementVerdict } from './placement-verdict.js';
import { nodesDeployment, nodesProblems } from './resolve-nodes.js';
import { singleDeployment, singleProblems } from './resolve-single.js';
import { configSchema } from './schema.js';
import { schemaProblems } from './schema-problems.js';
import type { SettingKey } from './settings.js';
import { type ConfigSources, type RawValue, rawTextValues } from './sources.js';

export type Resolution =
  | {
      readonly kind: 'ok';
      readonly deployment: ResolvedDeployment;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Merges and checks: flag beats environment beats file beats default. Pure but for the CPU quota. */
export function resolveConfig(sources: ConfigSources, checks: ConfigChecks): Resolution {
  const parsedFile = ConfigFile.parse(sources.file);
  if (parsedFile.kind === 'bad') {
    return invalid([{ key: sources.file?.name ?? '', message: parsedFile.problem }]);
  }
  const file = parsedFile.value;
  const form = formOf(file.tree);
  const mismatch = formMismatch(form, sources.form);
  if (mismatch !== undefined) return invalid([mismatch]);
  const textValues = rawTextValues(sources);
  const parsed = configSchema(checks).safeParse(merge(file.tree, textValues));
  if (!parsed.success) return invalid(schemaProblems(parsed.error, file, textValues));
  return resolveAccepted(new Accepted(parsed.data, file, textValues), form, checks);
}

function resolveAccepted(
  accepted: Accepted,
  form: DeploymentForm,
  checks: ConfigChecks,
): Resolution {
  const problems = form === 'nodes' ? nodesProblems(accepted) : singleProblems(accepted);
  if (problems.length > 0) return invalid(problems);
  const deployment = form === 'nodes' ? nodesDeployment(accepted) : singleDeployment(accepted);
  const placed = placementVerdict(deployment, accepted, checks);
  return placed.problems.length > 0
    ? invalid(placed.problems)
    : { kind: 'ok', deployment, warnings: placed.warnings };
}

function invalid(problems: readonly ConfigProblem[]): Resolution {
  return { kind: 'invalid', problems };
}

function formOf(tree: Tree): DeploymentForm {
  return tree.nodes === undefined && tree.databases === undefined ? 'single' : 'nodes';
}

/** Each command would otherwise complain of what only the other one needs. */
function formMismatch(
  given: DeploymentForm,
  wanted: DeploymentForm | undefined,
): ConfigProblem | undefined {
  if (wanted === undefined || given === wanted) return undefined;
  const message =
    wanted === 'nodes'
      ? 'slotgate node needs --config FILE with nodes: and databases: (slotgate proxy serves one database without them)'
      : 'nodes: and databases: are for slotgate node; slotgate proxy serves one database, without them';
  return { key: 'nodes', message };
}

function merge(file: Tree, textValues: ReadonlyMap<SettingKey, RawValue>): Tree {
  const merged: Record<string, unknown> = { ...file };
  for (const [key, raw] of textValues) {
    const [first, second] = key.split('.') as [string, string | undefined];
    if (second === undefined) {
      merged[first] = raw.value;
    } else {
      const group = merged[first];
      merged[first] = { ...(isTree(group) ? group : {}), [second]: raw.value };
    }
  }
  return merged;
}
