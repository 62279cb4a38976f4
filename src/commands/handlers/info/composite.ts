import { maxOf, sumOf } from './numbers.js';

/**
 * Merges values that hold several named numbers: `keys=3,expires=0,avg_ttl=0`. Counts are added;
 * averages are weighted by what they are averages of; percentiles and depths take the largest.
 */
export function mergeComposite(values: readonly string[]): string {
  const parsed = values.map(parse);
  const names = [...new Set(parsed.flatMap((numbers) => [...numbers.keys()]))];
  return names.map((name) => `${name}=${mergeNumber(name, parsed)}`).join(',');
}

type Numbers = ReadonlyMap<string, string>;

function parse(value: string): Numbers {
  return new Map(
    value.split(',').map((part) => {
      const [name = '', number = '0'] = part.split('=');
      return [name, number] as const;
    }),
  );
}

function mergeNumber(name: string, parsed: readonly Numbers[]): string {
  const values = parsed.flatMap((numbers) => numbers.get(name) ?? []);
  switch (name) {
    case 'avg_ttl':
      return weightedAverage(parsed, name, 'expires', 0);
    case 'usec_per_call':
      return weightedAverage(parsed, name, 'calls', 2);
    default:
      return /^p\d/.test(name) ? maxOf(values) : sumOf(values);
  }
}

function weightedAverage(
  parsed: readonly Numbers[],
  name: string,
  weightName: string,
  decimals: number,
): string {
  const weights = parsed.map((numbers) => Number(numbers.get(weightName) ?? 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const weighted = parsed.reduce(
    (sum, numbers, i) => sum + Number(numbers.get(name) ?? 0) * (weights[i] ?? 0),
    0,
  );
  return (total === 0 ? 0 : weighted / total).toFixed(decimals);
}
