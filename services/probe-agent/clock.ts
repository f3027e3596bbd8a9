/** One moment by two clocks: one that follows UTC, in nanoseconds since 1970, and one that nobody sets. */
interface Moment {
  readonly wallNs: bigint;
  readonly monotonicNs: bigint;
}

/** UTC with the resolution of the clock that nobody sets: both are one reading, so that nothing can come between them. */
export interface ProbeClock {
  now(): Moment;
  /** What UTC may be off the system's clock by. */
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
  const now = (): Moment => {
    const readNs = monotonicNs();
    return { wallNs: anchor.wallNs + (readNs - anchor.atNs), monotonicNs: readNs };
  };
  return {
    now,
    errorNs: () => anchor.errorNs,
    steps() {
      // Looked at before and after: who was kept from the processor in between has not had his clock set.
      const before = now().wallNs;
      const system = BigInt(wallMs()) * 1_000_000n;
      if (system < before - STEP_NS || system > now().wallNs + STEP_NS) {
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
