/** A ratio with its 95 % interval. */
export interface Ratio {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

/** Student's t, two-sided 95 %, by degrees of freedom from 1. */
const T_95 = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09,
] as const;
const NORMAL_95 = 1.96;

/** Geometric mean and interval of values that vary by factors; with one value the interval is unknown, and so without end. */
export function geometric(values: readonly number[]): Ratio {
  const logs = values.map(Math.log);
  const n = logs.length;
  const mean = logs.reduce((sum, x) => sum + x, 0) / n;
  const variance = n < 2 ? Number.POSITIVE_INFINITY : logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const half = (T_95[n - 2] ?? NORMAL_95) * Math.sqrt(variance / n);
  return { mean: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half), pairs: n };
}

/** A ÷ B of runs that were made side by side. */
export const ratioOf = (a: readonly number[], b: readonly number[]): Ratio => geometric(a.map((value, i) => value / (b[i] ?? Number.NaN)));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export interface Goal {
  readonly is: "at least" | "at most";
  readonly goal: number;
  readonly stretch?: number;
}

export type Verdict = "met" | "met, and the stretch goal too" | "missed" | "undecided";

/** The bound decides, never the mean; a goal inside of the interval is undecided. */
export function judge({ low, high }: Ratio, { is, goal, stretch }: Goal): Verdict {
  const reaches = (value: number): boolean => (is === "at least" ? low >= value : high <= value);
  const fails = is === "at least" ? high < goal : low > goal;
  if (fails) return "missed";
  if (!reaches(goal)) return "undecided";
  return stretch !== undefined && reaches(stretch) ? "met, and the stretch goal too" : "met";
}
