/** The number of keys in the key space; every target holds all of them with values of the case's size. */
export const KEY_COUNT = 100_000;
/** redis-benchmark puts a random number below KEY_COUNT, in twelve digits, in place of each one. */
const RANDOM_KEY = 'key:__rand_int__';
const KEYS_PER_MULTI = 10;
const MULTI_COST = 3;

type Operation = 'get' | 'set' | 'mset10' | 'mget10';

export interface Case {
  /** For example `mget10-p16-c50-64`: operation, pipeline, clients, bytes per value. */
  readonly name: string;
  readonly operation: Operation;
  readonly pipeline: number;
  readonly clients: number;
  readonly valueBytes: number;
  /** Requests per run, a multiple of `pipeline`. */
  readonly requests: number;
}

export interface CaseSelection {
  readonly names: RegExp;
  readonly valueSizes: readonly number[];
  /** Requests per run instead of the case's own. */
  readonly requests: number | undefined;
  /** Factor on the case's own requests per run. */
  readonly scale: number;
}

/** All cases of one value size stand together, since each size needs the keys loaded again. */
export function selectCases(selection: CaseSelection): readonly Case[] {
  const cases = selection.valueSizes.flatMap((valueBytes) =>
    [1, 16].flatMap((pipeline) =>
      [50, 1].flatMap((clients) =>
        (['get', 'set', 'mset10', 'mget10'] as const).map((operation) =>
          createCase({ operation, pipeline, clients, valueBytes }, selection),
        ),
      ),
    ),
  );
  return cases.filter((candidate) => selection.names.test(candidate.name));
}

type Shape = Omit<Case, 'name' | 'requests'>;

function createCase(shape: Shape, selection: CaseSelection): Case {
  const { operation, pipeline, clients, valueBytes } = shape;
  const wanted = selection.requests ?? defaultRequests(shape) * selection.scale;
  return {
    ...shape,
    name: `${operation}-p${pipeline}-c${clients}-${valueBytes}`,
    requests: Math.max(1, Math.ceil(wanted / pipeline)) * pipeline,
  };
}

/** About one second of work for a proxy on a small machine. */
function defaultRequests({ operation, pipeline, clients }: Shape): number {
  const single = clients === 1 ? 20_000 : 80_000;
  const perPipeline = pipeline === 1 ? 1 : 5;
  const isMulti = operation === 'mset10' || operation === 'mget10';
  return (single * perPipeline) / (isMulti ? MULTI_COST : 1);
}

/** The command of a case as redis-benchmark takes it: each key drawn by itself. */
export function commandOf(benchCase: Case): readonly string[] {
  const value = 'x'.repeat(benchCase.valueBytes);
  switch (benchCase.operation) {
    case 'get':
      return ['GET', RANDOM_KEY];
    case 'set':
      return ['SET', RANDOM_KEY, value];
    case 'mset10':
      return ['MSET', ...Array.from({ length: KEYS_PER_MULTI }, () => [RANDOM_KEY, value]).flat()];
    case 'mget10':
      return ['MGET', ...Array.from({ length: KEYS_PER_MULTI }, () => RANDOM_KEY)];
  }
}

/** The key that redis-benchmark writes for the random number `index`. */
export function keyAt(index: number): string {
  return `key:${String(index).padStart(12, '0')}`;
}
