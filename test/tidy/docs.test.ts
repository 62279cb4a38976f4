import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesWith, ROOT, textOf } from './support/files.js';
import { anchorsOf, linkTargets } from './support/markdown.js';

const DOCUMENTS = filesWith('.', ['.md']);
const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(textOf('package.json')).scripts;

/** @returns What is wrong with a link, or undefined. */
function linkFault(document: string, target: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), decodeURI(path)));
  if (!existsSync(join(ROOT, file))) return `${document}: ${target} does not exist`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  const isKnown = anchorsOf(textOf(file)).includes(anchor);
  return isKnown ? undefined : `${document}: ${target} names no heading`;
}

describe('the check of links itself', () => {
  test('sees links, not code', () => {
    const text = 'A [b](c.md#d) `[e](f)`\n```\n[g](h)\n```\n![i](<j.png> "k")\n\n[l]: m.md\n';
    expect(linkTargets(text)).toEqual(['c.md#d', 'j.png', 'm.md']);
  });

  test('makes anchors as GitHub does', () => {
    const text = '# A b, `c`!\n## A b, c\n```\n# no\n```\n### 1. D–e_f\n';
    expect(anchorsOf(text)).toEqual(['a-b-c', 'a-b-c-1', '1-de_f']);
  });

  test('finds a missing file and a missing heading', () => {
    expect(linkFault('SECURITY.md', 'no-such-file.md')).toContain('does not exist');
    expect(linkFault('SECURITY.md', '#no-such-heading')).toContain('names no heading');
    expect(linkFault('SECURITY.md', '#reporting')).toBeUndefined();
    expect(linkFault('SECURITY.md', 'https://example.org/')).toBeUndefined();
  });
});

describe('documents', () => {
  test('the documents of a project are there', () => {
    const needed = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'];
    expect(needed.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test('every link leads somewhere', () => {
    const faults = DOCUMENTS.flatMap((document) =>
      linkTargets(textOf(document)).flatMap((target) => linkFault(document, target) ?? []),
    );
    expect(faults).toEqual([]);
  });

  test('every npm script that is named exists', () => {
    const named = DOCUMENTS.flatMap((document) =>
      [...textOf(document).matchAll(/npm run ([\w:-]+\w)/g)].map((match) => match[1] ?? ''),
    );
    expect(named.filter((name) => !Object.hasOwn(SCRIPTS, name))).toEqual([]);
  });
});
