import { z } from "zod";
import { ok, type Outcome, refuse } from "../outcome.ts";
import type { Sample } from "./exposition.ts";
import type { ContainerUsage } from "./reading.ts";

/** The same two names at the kubelet's /metrics/cadvisor and /metrics/resource. */
export const USAGE_METRICS: ReadonlySet<string> = new Set(["container_cpu_usage_seconds_total", "container_memory_working_set_bytes"]);

/** What containers used, by `<namespace>/<pod>`. */
export type Usage = ReadonlyMap<string, readonly ContainerUsage[]>;

/** The container that holds a pod's namespaces, and the sums over pods and slices that cAdvisor also tells of. */
const NO_CONTAINERS: ReadonlySet<string> = new Set(["", "POD"]);

interface Draft {
  namespace: string;
  pod: string;
  container: string;
  cpu: { seconds: number; atMs: number } | undefined;
  memory: { bytes: number; atMs: number } | undefined;
}

/**
 * Usage from cAdvisor's or the kubelet's metrics. Names of labels from before Kubernetes 1.16 (`pod_name`, `container_name`) are read too. Of a container that
 * is there twice, as after a restart, the newer one counts; CPU that is told by processor is summed.
 */
export function readUsage(samples: readonly Sample[], scrapedAtMs: number): Usage {
  const drafts = new Map<string, Draft>();
  for (const { name, labels, value, timestampMs } of samples) {
    if (!USAGE_METRICS.has(name) || !Number.isFinite(value) || value < 0) continue;
    const namespace = labels.get("namespace") ?? "";
    const pod = labels.get("pod") ?? labels.get("pod_name") ?? "";
    const container = labels.get("container") ?? labels.get("container_name") ?? "";
    if (pod === "" || NO_CONTAINERS.has(container)) continue;
    const atMs = timestampMs ?? scrapedAtMs;
    const key = `${namespace}/${pod}/${container}`;
    const draft = drafts.get(key) ?? { namespace, pod, container, cpu: undefined, memory: undefined };
    drafts.set(key, draft);
    if (name === "container_memory_working_set_bytes") {
      if (draft.memory === undefined || atMs >= draft.memory.atMs) draft.memory = { bytes: value, atMs };
    } else if (draft.cpu === undefined || (isPerProcessor(labels) ? false : atMs >= draft.cpu.atMs)) draft.cpu = { seconds: value, atMs };
    else if (isPerProcessor(labels)) draft.cpu = { seconds: draft.cpu.seconds + value, atMs: Math.max(atMs, draft.cpu.atMs) };
  }
  const usage = new Map<string, ContainerUsage[]>();
  for (const { namespace, pod, container, cpu, memory } of drafts.values()) {
    const key = `${namespace}/${pod}`;
    const one: ContainerUsage = {
      pod,
      container,
      cpuSecondsTotal: cpu?.seconds ?? null,
      cpuCores: null,
      memoryBytes: memory?.bytes ?? null,
      at: new Date(cpu?.atMs ?? memory?.atMs ?? scrapedAtMs).toISOString(),
    };
    usage.set(key, [...(usage.get(key) ?? []), one]);
  }
  return usage;
}

const isPerProcessor = (labels: Sample["labels"]): boolean => /^cpu\d+$/.test(labels.get("cpu") ?? "");

const reading = z.number().nonnegative().nullish();
const Summary = z.object({
  pods: z.array(
    z.object({
      podRef: z.object({ name: z.string(), namespace: z.string() }),
      containers: z
        .array(
          z.object({
            name: z.string(),
            cpu: z.object({ time: z.string().nullish(), usageNanoCores: reading, usageCoreNanoSeconds: reading }).nullish(),
            memory: z.object({ time: z.string().nullish(), workingSetBytes: reading }).nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});

/** Usage from the kubelet's /stats/summary, which gives cores at once. */
export function readSummary(body: unknown, readAtMs: number): Outcome<Usage, "SUMMARY_INVALID"> {
  const parsed = Summary.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse("SUMMARY_INVALID", `not a kubelet's summary: ${issue?.message ?? ""}`, `/${(issue?.path ?? []).map(String).join("/")}`);
  }
  return ok(
    new Map(
      parsed.data.pods.map(({ podRef, containers }) => [
        `${podRef.namespace}/${podRef.name}`,
        (containers ?? []).map(({ name, cpu, memory }) => ({
          pod: podRef.name,
          container: name,
          cpuSecondsTotal: scaled(cpu?.usageCoreNanoSeconds),
          cpuCores: scaled(cpu?.usageNanoCores),
          memoryBytes: memory?.workingSetBytes ?? null,
          at: timeOf(cpu?.time ?? memory?.time, readAtMs),
        })),
      ]),
    ),
  );
}

const scaled = (nanos: number | null | undefined): number | null => (typeof nanos === "number" ? nanos / 1e9 : null);

const timeOf = (text: string | null | undefined, otherwiseMs: number): string => {
  const ms = Date.parse(text ?? "");
  return new Date(Number.isNaN(ms) ? otherwiseMs : ms).toISOString();
};
