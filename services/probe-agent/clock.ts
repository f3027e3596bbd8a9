/** Two clocks: one that follows UTC, with the resolution of the other, which nobody sets. */
export interface ProbeClock {
  /** Nanoseconds since 1970. */
  wallNs(): bigint;
  monotonicNs(): bigint;
  /** What `wallNs` may be off the system's clock by. */
  errorNs(): number;
  /** Looks whether the clock was set, and follows it; how often that has happened so far. */
  steps(): number;
}

interface Sources {
  readonly wallMs: () => number;
  readonly monotonicNs: () => bigint;
}

interface Anchor {
  readonly wallNs: bigint;
  readonly atNs: bigint;
  readonly errorNs: number;
}

/** The wall clock is read in whole milliseconds, so up to one is none. */
const STEP_NS = 2_500_000n;
const TRIES = 10;
const GOOD_NS = 5_000;

/**
 * Date.now has milliseconds only, so it is read at the moment at which it turns, and nanoseconds are counted on from there. Linux slews both
 * clocks alike; what pulls them apart is that somebody set the time.
 */
export function openClock({ wallMs, monotonicNs }: Sources = { wallMs: Date.now, monotonicNs: process.hrtime.bigint }): ProbeClock {
  let anchor = findAnchor({ wallMs, monotonicNs });
  let steps = 0;
  const wallNs = (): bigint => anchor.wallNs + (monotonicNs() - anchor.atNs);
  return {
    wallNs,
    monotonicNs,
    errorNs: () => anchor.errorNs,
    steps() {
      const offBy = wallNs() - BigInt(wallMs()) * 1_000_000n;
      if (offBy > STEP_NS || offBy < -STEP_NS) {
        anchor = findAnchor({ wallMs, monotonicNs });
        steps += 1;
      }
      return steps;
    },
  };
}

/** Of several turns of the millisecond, the one that was seen most closely: at the others the process was kept from looking. */
function findAnchor({ wallMs, monotonicNs }: Sources): Anchor {
  let best: Anchor | undefined;
  for (let i = 0; i < TRIES && (best === undefined || best.errorNs > GOOD_NS); i += 1) {
    const first = wallMs();
    let before = monotonicNs();
    let now = wallMs();
    let after = monotonicNs();
    while (now === first) {
      before = after;
      now = wallMs();
      after = monotonicNs();
    }
    const errorNs = Number(after - before);
    if (best === undefined || errorNs < best.errorNs) best = { wallNs: BigInt(now) * 1_000_000n, atNs: after, errorNs };
  }
  if (best === undefined) throw new Error("no millisecond turned");
  return best;
}
