import { readFileSync } from 'node:fs';

/** Version of this package, from its package.json. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const version = Object(manifest).version;
  return typeof version === 'string' ? version : 'unknown';
}
