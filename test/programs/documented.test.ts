import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../support/programs.js';
import { foreignPrograms } from './support/foreign.js';
import { useStage } from './support/stage.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTED_PORT = '12000';
const { python, hiredis } = foreignPrograms();

const stage = useStage();

/** A program of docs/clients.md. */
interface Snippet {
  readonly heading: string;
  readonly language: string;
  readonly text: string;
  /** What its comments say that it prints. */
  readonly prints: readonly string[];
}

const snippets = readSnippets(readFileSync(`${ROOT}docs/clients.md`, 'utf8'));

function readSnippets(document: string): Snippet[] {
  const found = document.matchAll(/^## (.+)\n+```(\w+)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, heading = '', language = '', text = '']) => ({
    heading,
    language,
    text,
    prints: [...text.matchAll(/(?:\/\/|#) prints (.*)$/gm)].map(([, line = '']) => line),
  }));
}

/** How a language is run; undefined where this machine cannot. */
function runnerOf(language: string): ((file: string) => ReturnType<typeof runProgram>) | undefined {
  if (language === 'js') return (file) => runProgram(process.execPath, [file]);
  if (language === 'python' && python !== undefined) {
    const env = { ...process.env, ...python.env };
    return (file) => runProgram(python.command, [file], { env });
  }
  if (language === 'c' && hiredis !== undefined) {
    return async (file) => {
      const { compiler, compile, link } = hiredis;
      const built = await runProgram(compiler, [...compile, file, ...link, '-o', `${file}.out`]);
      return built.code === 0 ? runProgram(`${file}.out`, []) : built;
    };
  }
  return undefined;
}

const SUFFIXES: Readonly<Record<string, string>> = { js: 'mjs', python: 'py', c: 'cc' };

test('every program of the document is known here', () => {
  const fences = readFileSync(`${ROOT}docs/clients.md`, 'utf8').match(/^```\w+$/gm) ?? [];
  expect(snippets.map(({ language }) => `\`\`\`${language}`)).toEqual(fences);
  expect(snippets.filter(({ language }) => SUFFIXES[language] === undefined)).toEqual([]);
  expect(snippets.filter(({ prints }) => prints.length === 0)).toEqual([]);
});

for (const { heading, language, text, prints } of snippets) {
  const run = runnerOf(language);
  test.skipIf(run === undefined)(heading, async () => {
    // Inside the project, so that Node finds its packages.
    mkdirSync(`${ROOT}.cache`, { recursive: true });
    const folder = mkdtempSync(`${ROOT}.cache/snippet-`);
    try {
      const file = join(folder, `snippet.${SUFFIXES[language]}`);
      writeFileSync(file, text.replaceAll(DOCUMENTED_PORT, String(stage.port)));
      const result = await run?.(file);
      expect(result).toEqual({ code: 0, output: prints.map((line) => `${line}\n`).join('') });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
