import { ok, type Outcome, refuse } from "../outcome.ts";
import type { Sample } from "./exposition.ts";
import { shortName } from "./short-name.ts";

type Direction = "inbound" | "outbound";

/** One counter of a proxy, or one histogram of counters. */
export type Series = { readonly direction: Direction } & (
  | { readonly what: "requests" | "readBytes" | "writeBytes"; readonly value: number }
  | {
      readonly what: "responses";
      readonly value: number;
      readonly code: string;
      readonly grpc: string | undefined;
      readonly succeeded: boolean;
      /** `<namespace>/<kind>/<name>`, of outbound ones where the proxy knows it. */
      readonly destination: string | undefined;
    }
  /** Not cumulative. */
  | { readonly what: "latency"; readonly counts: readonly number[] }
);

export interface ProxyScrape {
  /** Seconds since the epoch. */
  readonly startedAt: number | null;
  /** By short name of the series, which stays the same from scrape to scrape. */
  readonly series: ReadonlyMap<string, Series>;
  /** Finite bounds of the latency buckets, in ms; empty where there was none. */
  readonly bounds: readonly number[];
  readonly openConnections: Readonly<Record<Direction, number>>;
}

/** The families that are read; `wanted` for the parser, and for a query of Prometheus. */
export const PROXY_METRICS: ReadonlySet<string> = new Set([
  "request_total",
  "response_total",
  "response_latency_ms_bucket",
  "tcp_open_connections",
  "tcp_read_bytes_total",
  "tcp_write_bytes_total",
  "process_start_time_seconds",
]);

/** The proxy's own metrics and health, which kubelet and Prometheus ask for: no traffic of the workload. */
const ADMIN_PORT = "4191";
const NO_CODE = "none";
const OTHER_CODE = "other";
/** More than this a proxy has only where something counts up label values; what it says would no longer fit into a twin. */
const MAX_SERIES = 2_000;
const MAX_BOUNDS = 64;

const DESTINATION_KINDS: Readonly<Record<string, string>> = {
  dst_deployment: "Deployment",
  dst_statefulset: "StatefulSet",
  dst_daemonset: "DaemonSet",
  dst_service: "Service",
};

/**
 * What a Linkerd proxy says at `:4191/metrics` (linkerd2-proxy, linkerd/http/metrics and linkerd/transport-metrics), or Prometheus in its name.
 * Bytes and connections are those of the side that is away from the workload: `peer="src"` of inbound, `peer="dst"` of outbound.
 */
export function readProxy(samples: readonly Sample[]): Outcome<ProxyScrape, "PROXY_UNREADABLE"> {
  if (samples.length === 0) return refuse("PROXY_UNREADABLE", "it has none of the metrics of Linkerd's proxy");
  const series = new Map<string, Series>();
  const histograms = new Map<string, { direction: Direction; cumulative: Map<number, number> }>();
  const openConnections: Record<Direction, number> = { inbound: 0, outbound: 0 };
  let startedAt: number | null = null;

  for (const { name, labels, value } of samples) {
    if (name === "process_start_time_seconds") startedAt = value;
    const direction = directionOf(labels);
    if (direction === undefined || !Number.isFinite(value) || value < 0) continue;
    switch (name) {
      case "request_total":
        series.set(seriesName(name, labels), { direction, what: "requests", value });
        break;
      case "response_total":
        series.set(seriesName(name, labels), { direction, what: "responses", value, ...responseOf(labels, direction) });
        break;
      case "response_latency_ms_bucket": {
        const key = seriesName(name, labels, "le");
        const histogram = histograms.get(key) ?? { direction, cumulative: new Map<number, number>() };
        histogram.cumulative.set(labels.get("le") === "+Inf" ? Infinity : Number(labels.get("le")), value);
        histograms.set(key, histogram);
        break;
      }
      case "tcp_read_bytes_total":
      case "tcp_write_bytes_total":
        if (isFarSide(labels, direction))
          series.set(seriesName(name, labels), { direction, what: name === "tcp_read_bytes_total" ? "readBytes" : "writeBytes", value });
        break;
      case "tcp_open_connections":
        if (isFarSide(labels, direction)) openConnections[direction] += value;
        break;
      default:
    }
  }

  const bounds = [...new Set([...histograms.values()].flatMap(({ cumulative }) => [...cumulative.keys()]))]
    .filter((bound) => Number.isFinite(bound))
    .toSorted((a, b) => a - b);
  if (bounds.length > MAX_BOUNDS) return refuse("PROXY_UNREADABLE", `more than ${String(MAX_BOUNDS)} latency buckets`);
  for (const [key, { direction, cumulative }] of histograms)
    series.set(key, { direction, what: "latency", counts: countsOf(cumulative, bounds) });
  if (series.size > MAX_SERIES) return refuse("PROXY_UNREADABLE", `more than ${String(MAX_SERIES)} series`);
  return ok({ startedAt, series, bounds, openConnections });
}

function directionOf(labels: ReadonlyMap<string, string>): Direction | undefined {
  const direction = labels.get("direction");
  if (direction === "outbound") return direction;
  if (direction !== "inbound") return undefined;
  const toAdmin =
    labels.get("target_port") === ADMIN_PORT ||
    [labels.get("target_addr"), labels.get("authority")].some((to) => to?.endsWith(`:${ADMIN_PORT}`));
  return toAdmin ? undefined : direction;
}

const isFarSide = (labels: ReadonlyMap<string, string>, direction: Direction): boolean =>
  labels.get("peer") === (direction === "inbound" ? "src" : "dst");

function responseOf(labels: ReadonlyMap<string, string>, direction: Direction) {
  const code = labels.get("status_code") ?? "";
  const grpc = labels.get("grpc_status") ?? labels.get("grpc_status_code") ?? "";
  return {
    code: code === "" ? NO_CODE : /^\d{3}$/.test(code) ? code : OTHER_CODE,
    grpc: grpc === "" ? undefined : /^[A-Z0-9_]{1,24}$/.test(grpc) ? grpc : OTHER_CODE,
    succeeded: labels.get("classification") !== "failure",
    destination: direction === "outbound" ? destinationOf(labels) : undefined,
  };
}

function destinationOf(labels: ReadonlyMap<string, string>): string | undefined {
  const label = Object.keys(DESTINATION_KINDS).find((name) => (labels.get(name) ?? "") !== "");
  return label === undefined
    ? undefined
    : `${labels.get("dst_namespace") ?? ""}/${DESTINATION_KINDS[label] ?? ""}/${labels.get(label) ?? ""}`;
}

/** Label order is the exporter's whim. */
const seriesName = (name: string, labels: ReadonlyMap<string, string>, without?: string): string =>
  shortName(
    JSON.stringify([name, ...[...labels].filter(([label]) => label !== without).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))]),
  );

/** A scrape that was torn apart by an increment may have a bucket below the one before it: Prometheus takes the higher, and so does this. */
function countsOf(cumulative: ReadonlyMap<number, number>, bounds: readonly number[]): number[] {
  let below = 0;
  return [...bounds, Infinity].map((bound) => {
    const upTo = Math.max(below, cumulative.get(bound) ?? below);
    const here = upTo - below;
    below = upTo;
    return here;
  });
}
