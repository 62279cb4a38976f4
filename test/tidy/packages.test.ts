import { isBuiltin } from 'node:module';
import { expect, test } from 'vitest';
import { filesWith, textOf } from './support/files.js';
import { importsOf } from './support/ts-layers.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const MANIFEST: Manifest = JSON.parse(textOf('package.json'));
/** Needed on the user's machine to build the addon, not imported by src. */
const BUILD_ONLY = ['node-addon-api', 'node-gyp'];

/** `@scope/name` or `name` of a specifier like `@scope/name/part`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function packagesImportedIn(folder: string): Set<string> {
  const specifiers = filesWith(folder, ['.ts']).flatMap((file) => importsOf(textOf(file)));
  return new Set(
    specifiers
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
      .map(packageOf),
  );
}

test('src imports only packages that users get', () => {
  const users = { ...MANIFEST.dependencies, ...MANIFEST.optionalDependencies };
  const missing = [...packagesImportedIn('src')].filter((name) => !Object.hasOwn(users, name));
  expect(missing).toEqual([]);
});

test('every package that users get is used', () => {
  const used = new Set([...packagesImportedIn('src'), ...BUILD_ONLY]);
  expect(Object.keys(MANIFEST.dependencies).filter((name) => !used.has(name))).toEqual([]);
});

test('versions are exact', () => {
  const versions = { ...MANIFEST.dependencies, ...MANIFEST.devDependencies };
  const loose = Object.entries(versions).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(textOf('package-lock.json')).not.toContain('"resolved": "http');
});
