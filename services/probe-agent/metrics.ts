import { Counter, Gauge, Registry } from "prom-client";
import { type LinkMeasured, type Measurement, nodeId } from "../../domain/probe/model.ts";

export interface AgentMetrics {
  readonly registry: Registry;
  /** Takes in what was measured; what could not be measured shows no value. */
  measured(link: LinkMeasured): void;
}

const LINK = ["source", "destination", "destination_address"] as const;

/** D2.3's Table 9: its names, its units, and its whole numbers, which hide a loss below half a percent. */
const table9 = [
  {
    name: "network_metric_latency",
    help: "Delay between two probes at IP level, round trip, median, in ms.",
    metric: "delay-rt",
    statistic: "p50",
    direction: "round-trip",
  },
  {
    name: "network_metric_throughput",
    help: "Data rate available in the link in Mbps.",
    metric: "tput",
    statistic: "p50",
    direction: "forward",
  },
  {
    name: "network_metric_packet_loss",
    help: "Packet loss rate since last measurement in %, a whole number; underlay_probe_loss_ratio is exact.",
    metric: "lossrate",
    statistic: "total",
    direction: "round-trip",
  },
  {
    name: "network_metric_link_energy",
    help: "Average power consumption in W, a whole number; no sample where nothing measures it.",
    metric: "link-energy",
    statistic: "mean",
    direction: undefined,
  },
  {
    name: "network_metric_link_failure",
    help: "Number of times the link dropped since last measurement.",
    metric: "link-failures",
    statistic: "total",
    direction: undefined,
  },
] as const;
const isWhole = (name: string): boolean => name.endsWith("_loss") || name.endsWith("_energy") || name.endsWith("_failure");

/** The same and more, in Prometheus' base units. */
const precise = {
  "delay-rt": { name: "underlay_probe_round_trip_seconds", help: "Round trip less the reflector's own time.", scale: 1e-3 },
  "delay-ow": { name: "underlay_probe_one_way_seconds", help: "One-way delay, where both clocks are said to follow UTC.", scale: 1e-3 },
  "delay-variation": { name: "underlay_probe_jitter_seconds", help: "Interarrival jitter, RFC 3550.", scale: 1e-3 },
  lossrate: { name: "underlay_probe_loss_ratio", help: "Share of test packets lost.", scale: 1e-2 },
  tput: { name: "underlay_probe_throughput_bits_per_second", help: "TCP throughput as the receiver counted it.", scale: 1e6 },
  "link-failures": { name: "underlay_probe_link_failures", help: "Carrier losses since the last measurement.", scale: 1 },
  "link-energy": { name: "underlay_probe_link_power_watts", help: "The link's share of the node's power, by bytes.", scale: 1 },
} as const;

export function openAgentMetrics(): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const compatible = table9.map(({ name, help, ...of }) => ({ of, name, gauge: new Gauge({ name, help, labelNames: LINK, registers }) }));
  const labelNames = [...LINK, "statistic", "direction"] as const;
  const gauges = Object.fromEntries(
    Object.entries(precise).map(([metric, { name, help, scale }]) => [
      metric,
      { scale, gauge: new Gauge({ name, help, labelNames, registers }) },
    ]),
  );
  const floor = new Gauge({
    name: "underlay_probe_round_trip_floor_seconds",
    help: "What the same code shows over the node's own loopback: round trips near it are the instrument's own.",
    labelNames: LINK,
    registers,
  });
  const at = new Gauge({
    name: "underlay_probe_measured_timestamp_seconds",
    help: "When the link was last measured.",
    labelNames: LINK,
    registers,
  });
  const unmeasured = new Gauge({
    name: "underlay_probe_unmeasured",
    help: "1 where the last look gave no value, and why.",
    labelNames: [...LINK, "metric", "direction", "code"] as const,
    registers,
  });
  const looks = new Counter({ name: "underlay_probe_measurements_total", help: "Looks at links.", labelNames: LINK, registers });
  /** What the last look at each link left, to be taken away by the next: a value that is not measured any more is not shown any more. */
  const shown = new Map<string, (() => void)[]>();

  return {
    registry,
    measured({ source, destination, measuredAt, measurements }) {
      const link = { source: nodeId(source), destination: nodeId(destination), destination_address: destination.address };
      const key = JSON.stringify(link);
      for (const hide of shown.get(key) ?? []) hide();
      const hides: (() => void)[] = [];
      shown.set(key, hides);
      const show = (gauge: Gauge, labels: Readonly<Record<string, string>>, value: number): void => {
        gauge.set(labels, value);
        hides.push(() => gauge.remove(labels));
      };
      for (const { of, name, gauge } of compatible) {
        const value = measurements.find((m) => isOf(m, of))?.value ?? undefined;
        if (value !== undefined) show(gauge, link, isWhole(name) ? Math.round(value) : value);
      }
      for (const m of measurements) {
        const direction = m.direction ?? "";
        if (m.error !== null) show(unmeasured, { ...link, metric: m.metric, direction, code: m.error.code }, 1);
        const known = gauges[m.metric];
        if (m.value !== null && known !== undefined)
          show(known.gauge, { ...link, statistic: m.statistic, direction }, m.value * known.scale);
        if (m.floor !== null && m.metric === "delay-rt") show(floor, link, m.floor * 1e-3);
      }
      at.set(link, Date.parse(measuredAt) / 1e3);
      looks.inc(link);
    },
  };
}

const isOf = (m: Measurement, of: Omit<(typeof table9)[number], "name" | "help">): boolean =>
  m.metric === of.metric && m.statistic === of.statistic && m.direction === of.direction;
