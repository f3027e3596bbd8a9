import { z } from "zod";
import type { Outcome, Refusal } from "../outcome.ts";
import { LinkMeasured, type Measurement, type Metric, type Pair, unitOf } from "./model.ts";
import type { SessionResult } from "./session.ts";
import type { Summary } from "./statistics.ts";
import type { Throughput } from "./throughput.ts";

const count = z.int().nonnegative();

/** What an agent answers: the measurements, the bare counts behind them, and what it all cost. */
export const AgentReport = z.strictObject({
  link: LinkMeasured,
  counts: z.strictObject({
    sent: count,
    received: count,
    lost: count,
    lostForward: count.optional(),
    lostBackward: count.optional(),
    duplicates: count,
    reordered: z.strictObject({ forward: count, backward: count }),
    /** Packets that answered nothing that was sent: forged, or strayed. */
    rejected: count,
    /** Packets beyond `sent` that asked the reflector for its count, and how many of them were lost. */
    closing: z.strictObject({ sent: count, lost: count }),
    isClockStepped: z.boolean(),
  }),
  cost: z.strictObject({
    /** On the wire, IP and transport headers included; both directions. */
    stampBytes: count,
    /** TCP payload. */
    throughputBytes: count,
    /** User and system time of the source's agent. */
    cpuMs: z.number().nonnegative(),
    tookMs: z.number().nonnegative(),
  }),
});
export type AgentReport = Readonly<z.infer<typeof AgentReport>>;

export interface Floor {
  /** Median. */
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
}

export const floorOf = ({ roundTripMs, jitterMs }: SessionResult): Floor => ({
  ...(roundTripMs === undefined ? {} : { roundTripMs: roundTripMs.p50 }),
  ...(jitterMs === undefined ? {} : { jitterMs: Math.max(jitterMs.forward, jitterMs.backward) }),
});

/** One look at a link, before it is told. A part that was not asked for is absent; one that gave nothing is a refusal. */
export interface Look {
  readonly session: SessionResult;
  /** What the same sender and reflector show over the node's own loopback: the instrument's own. */
  readonly floor: Floor;
  readonly throughput?: Outcome<Throughput>;
  readonly linkFailures: Outcome<number>;
  readonly linkPower: Outcome<{ readonly watts: number; readonly n: number; readonly method: string }>;
}

type About = Pick<Measurement, "statistic" | "n" | "method"> & { readonly direction?: Measurement["direction"]; readonly floor?: number };

const measurement = (metric: Metric, { floor, ...about }: About) => ({ metric, unit: unitOf[metric], ...about, floor: floor ?? null });

const measured = (metric: Metric, value: number, about: About, ci95?: number): Measurement => ({
  ...measurement(metric, about),
  value,
  ...(ci95 === undefined ? {} : { ci95 }),
  error: null,
});

const unmeasured = (metric: Metric, { code, reason }: Pick<Refusal, "code" | "reason">, about: About): Measurement => ({
  ...measurement(metric, about),
  value: null,
  error: { code, reason },
});

const stamp = { method: "stamp" } as const;
const DELAYS = ["min", "p50", "p99"] as const;

const delays = (metric: Metric, summary: Summary, about: Omit<About, "statistic" | "n">, ci95?: number): readonly Measurement[] =>
  DELAYS.map((statistic) => measured(metric, summary[statistic], { ...about, statistic, n: summary.n }, ci95));

/** Everything that a look gave, as measurements: what was not measured says why. */
export function measurementsOf({ session, floor, throughput, linkFailures, linkPower }: Look): readonly Measurement[] {
  return [
    ...delayMeasurements(session, floor),
    ...lossMeasurements(session),
    ...(throughput === undefined ? [] : throughputMeasurements(throughput)),
    linkFailures.ok
      ? measured("link-failures", linkFailures.value, { statistic: "total", n: 1, method: "carrier-down-count" })
      : unmeasured("link-failures", linkFailures, { statistic: "total", n: 0, method: "carrier-down-count" }),
    linkPower.ok
      ? measured("link-energy", linkPower.value.watts, { statistic: "mean", n: linkPower.value.n, method: linkPower.value.method })
      : unmeasured("link-energy", linkPower, { statistic: "mean", n: 0, method: "none" }),
  ];
}

function delayMeasurements(session: SessionResult, own: Floor): readonly Measurement[] {
  const { roundTripMs, oneWayMs, jitterMs, isClockStepped, sent } = session;
  const floor = own.roundTripMs === undefined ? {} : { floor: own.roundTripMs };
  const ownJitter = own.jitterMs === undefined ? {} : { floor: own.jitterMs };
  if (roundTripMs === undefined) {
    const silence = { code: "PROBE_NO_REPLY", reason: `none of ${String(sent)} test packets came back` };
    return DELAYS.map((statistic) => unmeasured("delay-rt", silence, { ...stamp, ...floor, statistic, n: 0, direction: "round-trip" }));
  }
  const { n } = roundTripMs;
  const set = { code: "PROBE_CLOCK_STEPPED", reason: "a clock was set while it was measured" };
  const free = { code: "PROBE_CLOCKS_FREE", reason: "the clocks of the two nodes are not both said to follow UTC" };
  const few = { code: "PROBE_TOO_FEW", reason: "one packet has nothing to vary against" };
  return [
    ...delays("delay-rt", roundTripMs, { ...stamp, ...floor, direction: "round-trip" }),
    ...(["forward", "backward"] as const).flatMap((direction) =>
      oneWayMs === undefined
        ? [unmeasured("delay-ow", isClockStepped ? set : free, { ...stamp, statistic: "p50", n: 0, direction })]
        : delays("delay-ow", oneWayMs[direction], { ...stamp, direction }, oneWayMs.clockErrorMs),
    ),
    ...(["forward", "backward"] as const).map((direction) =>
      jitterMs === undefined
        ? unmeasured("delay-variation", isClockStepped ? set : few, { ...stamp, ...ownJitter, statistic: "cur", n: 0, direction })
        : measured("delay-variation", jitterMs[direction], { ...stamp, ...ownJitter, statistic: "cur", n, direction }),
    ),
  ];
}

/** Shares of all packets; with `n` beside them the counts are exact. Backward is of those that the reflector got. */
function lossMeasurements({ sent, lost, lostForward, lostBackward }: SessionResult): readonly Measurement[] {
  const share = (count: number, of: number): number => (of === 0 ? 0 : (100 * count) / of);
  const total = measured("lossrate", share(lost, sent), { ...stamp, statistic: "total", n: sent, direction: "round-trip" });
  if (lostForward === undefined || lostBackward === undefined) {
    const unknown = {
      code: "PROBE_LOSS_UNSPLIT",
      reason: "the reflector's count did not come back: which way packets were lost is not known",
    };
    return [
      total,
      ...(["forward", "backward"] as const).map((direction) =>
        unmeasured("lossrate", unknown, { ...stamp, statistic: "total", n: 0, direction }),
      ),
    ];
  }
  const reached = sent - lostForward;
  const none = { code: "PROBE_NO_REPLY", reason: "no test packet reached the other end, so none could come back" };
  return [
    total,
    measured("lossrate", share(lostForward, sent), { ...stamp, statistic: "total", n: sent, direction: "forward" }),
    reached === 0
      ? unmeasured("lossrate", none, { ...stamp, statistic: "total", n: 0, direction: "backward" })
      : measured("lossrate", share(lostBackward, reached), { ...stamp, statistic: "total", n: reached, direction: "backward" }),
  ];
}

function throughputMeasurements(throughput: Outcome<Throughput>): readonly Measurement[] {
  const about = { method: "tcp", direction: "forward" } as const;
  if (!throughput.ok) return (["p50", "mean"] as const).map((statistic) => unmeasured("tput", throughput, { ...about, statistic, n: 0 }));
  const { medianMbitPerS, meanMbitPerS, ci95, n } = throughput.value;
  return [
    measured("tput", medianMbitPerS, { ...about, statistic: "p50", n }),
    measured("tput", meanMbitPerS, { ...about, statistic: "mean", n }, ci95),
  ];
}

/** What is told of a link that could not be looked at: no value, and why. */
export function notMeasured(pair: Pair, why: Pick<Refusal, "code" | "reason">, at: string): LinkMeasured {
  const { source, destination } = pair;
  const nothing = { n: 0, statistic: "p50" } as const;
  return {
    source,
    destination,
    measuredAt: at,
    measurements: [
      unmeasured("delay-rt", why, { ...nothing, ...stamp, direction: "round-trip" }),
      unmeasured("lossrate", why, { ...stamp, statistic: "total", n: 0, direction: "round-trip" }),
      ...throughputMeasurements({ ok: false, ...why }),
      unmeasured("link-failures", why, { statistic: "total", n: 0, method: "carrier-down-count" }),
      unmeasured("link-energy", why, { statistic: "mean", n: 0, method: "none" }),
    ],
  };
}

/** The one value of a metric, if it was measured. */
export const valueOf = (
  { measurements }: Pick<LinkMeasured, "measurements">,
  metric: Metric,
  statistic: Measurement["statistic"],
  direction?: Measurement["direction"],
): number | undefined =>
  measurements.find((m) => m.metric === metric && m.statistic === statistic && m.direction === direction)?.value ?? undefined;
