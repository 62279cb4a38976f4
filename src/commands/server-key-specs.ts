import type { RespReply } from '../resp/index.js';
import { itemsOf, numberOf, textOf } from './reply-fields.js';
import type { KeyFlag, KeySpec } from './types.js';

const KEY_FLAGS: readonly KeyFlag[] = [
  ...(['RO', 'RW', 'OW', 'RM', 'access', 'insert', 'update', 'delete'] as const),
  ...(['not_key', 'incomplete', 'variable_flags'] as const),
];

/** Positions beyond this, or steps below 1, are no module's intention. */
const POSITION_MAX = 65_535;
const UNKNOWN: KeySpec = { begin: { kind: 'unknown' }, find: { kind: 'unknown' }, flags: [] };

type Fields = ReadonlyMap<string, RespReply>;

/** One element of the key specifications of `COMMAND`; what is not understood is `unknown`. */
export function readKeySpec(reply: RespReply): KeySpec {
  const fields = fieldsOf(reply);
  const names = itemsOf(fields.get('flags')).map(textOf);
  const begin = readBegin(fieldsOf(fields.get('begin_search')));
  const find = readFind(fieldsOf(fields.get('find_keys')));
  if (!isPlausibleBegin(begin) || !isPlausibleFind(find)) {
    return UNKNOWN;
  }
  return { begin, find, flags: KEY_FLAGS.filter((flag) => names.includes(flag)) };
}

/**
 * The first/last/step triple of `COMMAND` as a specification. `last` is a position, or negative from
 * the end; movable keys are elsewhere, too, and the triple cannot say where.
 */
export function legacyKeySpecs(
  first: number,
  last: number,
  step: number,
  isMovable: boolean,
): readonly KeySpec[] {
  const rest = isMovable ? [UNKNOWN] : [];
  if (first <= 0) {
    return rest;
  }
  const lastKey = last < 0 ? last : last - first;
  const find = { kind: 'range', lastKey, step: Math.max(step, 1), limit: 0 } as const;
  if ((last >= 0 && last < first) || first > POSITION_MAX || !isPlausibleFind(find)) {
    return [UNKNOWN];
  }
  return [{ begin: { kind: 'index', index: first }, find, flags: [] }, ...rest];
}

function isPlausibleBegin(begin: KeySpec['begin']): boolean {
  switch (begin.kind) {
    case 'index':
      return isWithin(begin.index, 1);
    case 'keyword':
      return begin.keyword !== '' && isWithin(Math.abs(begin.startFrom), 1);
    case 'unknown':
      return true;
  }
}

function isPlausibleFind(find: KeySpec['find']): boolean {
  switch (find.kind) {
    case 'range':
      return (
        isWithin(find.lastKey, -POSITION_MAX) && isWithin(find.step, 1) && isWithin(find.limit, 0)
      );
    case 'keynum':
      return (
        [find.keynumIndex, find.firstKey].every((n) => isWithin(n, 0)) && isWithin(find.step, 1)
      );
    case 'unknown':
      return true;
  }
}

function isWithin(value: number, low: number): boolean {
  return value >= low && value <= POSITION_MAX;
}

function readBegin(fields: Fields): KeySpec['begin'] {
  const spec = fieldsOf(fields.get('spec'));
  switch (textOf(fields.get('type'))) {
    case 'index':
      return { kind: 'index', index: numberOf(spec.get('index')) };
    case 'keyword': {
      const keyword = textOf(spec.get('keyword')).toUpperCase();
      return { kind: 'keyword', keyword, startFrom: numberOf(spec.get('startfrom')) };
    }
    default:
      return { kind: 'unknown' };
  }
}

function readFind(fields: Fields): KeySpec['find'] {
  const spec = fieldsOf(fields.get('spec'));
  const step = Math.max(numberOf(spec.get('keystep')), 1);
  switch (textOf(fields.get('type'))) {
    case 'range': {
      const lastKey = numberOf(spec.get('lastkey'));
      return { kind: 'range', lastKey, step, limit: numberOf(spec.get('limit')) };
    }
    case 'keynum': {
      const keynumIndex = numberOf(spec.get('keynumidx'));
      return { kind: 'keynum', keynumIndex, firstKey: numberOf(spec.get('firstkey')), step };
    }
    default:
      return { kind: 'unknown' };
  }
}

/** A map as RESP2 shows it: name, value, name, value … */
function fieldsOf(reply: RespReply | undefined): Fields {
  const items = itemsOf(reply);
  const fields = new Map<string, RespReply>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = items[i + 1];
    if (value !== undefined) {
      fields.set(textOf(items[i]), value);
    }
  }
  return fields;
}
