/**
 * Writes what is derived from the table of settings: docs/config.schema.json, and the table between
 * the markers of docs/configuration.md. Run it after `npm run build` when a setting has changed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsReference } from '../../dist/config/reference.js';
import { configJsonSchema } from '../../dist/config/schema.js';

const DOCS = new URL('../../docs/', import.meta.url);
const PAGE = new URL('configuration.md', DOCS);
const SECTION = /(<!-- settings: begin -->\n)[\s\S]*(<!-- settings: end -->)/;

const page = readFileSync(PAGE, 'utf8');
writeFileSync(
  PAGE,
  page.replace(SECTION, (_, begin, end) => `${begin}${settingsReference()}\n${end}`),
);
writeFileSync(
  new URL('config.schema.json', DOCS),
  `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
);
