import { mergeComposite } from './composite.js';
import { fieldRule, humanBase } from './field-rules.js';
import { humanBytes, maxOf, minOf, sumOf } from './numbers.js';
import type { InfoSection } from './parse.js';

/** Their fields hold several named numbers each, and differ from server to server. */
const COMPOSITE_SECTIONS: ReadonlySet<string> = new Set([
  ...['Commandstats', 'Errorstats', 'Latencystats', 'Keyspace'],
]);

/**
 * One INFO from those of all primaries: sections and fields in the order of the first that has them.
 * @param infos One per server, at least one.
 * @param own The proxy's values, for the fields with the rule `own`.
 */
export function mergeInfo(
  infos: readonly (readonly InfoSection[])[],
  own: ReadonlyMap<string, string>,
): readonly InfoSection[] {
  const names = [...new Set(infos.flat().map((section) => section.name))];
  return names.map((name) => {
    const sections = infos.flatMap((info) => info.filter((section) => section.name === name));
    return { name, fields: mergeFields(name, sections, own) };
  });
}

function mergeFields(
  section: string,
  sections: readonly InfoSection[],
  own: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const merged = new Map<string, string>();
  for (const field of new Set(sections.flatMap(({ fields }) => [...fields.keys()]))) {
    const values = sections.flatMap(({ fields }) => fields.get(field) ?? []);
    const value = COMPOSITE_SECTIONS.has(section)
      ? mergeComposite(values)
      : mergeField(field, values, merged, own);
    if (value !== undefined) {
      merged.set(field, value);
    }
  }
  return merged;
}

/** @returns undefined: the field is left out. */
function mergeField(
  field: string,
  values: readonly string[],
  merged: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
): string | undefined {
  switch (fieldRule(field)) {
    case 'sum':
      return sumOf(values);
    case 'max':
      return maxOf(values);
    case 'min':
      return minOf(values);
    case 'worst':
      return values.find((value) => value !== 'ok') ?? values[0];
    case 'human': {
      const bytes = merged.get(humanBase(field));
      return bytes === undefined ? values[0] : humanBytes(Number(bytes));
    }
    case 'own':
      return own.get(field);
    case 'drop':
      return undefined;
    case 'first':
      return values[0];
  }
}
