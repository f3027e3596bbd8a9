/** Two clocks: one that follows UTC, with the resolution of the other, which nobody sets. */
export interface ProbeClock {
  /** Nanoseconds since 1970. */
  wallNs(): bigint;
  monotonicNs(): bigint;
  /** Looks whether the clock was set, and follows it; how often that has happened so far. */
  steps(): number;
}

interface Sources {
  readonly wallMs: () => number;
  readonly monotonicNs: () => bigint;
}

/** The wall clock is read in whole milliseconds, so up to one is none. */
const STEP_NS = 2_500_000n;

/**
 * Date.now has milliseconds only, so it is read once, at the moment at which it turns, and nanoseconds are counted on from there. Linux slews
 * both clocks alike; what pulls them apart is that somebody set the time.
 */
export function openClock({ wallMs, monotonicNs }: Sources = { wallMs: Date.now, monotonicNs: process.hrtime.bigint }): ProbeClock {
  const read = (): { wall: bigint; at: bigint } => {
    const before = wallMs();
    let now = before;
    while (now === before) now = wallMs();
    return { wall: BigInt(now) * 1_000_000n, at: monotonicNs() };
  };
  let anchor = read();
  let steps = 0;
  const wallNs = (): bigint => anchor.wall + (monotonicNs() - anchor.at);
  return {
    wallNs,
    monotonicNs,
    steps() {
      const offBy = wallNs() - BigInt(wallMs()) * 1_000_000n;
      if (offBy > STEP_NS || offBy < -STEP_NS) {
        anchor = read();
        steps += 1;
      }
      return steps;
    },
  };
}
