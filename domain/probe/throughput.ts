import { ok, type Outcome, refuse } from "../outcome.ts";
import { meanWithin, summaryOf } from "./statistics.ts";

/** Bytes that came in, by the time since the first of them, both counted by the receiver. */
export interface Bin {
  readonly ms: number;
  readonly bytes: number;
}

export interface Throughput {
  /** The median of the test's stretches: one retransmission timeout, or one stall of the hosts, does not move it. */
  readonly medianMbitPerS: number;
  /** Everything that came over the time it took, stalls included, and how far the stretches scatter. */
  readonly meanMbitPerS: number;
  readonly ci95: number;
  /** Bins that the values stand on. */
  readonly n: number;
}

export type ThroughputRefusal = "THROUGHPUT_TOO_SHORT";

/** What TCP's slow start, and the bucket of a shaper that was full, may spoil: half a second, of a short test a quarter. */
const WARM_UP = { mostMs: 500, share: 0.25 } as const;
/** Equal stretches that the median and the interval of the mean are made of: of a full test 100 ms each. */
const STRETCHES = 15;
const LEAST_BINS = 5;

/**
 * The rate of a transfer from what the receiver counted after the warm-up.
 * `bins` are cumulative, in the order of time.
 */
export function throughputOf(bins: readonly Bin[]): Outcome<Throughput, ThroughputRefusal> {
  const last = bins.at(-1);
  const warmUpMs = Math.min(WARM_UP.mostMs, WARM_UP.share * (last?.ms ?? 0));
  const counted = bins.filter(({ ms }) => ms >= warmUpMs);
  const [first] = counted;
  if (first === undefined || last === undefined || counted.length < LEAST_BINS || last.ms <= first.ms)
    return refuse(
      "THROUGHPUT_TOO_SHORT",
      `${String(counted.length)} bins after the warm-up say nothing: the test ended too soon, or nothing came through`,
    );
  const rates = stretchesOf(counted).map(([from, to]) => rateOf(from, to));
  const meanMbitPerS = rateOf(first, last);
  const { ci95 = 0 } = meanWithin(rates) ?? {};
  return ok({ medianMbitPerS: summaryOf(rates)?.p50 ?? meanMbitPerS, meanMbitPerS, ci95, n: counted.length - 1 });
}

/** Megabits (10⁶) per second. */
const rateOf = (from: Bin, to: Bin): number => ((to.bytes - from.bytes) * 8) / ((to.ms - from.ms) * 1e3);

function stretchesOf(bins: readonly Bin[]): readonly (readonly [Bin, Bin])[] {
  const size = Math.max(1, Math.floor((bins.length - 1) / STRETCHES));
  const stretches: (readonly [Bin, Bin])[] = [];
  for (let i = 0; i + size < bins.length; i += size) {
    const from = bins[i];
    const to = bins[i + size];
    if (from !== undefined && to !== undefined && to.ms > from.ms) stretches.push([from, to]);
  }
  return stretches;
}

/** A test may end before its time when half of the interval is within this share of the value. */
const ENOUGH = { leastMs: 1_000, share: 0.01 } as const;

/** Whether going on would say nothing new. */
export function isEnough(bins: readonly Bin[]): boolean {
  if ((bins.at(-1)?.ms ?? 0) < ENOUGH.leastMs) return false;
  const seen = throughputOf(bins);
  return seen.ok && seen.value.ci95 <= ENOUGH.share * seen.value.meanMbitPerS;
}
