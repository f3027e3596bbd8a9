import { z } from "zod";

const identifier = z.string().min(1).max(128);
const ns = z.int().nonnegative();

/** When the first octet of a stream's (first) frame goes into a link, counted from the start of the interval that it belongs to. */
export const HopSchedule = z.object({
  link: identifier,
  /** May lie beyond the interval's end: the frame is then still under way when the next one is released. */
  startNs: ns,
  /** The queue of the egress port that it waits in, which is a traffic class. */
  queue: z.int().min(0).max(7),
});
export type HopSchedule = z.infer<typeof HopSchedule>;

/** One of a stream's trees (IEEE 802.1CB member stream): links in an order in which every link comes after the one that feeds it. */
export const MemberSchedule = z.object({ tree: z.int().nonnegative(), hops: z.array(HopSchedule).min(1).max(4096) });
export type MemberSchedule = z.infer<typeof MemberSchedule>;

export const StreamSchedule = z.object({
  id: identifier,
  members: z.array(MemberSchedule).min(1).max(4),
  /** The worst of all listeners and trees, by the problem's semantics. */
  latencyNs: ns,
  /** Bound of what the arrival varies by from one interval to the next. */
  jitterNs: ns,
});
export type StreamSchedule = z.infer<typeof StreamSchedule>;

/** IEEE 802.1Q 12.29.1.2: bit i of `gateStates` open lets traffic class i transmit. */
export const GateEntry = z.object({
  operation: z.enum(["set-gate-states", "set-and-hold-mac", "set-and-release-mac"]),
  gateStates: z.int().min(0).max(255),
  intervalNs: z.int().positive(),
});
export type GateEntry = z.infer<typeof GateEntry>;

/** The gate control list of a link's egress port. Its base time is any multiple of its cycle. Ports without scheduled frames are left out. */
export const PortSchedule = z.object({
  link: identifier,
  cycleNs: z.int().positive(),
  entries: z.array(GateEntry).min(1),
  /** Share of the cycle in which a best-effort frame may be on the wire. */
  bestEffortShare: z.number().min(0).max(1),
});
export type PortSchedule = z.infer<typeof PortSchedule>;

/** Streams and ports are in the problem's order, so that equal schedules are equal texts. */
export const Schedule = z.object({ streams: z.array(StreamSchedule), ports: z.array(PortSchedule) });
export type Schedule = z.infer<typeof Schedule>;

/**
 * Which schedules a proof of infeasibility rules out: every one there could be; every one in which all frames of a stream have the same
 * offset; or every one in which, besides, no frame waits in a bridge longer than it must.
 */
export const ProofModel = z.enum(["any-model", "strictly-periodic", "no-wait"]);
export type ProofModel = z.infer<typeof ProofModel>;

const proof = { model: ProofModel, reason: z.string() };

/** Why there is no schedule, with the numbers from which `verify/certificate.ts` derives it again. */
export const Certificate = z.discriminatedUnion("kind", [
  /** No path leads from talker to listener. */
  z.object({ kind: z.literal("unreachable"), ...proof, stream: identifier, listener: identifier }),
  /** More trees are asked for than there are different paths. */
  z.object({ kind: z.literal("redundancy"), ...proof, stream: identifier, listener: identifier, trees: z.int() }),
  /** The fastest path through an empty network is too slow. */
  z.object({
    kind: z.literal("latency"),
    ...proof,
    stream: identifier,
    listener: identifier,
    lowerBoundNs: ns,
    maxLatencyNs: ns,
  }),
  /** Every frame of these streams goes through one of these links, and they are not enough: Σ occupancy / interval > number of links. */
  z.object({ kind: z.literal("utilisation"), ...proof, links: z.array(identifier), streams: z.array(identifier), utilisation: z.number() }),
  /** Two streams share a link, and their frames meet whatever their offsets: occupancy of both > gcd of the intervals. */
  z.object({
    kind: z.literal("pair-gcd"),
    ...proof,
    link: identifier,
    streams: z.tuple([identifier, identifier]),
    occupancyNs: ns,
    gcdNs: ns,
  }),
  /** Streams on one link whose residues need more room than the gcd of their intervals has. */
  z.object({
    kind: z.literal("residue-packing"),
    ...proof,
    link: identifier,
    streams: z.array(identifier),
    moduloNs: ns,
    demandNs: ns,
  }),
  /** Frames of intervals that divide each other, on one link: no way to deal them out to the turns of the shortest one. A minimal set. */
  z.object({ kind: z.literal("harmonic-packing"), ...proof, link: identifier, streams: z.array(identifier) }),
  /** A minimal set: exhaustive search finds no schedule for these streams alone. */
  z.object({ kind: z.literal("conflict-set"), ...proof, streams: z.array(identifier), links: z.array(identifier) }),
]);
export type Certificate = z.infer<typeof Certificate>;

/** How a verdict was come by; equal input, seed and budget give equal numbers. */
export const Statistics = z.object({
  seed: z.int(),
  iterationBudget: z.int(),
  iterations: z.int(),
  /** The stage that decided. */
  stage: z.enum(["preflight", "first-fit", "restart", "waiting", "conflict-directed", "exact", "admission"]),
});
export type Statistics = z.infer<typeof Statistics>;

/** A link that unplaced streams were refused on, the most contended first. */
export const BlockingLink = z.object({ link: identifier, utilisation: z.number(), streams: z.array(identifier) });
export type BlockingLink = z.infer<typeof BlockingLink>;

/** What is known of a problem after a budget is spent. `undecided` is never `infeasible`: it says how far the search came. */
export const Verdict = z.discriminatedUnion("verdict", [
  z.object({ verdict: z.literal("scheduled"), schedule: Schedule, statistics: Statistics }),
  z.object({ verdict: z.literal("infeasible"), certificate: Certificate, statistics: Statistics }),
  z.object({
    verdict: z.literal("undecided"),
    /** A valid schedule of every stream that is not in `unscheduled`. */
    best: Schedule,
    unscheduled: z.array(identifier),
    blocking: z.array(BlockingLink),
    statistics: Statistics,
  }),
]);
export type Verdict = z.infer<typeof Verdict>;

/** Something that a schedule does wrong, with the place. */
export const Fault = z.object({
  kind: z.enum([
    "stream-missing",
    "stream-unknown",
    "route-broken",
    "route-not-disjoint",
    "frame-overlap",
    "frame-before-arrival",
    "queue-not-isolated",
    "queue-not-scheduled",
    "gate-closed",
    "gate-open-while-held",
    "guard-band-missing",
    "release-outside-window",
    "deadline-missed",
    "jitter-exceeded",
    "cycle-mismatch",
    "gate-limit-exceeded",
    "port-missing",
    "statement-wrong",
  ]),
  stream: identifier.optional(),
  link: identifier.optional(),
  atNs: z.int().optional(),
  reason: z.string(),
});
export type Fault = z.infer<typeof Fault>;
