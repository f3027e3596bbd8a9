import type { Latency } from "./model.ts";

/** Counts by bucket, not cumulative: place i holds what is above bound i-1 and up to bound i; the last place what is above the last bound. */
export interface Buckets {
  /** Finite upper bounds in ms, rising. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

interface Quantile {
  readonly value: number | null;
  readonly bounds: [number, number | null] | null;
}

/**
 * The same as Prometheus' histogram_quantile (promql/quantile.go, bucketQuantile): linear within the bucket that holds the rank, from 0 in the first one,
 * and the last finite bound where the rank lies beyond it. Nothing counted: null.
 */
export function quantile(q: number, { bounds, counts }: Buckets): Quantile {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const last = bounds.at(-1);
  if (total === 0 || last === undefined) return { value: null, bounds: null };
  const rank = q * total;
  let below = 0;
  for (const [i, upper] of bounds.entries()) {
    const here = counts[i] ?? 0;
    if (below + here < rank) {
      below += here;
      continue;
    }
    const lower = i === 0 ? 0 : (bounds[i - 1] ?? 0);
    if (i === 0 && upper <= 0) return { value: upper, bounds: [upper, upper] };
    return { value: here === 0 ? lower : lower + (upper - lower) * ((rank - below) / here), bounds: [lower, upper] };
  }
  return { value: last, bounds: [last, null] };
}

/** Null where nothing was counted. */
export function latencyOf(buckets: Buckets): Latency | null {
  const samples = buckets.counts.reduce((sum, count) => sum + count, 0);
  if (samples === 0 || buckets.bounds.length === 0) return null;
  const [p50, p95, p99] = [quantile(0.5, buckets), quantile(0.95, buckets), quantile(0.99, buckets)];
  return {
    p50: p50.value,
    p95: p95.value,
    p99: p99.value,
    samples,
    saturated: [p50, p95, p99].some(({ bounds }) => bounds?.[1] === null),
    bounds: { p50: p50.bounds, p95: p95.bounds, p99: p99.bounds },
  };
}
