import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycle } from './support/cycles.js';
import { filesWith, ROOT, textOf } from './support/files.js';
import { importsOf, layerFault, resolveImport } from './support/ts-layers.js';

const FILES = filesWith('src', ['.ts']);
const GRAPH = new Map(FILES.map((file) => [file, ownImports(file)]));

function ownImports(file: string): string[] {
  return importsOf(textOf(file)).flatMap((specifier) => resolveImport(file, specifier) ?? []);
}

describe('the checks themselves', () => {
  test('see every kind of import', () => {
    const text = `
      import { a } from './a.js';
      import type { B } from './b.js';
      export * from './c.js';
      const d = await import('./d.js');
    `;
    expect(importsOf(text)).toEqual(['./a.js', './b.js', './c.js', './d.js']);
  });

  test('refuse upward, sideways and unknown imports, and allow downward ones', () => {
    expect(layerFault('src/resp/a.ts', 'src/proxy/b.ts')).toContain('imports');
    expect(layerFault('src/api/a.ts', 'src/cluster/b.ts')).toContain('imports');
    expect(layerFault('src/log/a.ts', 'src/config/b.ts')).toContain('imports');
    expect(layerFault('src/main.ts', 'src/elsewhere/b.ts')).toContain('not in the order');
    expect(layerFault('src/main.ts', 'test/support/b.ts')).toContain('outside of src');
    expect(layerFault('src/main.ts', 'src/cli/b.ts')).toBeUndefined();
    expect(layerFault('src/proxy/a.ts', 'src/resp/b.ts')).toBeUndefined();
    expect(layerFault('src/log/a.ts', 'src/errors/b.ts')).toBeUndefined();
  });

  test('find a cycle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(findCycle(graph)).toEqual(['b', 'c', 'b']);
    expect(findCycle(new Map([['a', ['b', 'b']]]))).toBeUndefined();
  });
});

describe('src', () => {
  test('imports point downwards only', () => {
    const faults = [...GRAPH].flatMap(([file, imports]) =>
      imports.flatMap((imported) => layerFault(file, imported) ?? []),
    );
    expect(FILES).not.toEqual([]);
    expect(faults).toEqual([]);
  });

  test('has no import cycle', () => {
    expect(findCycle(GRAPH)).toBeUndefined();
  });

  test('imports files that exist', () => {
    const missing = [...GRAPH.values()].flat().filter((file) => !existsSync(join(ROOT, file)));
    expect(missing).toEqual([]);
  });

  test('loads the addon in src/native only', () => {
    const loaders = FILES.filter((file) => /\.node['"`]|\bdlopen\(/.test(textOf(file)));
    expect(loaders.filter((file) => !file.startsWith('src/native/'))).toEqual([]);
  });

  test('ends the process in main.ts only', () => {
    const enders = FILES.filter((file) =>
      /\bprocess\.(exit|abort|reallyExit)\(/.test(textOf(file)),
    );
    expect(enders.filter((file) => file !== 'src/main.ts')).toEqual([]);
  });

  test('has named exports only', () => {
    const withDefault = FILES.filter((file) => /^export default\b/m.test(textOf(file)));
    expect(withDefault).toEqual([]);
  });
});
