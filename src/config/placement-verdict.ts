import type { Accepted } from './accepted.js';
import type { ConfigChecks } from './checks.js';
import { formatPath } from './config-file.js';
import type { ResolvedDeployment } from './deployment.js';
import type { ConfigProblem } from './messages.js';

/** What is wrong, and what is doubtful, with how the databases are placed on the nodes. */
export function placementVerdict(
  { form, nodes, databases }: ResolvedDeployment,
  accepted: Accepted,
  checks: ConfigChecks,
): { readonly problems: readonly ConfigProblem[]; readonly warnings: readonly string[] } {
  const verdicts = databases.map((database) => checks.placement(database, nodes));
  return {
    problems: verdicts.flatMap(({ problems }, i) => {
      if (form === 'single') {
        const keyOf = (code: string) => (code === 'invalid_proxy_policy' ? 'proxyPolicy' : 'mode');
        return problems.map((problem) => ({ key: keyOf(problem.code), ...problem }));
      }
      const path = ['databases', i];
      const where = accepted.where(path);
      return problems.map(({ code, message }) => ({
        key: formatPath(path),
        message: `${message} (in ${where})`,
        code,
      }));
    }),
    warnings: verdicts.flatMap(({ warnings }, i) =>
      warnings.map((warning) => `${databases[i]?.databaseName}: ${warning}`),
    ),
  };
}
