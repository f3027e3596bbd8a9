import type { Measurement, Metric } from "../probe/model.ts";
import { type CostLink, type CostNode, isElsewhere } from "./model.ts";

/** One ALTO cost type: which reading it is made of, and what that is in ALTO's unit. */
interface CostSource {
  /** RFC 9439's cost metric string: base identifier, then the statistical operator; without one it is the median. */
  readonly costMetric: string;
  readonly description: string;
  readonly metric: Metric;
  readonly statistic: Measurement["statistic"];
  /** In the order of preference: a cost is of the way from source to destination. */
  readonly directions: readonly Measurement["direction"][];
  /** From the unit of the reading to ALTO's. */
  readonly factor: number;
}

const MS_TO_US = 1_000;
const MBIT_TO_BYTES = 125_000;
const roundTrip = ["round-trip"] as const;
const oneWay = ["forward"] as const;

/**
 * What cost maps are served of. RFC 9439: delays in microseconds, loss in percent, throughput in bytes a second.
 * RFC 7285 §11.2.3 wants `routingcost` of every server; here it is the round-trip delay. What no RFC names is private (RFC 7285 §10.6).
 */
export const costSources: readonly CostSource[] = [
  {
    costMetric: "routingcost",
    description: "round-trip delay, median, in microseconds",
    metric: "delay-rt",
    statistic: "p50",
    directions: roundTrip,
    factor: MS_TO_US,
  },
  {
    costMetric: "delay-rt",
    description: "round-trip delay, median, in microseconds",
    metric: "delay-rt",
    statistic: "p50",
    directions: roundTrip,
    factor: MS_TO_US,
  },
  {
    costMetric: "delay-rt:min",
    description: "round-trip delay, least, in microseconds",
    metric: "delay-rt",
    statistic: "min",
    directions: roundTrip,
    factor: MS_TO_US,
  },
  {
    costMetric: "delay-rt:p99",
    description: "round-trip delay, 99th percentile, in microseconds",
    metric: "delay-rt",
    statistic: "p99",
    directions: roundTrip,
    factor: MS_TO_US,
  },
  {
    costMetric: "delay-ow",
    description: "one-way delay, median, in microseconds; only where both clocks are disciplined",
    metric: "delay-ow",
    statistic: "p50",
    directions: oneWay,
    factor: MS_TO_US,
  },
  {
    costMetric: "delay-variation:cur",
    description: "jitter as RFC 3550 estimates it, in microseconds",
    metric: "delay-variation",
    statistic: "cur",
    directions: oneWay,
    factor: MS_TO_US,
  },
  {
    costMetric: "lossrate:mean",
    description: "share of the packets that were lost, in percent; of both ways where one cannot be told",
    metric: "lossrate",
    statistic: "total",
    directions: ["forward", "round-trip"],
    factor: 1,
  },
  {
    costMetric: "tput:mean",
    description: "TCP throughput, in bytes a second",
    metric: "tput",
    statistic: "mean",
    directions: oneWay,
    factor: MBIT_TO_BYTES,
  },
  {
    costMetric: "priv:nemo-link-energy",
    description: "power that the source's interface takes, in watts",
    metric: "link-energy",
    statistic: "mean",
    directions: [undefined],
    factor: 1,
  },
  {
    costMetric: "priv:nemo-link-failures",
    description: "times that the source's interface lost its carrier since the measurement before",
    metric: "link-failures",
    statistic: "total",
    directions: [undefined],
    factor: 1,
  },
];

/** Three decimals of a microsecond or a byte a second are beyond what any of this measures. */
const round = (value: number): number => Math.round(value * 1_000) / 1_000;

/** What is made of the readings of each metric, and where it stands in `costSources`. */
const madeOf = new Map<Metric, readonly (readonly [place: number, source: CostSource])[]>(
  costSources.map(({ metric }) => [metric, [...costSources.entries()].filter(([, source]) => source.metric === metric)]),
);

/** A link's costs in the order of `costSources`; NaN where there is none. ALTO's costs are not negative, and a clock error is no cost. */
export function costsOf({ costs }: CostLink): readonly number[] {
  const values = costSources.map(() => Number.NaN);
  const chosen: (number | undefined)[] = [];
  for (const { measurement } of costs) {
    const { metric, statistic, direction, value } = measurement;
    if (value === null || value < 0) continue;
    for (const [place, source] of madeOf.get(metric) ?? []) {
      const preference = source.statistic === statistic ? source.directions.indexOf(direction) : -1;
      if (preference === -1 || preference > (chosen[place] ?? source.directions.length)) continue;
      chosen[place] = preference;
      values[place] = round(value * source.factor);
    }
  }
  return values;
}

/** RFC 7285 §10.1: at most 64 of letters, digits and - : @ _, and a `.` only where it means something. */
const MAX_PID = 64;
/** RFC 7285 §11.2.2: a network map covers every address, so those of no node are here. No node's name begins with a colon. */
export const OUTSIDE = ":outside";

/**
 * A node's name as a PID, and no two names the same: a node's name has no `:`, so that stands for its dots, and no `@`, which stands for the
 * slash behind a cluster. `digest` shortens what is too long.
 */
export function pidOf(name: string, digest: (text: string) => string): string {
  const pid = name.replaceAll(".", ":").replaceAll("/", "@");
  return pid.length <= MAX_PID ? pid : `${pid.slice(0, MAX_PID - 24)}@@${digest(name).slice(0, 22)}`;
}

export interface AddressGroup {
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
}

const prefixes = (addresses: readonly string[], length: number): readonly string[] =>
  addresses.map((address) => `${address}/${String(length)}`);

function claims(nodes: readonly CostNode[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const address of nodes.flatMap(({ addresses }) => addresses)) counts.set(address, (counts.get(address) ?? 0) + 1);
  return counts;
}

/**
 * One PID a node, each of its addresses a prefix of its own, and none in two PIDs (RFC 7285 §11.2.2): an address of this cluster is that here,
 * whoever has it elsewhere.
 */
export function networkMapOf(nodes: readonly CostNode[], digest: (text: string) => string): Readonly<Record<string, AddressGroup>> {
  const [here, elsewhere] = [claims(nodes.filter(({ name }) => !isElsewhere(name))), claims(nodes.filter(({ name }) => isElsewhere(name)))];
  const groups = nodes.map(({ name, addresses }): [string, AddressGroup] => {
    const own = addresses.filter((address) =>
      isElsewhere(name) ? !here.has(address) && elsewhere.get(address) === 1 : here.get(address) === 1,
    );
    const [v4, v6] = [own.filter((address) => !address.includes(":")), own.filter((address) => address.includes(":"))];
    return [
      pidOf(name, digest),
      { ...(v4.length === 0 ? {} : { ipv4: prefixes(v4, 32) }), ...(v6.length === 0 ? {} : { ipv6: prefixes(v6, 128) }) },
    ];
  });
  return Object.fromEntries([...groups, [OUTSIDE, { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] }]]);
}
