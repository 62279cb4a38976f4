import type { Compare } from '../../../src/commands/index.js';
import { describeReply, type Reply } from './reply.js';

/** `same_outcome`: both are errors, or none is; all that can be said of rows of class `none`. */
export type CompareKind = Exclude<Compare['kind'], 'none'> | 'same_outcome';

/**
 * A text that is equal for two replies that are alike as far as `kind` goes. Errors are always
 * compared word by word: they depend neither on chance nor on time.
 */
export function fingerprint(reply: Reply, kind: CompareKind): string {
  if (kind === 'same_outcome') {
    return isFault(reply) ? 'an error' : 'no error';
  }
  if (isFault(reply) || kind === 'exact') {
    return describeReply(reply);
  }
  return kind === 'unordered' ? sorted(reply) : shape(reply);
}

function isFault({ kind }: Reply): boolean {
  return kind === 'error' || kind === 'bulk_error' || kind === 'missing' || kind === 'closed';
}

function sorted(reply: Reply): string {
  switch (reply.kind) {
    case 'array':
    case 'set':
    case 'push':
      return `${reply.kind}[${reply.items.map(sorted).sort().join(', ')}]`;
    case 'map': {
      const entries = reply.entries.map((pair) => pair.map(sorted).join(': '));
      return `map{${entries.sort().join(', ')}}`;
    }
    default:
      return describeReply(reply);
  }
}

/** Types, numbers of elements, and names of fields; of a text with named fields their names. */
function shape(reply: Reply): string {
  switch (reply.kind) {
    case 'array':
    case 'set':
    case 'push':
      return `${reply.kind}[${reply.items.map(shape).join(', ')}]`;
    case 'map': {
      const entries = reply.entries.map(([key, value]) => `${describeReply(key)}: ${shape(value)}`);
      return `map{${entries.sort().join(', ')}}`;
    }
    case 'bulk':
    case 'verbatim':
      return `${reply.kind} ${fieldNames(reply.text)}`;
    default:
      return reply.kind;
  }
}

/** The first line of CLIENT LIST and the like, without values: `id= addr= name=`. */
function fieldNames(text: string): string {
  const [line = ''] = text.split('\n');
  const fields = line.split(' ');
  const areNamed = fields.length > 1 && fields.every((field) => /^[\w-]+=/.test(field));
  return areNamed ? fields.map((field) => field.replace(/=.*$/, '=')).join(' ') : '';
}
