import type { Change, Traffic, Twin } from "../domain/twin/model.ts";
import type { Paint, Style } from "./screen.ts";
import { type Column, table } from "./table.ts";

const styles: Readonly<Record<string, Style>> = { Ready: "good", Running: "busy", Restart: "busy", Failure: "bad" };
const styleOf = (status: string | null): Style | undefined => (status === null ? undefined : styles[status]);

/** Kubernetes' word where NEMO has none. */
const wordOf = ({ status }: Twin): string => status.current ?? status.phase;
const componentOf = ({ component }: Pick<Twin, "component">): string => `${component.kind}/${component.name}`;
const readyOf = ({ replicas, pods }: Twin): string =>
  `${String(replicas.ready ?? pods.filter(({ ready }) => ready).length)}/${String(replicas.desired ?? "?")}`;
const restartsOf = ({ pods }: Twin): number => pods.reduce((sum, { restarts }) => sum + restarts, 0);

/** Unknown is told as unknown, and never as 0. */
const figure = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits)));
const mebibytes = (bytes: number | null): string => (bytes === null ? "–" : `${figure(bytes / 1_048_576)} MiB`);

/** From 0 to 9 s, then whole minutes, hours and days. */
export function ageOf(at: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1_000));
  if (seconds < 120) return `${String(seconds)}s`;
  if (seconds < 7_200) return `${String(Math.floor(seconds / 60))}m`;
  if (seconds < 172_800) return `${String(Math.floor(seconds / 3_600))}h`;
  return `${String(Math.floor(seconds / 86_400))}d`;
}

export function twinTable(twins: readonly Twin[], paint: Paint, { isWide, nowMs }: { isWide: boolean; nowMs: number }): readonly string[] {
  if (twins.length === 0) return ["no twins"];
  const columns: readonly Column<Twin>[] = [
    { title: "WORKLOAD", of: (t) => t.workloadId ?? "unmapped" },
    { title: "NAMESPACE", of: (t) => t.namespace },
    { title: "COMPONENT", of: componentOf },
    { title: "STATUS", of: wordOf, style: (t) => styleOf(t.status.current) },
    { title: "READY", of: readyOf },
    { title: "RESTARTS", of: restartsOf },
    { title: "SINCE", of: (t) => ageOf(t.status.since, nowMs) },
    { title: "REASON", of: (t) => t.status.reason ?? "" },
    { title: "ANOMALIES", of: (t) => t.anomalies.map(({ rule }) => rule).join(", "), style: () => "bad" },
  ];
  const wide: readonly Column<Twin>[] = [
    { title: "CLUSTER", of: (t) => t.cluster },
    { title: "USER", of: (t) => t.userId ?? "–" },
    { title: "CPU", of: (t) => figure(t.resources.cpuCores) },
    { title: "MEMORY", of: (t) => mebibytes(t.resources.memoryBytes) },
    { title: "REQ/S", of: (t) => figure(t.network.inbound?.requestRate) },
    { title: "SUCCESS", of: (t) => figure(t.network.inbound?.successRatio) },
    { title: "P95 MS", of: (t) => figure(t.network.inbound?.latencyMs?.p95) },
    { title: "UPDATED", of: (t) => ageOf(t.updatedAt, nowMs) },
  ];
  return table(twins, isWide ? [...columns, ...wide] : columns, paint);
}

/** One twin on a page. */
export function twinLines(twin: Twin, paint: Paint, nowMs: number): readonly string[] {
  const { status, resources, network, replicas } = twin;
  return [
    `${twin.twinId} is ${paint(wordOf(twin), styleOf(status.current))} for ${ageOf(status.since, nowMs)}${status.reason === null ? "" : ` (${status.reason})`}`,
    `  workload   ${twin.workloadId ?? "unmapped"}, of ${twin.userId ?? "nobody that is known"}`,
    `  replicas   ${figure(replicas.ready)} ready of ${figure(replicas.desired)} wanted`,
    `  resources  ${figure(resources.cpuCores)} cores, ${mebibytes(resources.memoryBytes)} of ${mebibytes(resources.memoryLimitBytes)}`,
    ...trafficLines("inbound ", network.inbound),
    ...trafficLines("outbound", network.outbound),
    ...twin.anomalies.map(({ severity, rule, summary }) => `  ${paint(`${severity}    `.slice(0, 9), "bad")}  ${rule}: ${summary}`),
    "",
    ...table(
      twin.pods,
      [
        { title: "POD", of: (p) => p.name },
        { title: "STATUS", of: (p) => p.status ?? p.phase, style: (p) => styleOf(p.status) },
        { title: "RESTARTS", of: (p) => p.restarts },
        { title: "SINCE", of: (p) => ageOf(p.since, nowMs) },
        { title: "REASON", of: (p) => p.reason ?? "" },
        { title: "NODE", of: (p) => p.node ?? "" },
      ],
      paint,
    ),
    "",
    ...historyTable(status.history, paint),
  ];
}

function trafficLines(direction: string, traffic: Traffic | null): readonly string[] {
  if (traffic === null) return [];
  const codes = Object.entries(traffic.responseRateByCode).map(([code, rate]) => `${code}: ${figure(rate)}/s`);
  const { p50, p95, p99 } = traffic.latencyMs ?? { p50: null, p95: null, p99: null };
  return [
    `  ${direction}   ${figure(traffic.requestRate)} requests/s (${codes.join(", ")}); p50 ${figure(p50)}, p95 ${figure(p95)}, p99 ${figure(p99)} ms`,
  ];
}

export function historyTable(changes: readonly Change[], paint: Paint): readonly string[] {
  if (changes.length === 0) return ["no changes"];
  return table(
    changes,
    [
      { title: "SEEN", of: (c) => c.observedAt, style: () => "faint" },
      { title: "POD", of: (c) => c.pod },
      { title: "STATUS", of: (c) => c.status ?? c.phase, style: (c) => styleOf(c.status) },
      { title: "COUNT", of: (c) => (c.count > 1 ? c.count : "") },
      { title: "REASON", of: (c) => c.reason ?? "" },
      { title: "EXIT CODE", of: (c) => c.exitCode ?? "" },
    ],
    paint,
  );
}
