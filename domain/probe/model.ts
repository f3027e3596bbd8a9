import { z } from "zod";

const name = z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$/, "a name of letters, digits, dots and hyphens");

/** Who is at one end of a link. Cluster and node are its identity (two clusters may have a node of one name); the address is where packets went. */
export const ProbeNode = z.strictObject({ cluster: name, node: name, address: z.union([z.ipv4(), z.ipv6()]) });
export type ProbeNode = Readonly<z.infer<typeof ProbeNode>>;

/** `cluster/node`, as a person names it and as subjects of events spell it. */
export const nodeId = ({ cluster, node }: Pick<ProbeNode, "cluster" | "node">): string => `${cluster}/${node}`;

/** A directed link: who measures, and whom. */
export interface Pair<N = ProbeNode> {
  readonly source: N;
  readonly destination: N;
}

/** `a/b->c/d`: the subject of an event about a link. */
export const pairId = ({ source, destination }: Pair<Pick<ProbeNode, "cluster" | "node">>): string =>
  `${nodeId(source)}->${nodeId(destination)}`;

/**
 * What is measured, by RFC 9439's names where it has one, in the unit that D2.3's Table 9 uses:
 * `delay-rt`, `delay-ow` and `delay-variation` (RFC 3550 jitter) in ms, `lossrate` in %, `tput` in Mbit/s; and of D2.3 alone `link-failures`
 * (carrier losses since the last measurement) and `link-energy` in W.
 */
export const Metric = z.enum(["delay-rt", "delay-ow", "delay-variation", "lossrate", "tput", "link-failures", "link-energy"]);
export type Metric = z.infer<typeof Metric>;

export const unitOf = {
  "delay-rt": "ms",
  "delay-ow": "ms",
  "delay-variation": "ms",
  lossrate: "%",
  tput: "Mbit/s",
  "link-failures": "failures",
  "link-energy": "W",
} as const satisfies Readonly<Record<Metric, string>>;

const Unit = z.enum(Object.values(unitOf));

/** `total` is a count or an exact share of all packets; `cur` one sample. */
const Statistic = z.enum(["min", "p50", "p99", "max", "mean", "total", "cur"]);

const Direction = z.enum(["round-trip", "forward", "backward"]);

const about = {
  metric: Metric,
  unit: Unit,
  statistic: Statistic,
  /** Forward is from source to destination. Absent where the metric belongs to the source's interface. */
  direction: Direction.optional(),
  /** How many samples, packets or bins the value stands on. */
  n: z.int().nonnegative(),
  /** How it was measured, as `stamp`, `tcp`, `carrier-down-count`, `rapl`, `kepler`. */
  method: z.string().min(1).max(64),
  /** What the instrument shows where there is nothing to measure, in the unit: values near it are the instrument's own. Null: not known. */
  floor: z.number().nonnegative().nullable(),
};

/** One value with everything that it takes to judge it, or the reason why there is none: a value is never invented, and 0 is a measured 0. */
export const Measurement = z.union([
  z.strictObject({
    ...about,
    /** Of one-way delays it may be negative by as much as the clocks disagree. */
    value: z.number(),
    /** Half the width of the 95 % confidence interval, or what the clocks may be wrong by, in the unit. */
    ci95: z.number().nonnegative().optional(),
    error: z.null(),
  }),
  z.strictObject({
    ...about,
    value: z.null(),
    error: z.strictObject({ code: z.string().regex(/^[A-Z][A-Z0-9_]+$/), reason: z.string().max(500) }),
  }),
]);
export type Measurement = Readonly<z.infer<typeof Measurement>>;

/** Everything that one look at a directed link gave. Each (metric, statistic, direction) stands in it once at most. */
export const LinkMeasured = z.strictObject({
  source: ProbeNode,
  destination: ProbeNode,
  /** When the last packet was in, by the source's clock. */
  measuredAt: z.iso.datetime({ precision: 3 }),
  measurements: z.array(Measurement).min(1).max(64),
});
export type LinkMeasured = Readonly<z.infer<typeof LinkMeasured>>;
