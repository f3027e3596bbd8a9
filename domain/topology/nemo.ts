import type { Measurement, Metric } from "../probe/model.ts";
import type { CostLink, CostMap, MapError } from "./model.ts";

/** D2.3 Figure 10, key by key and in its order. Null where there is no measurement: a 0 would be a value. */
interface NemoMetrics {
  readonly "link-failure": number | null;
  readonly "link-energy": number | null;
  readonly "packet-loss": number | null;
  readonly bandwidth: number | null;
  readonly latency: number | null;
}

export interface NemoCostMap {
  readonly metadata: {
    readonly name: string;
    readonly cluster: string;
    /** Seconds since 1970. The figure says integer and no unit. */
    readonly timestamp: number;
    readonly metrics: readonly { readonly name: string; readonly type: string; readonly metric: string }[];
  };
  readonly "network-metrics": {
    readonly nodes: readonly { readonly name: string; readonly ip: string }[];
    readonly links: readonly {
      readonly name: string;
      readonly source: string;
      readonly destination: string;
      readonly metrics: readonly [NemoMetrics];
    }[];
  };
  /** Not in the figure, and there only where something is wrong: what is missing above, and why. */
  readonly errors?: readonly MapError[];
}

const NAME = "nemex";
const metrics = [
  { name: "latency", type: "float", metric: "ms" },
  { name: "bandwidth", type: "float", metric: "Mbps" },
  { name: "packet-loss", type: "integer", metric: "%" },
  { name: "link-energy", type: "integer", metric: "W" },
  { name: "link-failure", type: "integer", metric: "fails" },
] as const;

/** Of several readings of a metric the one that stands for it: there and back before one way, the middle before the ends. */
const preference = {
  direction: ["round-trip", undefined, "forward", "backward"],
  statistic: ["p50", "mean", "total", "cur", "min", "max", "p99"],
} as const;

export function standsFor({ costs }: CostLink, metric: Metric): Measurement | undefined {
  const place = ({ direction, statistic }: Measurement): number =>
    preference.direction.indexOf(direction) * 10 + preference.statistic.indexOf(statistic);
  return costs
    .map(({ measurement }) => measurement)
    .filter((measurement) => measurement.metric === metric)
    .toSorted((a, b) => place(a) - place(b))[0];
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Table 9's units and ranges; it has no latency under 0.01 ms. */
function metricsOf(link: CostLink): NemoMetrics {
  const take = (metric: Metric, as: (value: number) => number): number | null => {
    const value = standsFor(link, metric)?.value ?? null;
    return value === null ? null : as(value);
  };
  return {
    "link-failure": take("link-failures", Math.round),
    "link-energy": take("link-energy", Math.round),
    "packet-loss": take("lossrate", Math.round),
    bandwidth: take("tput", (value) => round(value, 2)),
    latency: take("delay-rt", (value) => Math.max(0.01, round(value, 3))),
  };
}

/** A cluster's map as D2.3's consumers take it: Figure 10, and what is missing from it beside it. */
export const nemoCostMap = (cluster: string, { nodes, links, errors }: CostMap, at: Date): NemoCostMap => ({
  metadata: { name: NAME, cluster, timestamp: Math.floor(at.getTime() / 1000), metrics },
  "network-metrics": {
    nodes: nodes.map(({ name, address }) => ({ name, ip: address ?? "" })),
    links: links.map((link) => ({
      name: `${link.source}->${link.destination}`,
      source: link.source,
      destination: link.destination,
      metrics: [metricsOf(link)],
    })),
  },
  ...(errors.length === 0 ? {} : { errors }),
});
