const INTEGER = /^-?\d+$/;
const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;

/** Adds decimal numbers: integers exactly, others with as many decimals as the first has. */
export function sumOf(values: readonly string[]): string {
  if (values.every((value) => INTEGER.test(value))) {
    return String(values.reduce((sum, value) => sum + BigInt(value), 0n));
  }
  const decimals = values[0]?.split('.')[1]?.length ?? 0;
  return values.reduce((sum, value) => sum + numberIn(value), 0).toFixed(decimals);
}

/** The value, as it was written, of the largest number. At least one value. */
export function maxOf(values: readonly string[]): string {
  return values.reduce((best, value) => (numberIn(value) > numberIn(best) ? value : best));
}

export function minOf(values: readonly string[]): string {
  return values.reduce((best, value) => (numberIn(value) < numberIn(best) ? value : best));
}

/** A number of bytes as the servers print it: `512B`, `1.02M`. */
export function humanBytes(bytes: number): string {
  const exponent = Math.floor(Math.log2(Math.max(bytes, 1)) / 10);
  const power = Math.min(exponent, UNITS.length - 1);
  const unit = UNITS[power] ?? 'B';
  return power === 0 ? `${bytes}B` : `${(bytes / 1024 ** power).toFixed(2)}${unit}`;
}

/** `86.78%` and `0.51` are numbers, too; what is none counts as 0. */
function numberIn(value: string): number {
  const number = Number.parseFloat(value);
  return Number.isNaN(number) ? 0 : number;
}
