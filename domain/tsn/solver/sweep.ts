import type { Constraints, PhaseWindow } from "./no-wait.ts";

/** What a sweep looks for: the phase at which the jobs in the way weigh least together. */
export interface Lightest {
  readonly phase: number;
  readonly weight: number;
}

/** Above this many, a sweep would cost more than it finds: it looks at a part of the window instead. */
const MOST_EVENTS = 20_000;

const counts: number[] = [];
/** Numbers x · 2¹⁷ + 2 · constraint + (1 for a start): doubles hold them up to x = 2³⁶ ns, which is more than an interval may be. */
let events = new Float64Array(1024);
const SHIFT = 131_072;
const atOf = (event: number): number => Math.floor(event / SHIFT);
const isStart = (event: number): boolean => event % 2 === 1;

function fillEvents({ lo, len, g, size }: Constraints, { first, last }: PhaseWindow): number {
  let n = 0;
  for (let c = 0; c < size; c++) {
    const [step, length] = [g[c] as number, len[c] as number];
    if (length > step) continue;
    let from = lo[c] as number;
    from += Math.floor((first - from - length) / step + 1) * step;
    for (; from < last; from += step) {
      const to = from + length;
      if (to <= first) continue;
      if (n + 2 > events.length) {
        const grown = new Float64Array(2 * events.length);
        grown.set(events);
        events = grown;
      }
      events[n++] = (Math.max(from, first - 1) - first + 1) * SHIFT + 2 * c + 1;
      events[n++] = (to - first + 1) * SHIFT + 2 * c;
    }
  }
  return n;
}

/** A part of the window that is small enough, drawn at random. */
function partOf({ g, size }: Constraints, { first, last }: PhaseWindow, random: () => number): PhaseWindow {
  let expected = 0;
  for (let c = 0; c < size; c++) expected += 2 * Math.ceil((last - first + 1) / (g[c] as number));
  if (expected <= MOST_EVENTS) return { first, last };
  const width = Math.floor(((last - first) * MOST_EVENTS) / expected);
  const at = first + Math.floor(random() * (last - first - width));
  return { first: at, last: at + width };
}

/** The phase in the window at which those in the way weigh less than `limit`, and least; equal ones are drawn from. */
export function lightest(
  constraints: Constraints,
  window: PhaseWindow,
  { weights, limit, random }: { readonly weights: Float64Array; readonly limit: number; readonly random: () => number },
): Lightest | undefined {
  const { job, len, g, size } = constraints;
  let weight = 0;
  for (let c = 0; c < size; c++) counts[job[c] as number] = 0;
  const enter = (c: number): void => {
    const who = job[c] as number;
    const before = counts[who] as number;
    counts[who] = before + 1;
    if (before === 0) weight += weights[who] as number;
  };
  const leave = (c: number): void => {
    const who = job[c] as number;
    const after = (counts[who] as number) - 1;
    counts[who] = after;
    if (after === 0) weight -= weights[who] as number;
  };
  // Who is in the way at every phase.
  for (let c = 0; c < size; c++) if ((len[c] as number) > (g[c] as number)) enter(c);
  if (weight >= limit) return undefined;
  const { first, last } = partOf(constraints, window, random);
  const n = fillEvents(constraints, { first, last });
  const sorted = events.subarray(0, n).sort();
  let best = limit;
  let phase = -1;
  let ties = 0;
  const look = (at: number): void => {
    if (at < first || at > last || weight >= limit || weight > best) return;
    ties = weight < best ? 1 : ties + 1;
    if (ties > 1 && random() * ties >= 1) return;
    [best, phase] = [weight, at];
  };
  let i = 0;
  for (; i < n && atOf(sorted[i] as number) <= 0; i++) enter(((sorted[i] as number) % SHIFT) >> 1);
  look(first);
  while (i < n) {
    const at = atOf(sorted[i] as number);
    let k = i;
    // Stretches are open at both ends: what ends here is over, and what starts here has not begun.
    for (; k < n && atOf(sorted[k] as number) === at; k++) if (!isStart(sorted[k] as number)) leave(((sorted[k] as number) % SHIFT) >> 1);
    look(at + first - 1);
    for (; i < k; i++) if (isStart(sorted[i] as number)) enter(((sorted[i] as number) % SHIFT) >> 1);
  }
  return phase < 0 ? undefined : { phase, weight: best };
}
