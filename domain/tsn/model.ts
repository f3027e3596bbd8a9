import { z } from "zod";

/*
 * The problem of time-sensitive networking as the scheduler, the verifier, the formats and the renderings see it. All times are whole
 * nanoseconds; all periodic times count from the start of an interval, and intervals start at whole multiples of themselves from the PTP
 * epoch (IEEE 802.1Q-2022 46.2.3.5).
 */

const ns = z.int().nonnegative();
const positiveNs = z.int().positive().max(60_000_000_000);
const identifier = z.string().min(1).max(128);
const trafficClass = z.int().min(0).max(7);

/** A delay that is known to lie between two bounds. A frame that came early waits in its queue for the window at the late bound. */
export const Delay = z.object({ minNs: ns, maxNs: ns }).refine((d) => d.minNs <= d.maxNs, { error: "expected minNs to be at most maxNs" });
export type Delay = z.infer<typeof Delay>;

/** Delay through a 5GS bridge for one pair of ports (TS 23.501 5.27.5), which are named by the links that end and start there. */
export const PortPairDelay = z.object({ ingress: identifier, egress: identifier, trafficClass: trafficClass.optional(), delay: Delay });
export type PortPairDelay = z.infer<typeof PortPairDelay>;

/** A bridge, an end station, or a 5G system that behaves as a bridge. */
export const Node = z.object({
  id: identifier,
  kind: z.enum(["bridge", "end-station", "5gs"]),
  /** From the last octet in to the head of the egress queue. */
  processing: Delay.default({ minNs: 0, maxNs: 0 }),
  /** Of a 5GS bridge: what holds instead of `processing` for these pairs of ports; an entry with a traffic class wins over one without. */
  portDelays: z.array(PortPairDelay).max(4096).default([]),
  /** How far its clock may be from the grandmaster's, either way: gPTP's error per hop times the hops. */
  syncErrorNs: z.int().nonnegative().max(1_000_000).default(0),
});
export type Node = z.infer<typeof Node>;

/** What a port's gates can do (IEEE 802.1Q 12.29.1; iecieee60802-sched-bridge). */
export const GateLimits = z.object({
  /** `supported-list-max`. */
  maxEntries: z.int().min(2).max(65_536).default(1024),
  /** `supported-cycle-max`. */
  maxCycleNs: positiveNs.default(1_000_000_000),
  /** `supported-interval-max` and its least counterpart. */
  maxIntervalNs: positiveNs.default(999_999_999),
  minIntervalNs: positiveNs.default(1),
  /** Granularity of intervals. */
  tickNs: positiveNs.default(1),
});
export type GateLimits = z.infer<typeof GateLimits>;

/** IEEE 802.3br on a port: every class that is not scheduled is preemptable. */
export const Preemption = z.object({
  /** The fragments that a preempted frame leaves hold at least 64 × (1 + this) octets. */
  addFragSize: z.int().min(0).max(3).default(0),
  holdAdvanceNs: ns.default(0),
  releaseAdvanceNs: ns.default(0),
});
export type Preemption = z.infer<typeof Preemption>;

/** One direction of a cable, and the egress port of `from` that sends into it. */
export const Link = z.object({
  id: identifier,
  from: identifier,
  to: identifier,
  /** Name of the egress port, as its bridge calls it. */
  port: identifier.optional(),
  rateMbps: z.int().positive().max(800_000),
  propagationNs: ns.default(0),
  queues: z.int().min(1).max(8).default(8),
  gates: GateLimits.prefault({}),
  preemption: Preemption.optional(),
  /** The largest best-effort frame, from destination address to frame check sequence (`queue-max-sdu` and headers). */
  bestEffortMaxFrameBytes: z.int().min(64).max(9_216).default(1522),
});
export type Link = z.infer<typeof Link>;

/** A time-triggered stream: so many frames an interval, from one talker to its listeners. */
export const Stream = z.object({
  id: identifier,
  talker: identifier,
  listeners: z.array(identifier).min(1).max(256),
  intervalNs: positiveNs,
  /** Octets of one message, as `semantics.size` reads it. Above 1500 octets of payload a message is several frames. */
  frameBytes: z.int().positive().max(65_535),
  framesPerInterval: z.int().positive().max(64).default(1),
  maxLatencyNs: ns,
  /** Window of the talker's transmission within the interval; `latest` is left out when any time will do. */
  earliestOffsetNs: ns.default(0),
  latestOffsetNs: ns.optional(),
  /** The talker's own inaccuracy, either way, without the synchronisation error (IEEE 802.1Q 46.2.3.5.4). */
  talkerJitterNs: ns.default(0),
  /** How much the arrival at a listener may vary from one interval to the next; left out when it does not matter. */
  maxJitterNs: ns.optional(),
  trafficClass: trafficClass.default(7),
  /** `num-seamless-trees` (IEEE 802.1CB): so many maximally disjoint trees carry each frame. */
  trees: z.int().min(1).max(4).default(1),
  /** `stream-rank`: 0 is an emergency, and kept when not everything fits. */
  rank: z.int().min(0).max(1).default(1),
});
export type Stream = z.infer<typeof Stream>;

export const Semantics = z.object({
  /** `payload`: 42 octets of headers and gap come on top, and messages are split at 1500. `wire`: the size is all there is, in one piece. */
  size: z.enum(["payload", "wire"]).default("payload"),
  /** Latency counts from the start of the interval (a time-aware talker, IEEE 802.1Q 46.2.3.6.2), or from the talker's transmission. */
  latencyFrom: z.enum(["interval", "release"]).default("interval"),
  /** … to the first octet at the listener, to its last, or until the listener has processed it. */
  latencyTo: z.enum(["start-of-frame", "end-of-frame", "delivered"]).default("end-of-frame"),
});
export type Semantics = z.infer<typeof Semantics>;

/** How best effort is kept from running into a window: not at all, by a whole frame, by a fragment, or by hold and release. */
export const GuardBand = z.enum(["none", "frame", "preempt", "hold"]);
export type GuardBand = z.infer<typeof GuardBand>;

/** Network, streams, and what the words mean. */
export const Problem = z.object({
  nodes: z.array(Node).min(2).max(20_000),
  links: z.array(Link).min(1).max(100_000),
  streams: z.array(Stream).max(50_000),
  semantics: Semantics.prefault({}),
  guardBand: GuardBand.default("frame"),
  /** Queues that only scheduled traffic uses. A frame that waits may be put into another of them than its class (PSFP's IPV). */
  scheduledClasses: z.array(trafficClass).min(1).max(8).default([7, 6, 5, 4]),
});
export type Problem = z.infer<typeof Problem>;
