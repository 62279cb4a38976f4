/** The text without fenced code, whose brackets are no links and whose `#` are no headings. */
export function withoutCode(text: string): string {
  return text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2.*$/gm, '');
}

/** Targets of links and images, as written; those inside backticks are left out. */
export function linkTargets(text: string): string[] {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*<?(\S+?)>?$/gm)];
  return [...inline, ...references].map((match) => match[1] ?? '');
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map((match) => {
    const slug = slugOf(match[1] ?? '');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\- _]/gu, '')
    .replaceAll(' ', '-');
}
