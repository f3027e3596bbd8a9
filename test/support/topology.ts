import type { LinkMeasured, Measurement, ProbeNode } from "../../domain/probe/model.ts";
import type { Node } from "../../domain/topology/model.ts";

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export const nodeOf = (name: string, ip: string | undefined, more: Partial<Node> = {}): Node => ({
  cluster: "kind-kind",
  name,
  uid: `uid-${name}`,
  addresses: [...(ip === undefined ? [] : [{ type: "InternalIP", address: ip }]), { type: "Hostname", address: name }],
  ready: true,
  labels: {},
  resourceVersion: "1",
  ...more,
});

export const endOf = (node: string, address: string, cluster = "kind-kind"): ProbeNode => ({ cluster, node, address });

const about = { n: 100, method: "stamp", floor: 0.05, error: null } as const;

export const delay = (value: number, statistic: "min" | "p50" | "p99" = "p50"): Measurement => ({
  ...about,
  metric: "delay-rt",
  unit: "ms",
  statistic,
  direction: "round-trip",
  value,
});
export const loss = (value: number): Measurement => ({
  ...about,
  metric: "lossrate",
  unit: "%",
  statistic: "total",
  direction: "round-trip",
  value,
});
export const rate = (value: number): Measurement => ({
  ...about,
  metric: "tput",
  unit: "Mbit/s",
  statistic: "mean",
  direction: "forward",
  method: "tcp",
  value,
});
export const noRate: Measurement = {
  metric: "tput",
  unit: "Mbit/s",
  statistic: "mean",
  direction: "forward",
  n: 0,
  method: "tcp",
  floor: null,
  value: null,
  error: { code: "PROBE_BUSY", reason: "the other end is in a test" },
};
export const failures = (value: number): Measurement => ({
  ...about,
  metric: "link-failures",
  unit: "failures",
  statistic: "total",
  method: "carrier-down-count",
  value,
});
export const noEnergy: Measurement = {
  metric: "link-energy",
  unit: "W",
  statistic: "mean",
  n: 0,
  method: "rapl",
  floor: null,
  value: null,
  error: { code: "ENERGY_SOURCE_MISSING", reason: "no RAPL on this node" },
};
export const unreachable: Measurement = {
  metric: "delay-rt",
  unit: "ms",
  statistic: "p50",
  direction: "round-trip",
  n: 0,
  method: "stamp",
  floor: null,
  value: null,
  error: { code: "AGENT_UNREACHABLE", reason: "no reflector answered" },
};

export const look = (source: ProbeNode, destination: ProbeNode, measurements: readonly Measurement[], second = 0): LinkMeasured => ({
  source,
  destination,
  measuredAt: at(second),
  measurements: [...measurements],
});
