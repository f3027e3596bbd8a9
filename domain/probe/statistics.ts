/** Order statistics of a sample. Percentiles are nearest-rank: a value that was seen, never one between two. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

export function summaryOf(values: readonly number[]): Summary | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? max;
  return { n: sorted.length, min, p50: rank(0.5), p99: rank(0.99), max, mean: meanOf(sorted) };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Interarrival jitter, RFC 3550 section 6.4.1: J += (|D| − J) / 16 over transit times in the order of arrival. A constant offset between the
 * clocks cancels. Undefined where nothing can differ.
 */
export function jitterOf(transits: readonly number[]): number | undefined {
  if (transits.length < 2) return undefined;
  let jitter = 0;
  for (let i = 1; i < transits.length; i += 1) jitter += (Math.abs((transits[i] ?? 0) - (transits[i - 1] ?? 0)) - jitter) / 16;
  return jitter;
}

/** Student's t, two-sided 95 %, by degrees of freedom; beyond the table the normal's is as good. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];
const Z95 = 1.96;

/** Mean and half the width of its 95 % confidence interval; undefined for fewer than two values. */
export function meanWithin(values: readonly number[]): { readonly mean: number; readonly ci95: number } | undefined {
  if (values.length < 2) return undefined;
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, ci95: (T95[values.length - 2] ?? Z95) * Math.sqrt(variance / values.length) };
}
