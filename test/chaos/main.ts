import { randomInt } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { type Options, parseOptions, USAGE } from './options.js';
import type { Report } from './report/report.js';
import { reportText } from './report/text.js';
import { runChaos } from './run.js';

const SEEDS = 2 ** 31 - 1;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Counts rejections of promises that a client library keeps to itself, so that nobody can handle them:
 * they would end an application, but must not end the run.
 * @returns What tells those since the last call.
 */
function collectRejections(): () => string[] {
  const counts = new Map<string, number>();
  process.on('unhandledRejection', (reason) => {
    counts.set(String(reason), (counts.get(String(reason)) ?? 0) + 1);
  });
  return () => {
    const told = [...counts].map(([text, n]) => `${n} × rejected where nobody can see it: ${text}`);
    counts.clear();
    return told;
  };
}

async function runAll({ against, out, targetLog, ...options }: Options): Promise<boolean> {
  const reports: Report[] = [];
  const rejections = collectRejections();
  for (const target of against) {
    print(`chaos: seed ${options.seed}, against ${target}`);
    const outcome = await runChaos({
      ...options,
      against: target,
      log: print,
      onTargetLog: (text) => {
        if (targetLog !== undefined) appendFileSync(targetLog, text);
      },
    });
    if (outcome === undefined) continue;
    const report = { ...outcome, problems: [...outcome.problems, ...rejections()] };
    reports.push(report);
    print(`\n${reportText(report)}`);
    if (out !== undefined) writeFileSync(out, `${JSON.stringify(reports, undefined, 2)}\n`);
  }
  // The others are there to compare with: what they do wrong is told, and is no failure.
  return reports.every(
    ({ against: target, violations, problems }) =>
      target !== 'proxy' || violations.length + problems.length === 0,
  );
}

async function main(): Promise<number> {
  let options: Options | 'help';
  try {
    options = parseOptions(process.argv.slice(2), randomInt(SEEDS));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    print(USAGE);
    return 0;
  }
  return (await runAll(options)) ? 0 : 1;
}

process.exitCode = await main();
