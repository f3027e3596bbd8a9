import type { Measurement, Metric } from "../probe/model.ts";

/** The widest range that a value of each metric can have on a network of this world, in the metric's unit. */
const ranges: Readonly<Record<Metric, readonly [least: number, most: number]>> = {
  // Light in fibre needs 10 ns for the 2 m there and back between two neighbours of a rack; a minute is beyond any path that still answers.
  "delay-rt": [0.000_01, 60_000],
  // Negative by what the clocks disagree, which a disciplined clock keeps below a second.
  "delay-ow": [-1_000, 60_000],
  "delay-variation": [0, 60_000],
  lossrate: [0, 100],
  // The fastest Ethernet there is: 1.6 Tbit/s (IEEE P802.3dj).
  tput: [0, 1_600_000],
  "link-failures": [0, 1_000_000],
  // A rack, not a link.
  "link-energy": [0, 100_000],
};

const order = ["min", "p50", "p99", "max"] as const;

/**
 * Whether a value can be true: in range, counted where it is a count, standing on samples, and in keeping with what the same look says.
 * A reading without a value claims nothing that could be false.
 */
export function isPlausible(measurement: Measurement, look: readonly Measurement[]): boolean {
  const { metric, value, n } = measurement;
  if (value === null) return true;
  const [least, most] = ranges[metric];
  if (!Number.isFinite(value) || value < least || value > most) return false;
  if (metric === "link-failures") return Number.isInteger(value);
  if (n === 0) return false;
  return isOrdered(measurement, look) && !(metric.startsWith("delay-") && isAllLost(look));
}

/** min ≤ p50 ≤ p99 ≤ max, each against its neighbours; what breaks the order is not believed, and neither is what it is compared with. */
function isOrdered({ metric, statistic, direction, value }: Measurement, look: readonly Measurement[]): boolean {
  const place = (order as readonly string[]).indexOf(statistic);
  if (place === -1 || value === null) return true;
  return look.every((other) => {
    const at = (order as readonly string[]).indexOf(other.statistic);
    if (at === -1 || other.value === null || other.metric !== metric || other.direction !== direction) return true;
    return at < place ? other.value <= value : other.value >= value || at === place;
  });
}

/** Nothing came back, so nothing can have been timed. */
const isAllLost = (look: readonly Measurement[]): boolean =>
  look.some(
    ({ metric, value, direction }) => metric === "lossrate" && value === 100 && direction !== "forward" && direction !== "backward",
  );

/** How far ahead of ours the clock of who measured may be. */
const MAX_AHEAD_MS = 60_000;

/** A time in the future would stay the newest for ever: nothing of such a look is taken in. */
export const isFromTheFuture = (measuredAt: string, now: Date): boolean => Date.parse(measuredAt) > now.getTime() + MAX_AHEAD_MS;
