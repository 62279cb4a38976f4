/** One section of INFO; field names in the server's order. */
export interface InfoSection {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads the text of INFO. Module lines all have the name `module`; they are told apart by their first
 * value: `module:name=search,ver=1` is the field `module:name=search` with the value `ver=1`.
 */
export function parseInfo(text: string): readonly InfoSection[] {
  const sections: { name: string; fields: Map<string, string> }[] = [];
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      sections.push({ name: line.slice(2), fields: new Map() });
    } else if (line !== '') {
      const separator = line.startsWith('module:name=') ? ',' : ':';
      const at = line.indexOf(separator);
      if (at !== -1) {
        sections.at(-1)?.fields.set(line.slice(0, at), line.slice(at + 1));
      }
    }
  }
  return sections;
}

/** As a server prints it: sections parted by an empty line, every line ended. */
export function formatInfo(sections: readonly InfoSection[]): string {
  return sections
    .map(({ name, fields }) => {
      const lines = [...fields].map(([field, value]) => formatField(field, value));
      return [`# ${name}`, ...lines, ''].join('\r\n');
    })
    .join('\r\n');
}

function formatField(field: string, value: string): string {
  return `${field}${field.startsWith('module:name=') ? ',' : ':'}${value}`;
}
