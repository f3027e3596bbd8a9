import type { ReachableController } from "../../../domain/controllers.ts";
import type { Outcome } from "../../../domain/outcome.ts";
import { parseExposition } from "../../../domain/twin/exposition.ts";
import { type ClusterObjects, KSM_METRICS, readKubeStateMetrics } from "../../../domain/twin/kube-state-metrics.ts";
import type { ClusterReading } from "../../../domain/twin/reading-of.ts";
import type { SourceAnswer } from "../../../domain/twin/reading.ts";
import { readSummary, readUsage, type Usage, USAGE_METRICS } from "../../../domain/twin/usage.ts";
import type { Pools } from "../../pools.ts";
import { ask, type Asking, eachOf, Silence } from "./http.ts";

const MAX_BYTES = 64 * (1 << 20);
const NODES_AT_ONCE = 8;

type Answered<T> = { readonly answer: SourceAnswer; readonly value: T | undefined };

async function attempt<T>(now: Asking["now"], work: () => Promise<Outcome<T>>): Promise<Answered<T>> {
  try {
    const outcome = await work();
    if (!outcome.ok) return { answer: { kind: "silent", reason: outcome.reason }, value: undefined };
    return { answer: { kind: "answered", at: now().toISOString() }, value: outcome.value };
  } catch (error) {
    if (!(error instanceof Silence)) throw error;
    return { answer: { kind: "silent", reason: error.message }, value: undefined };
  }
}

/** kube-state-metrics of a cluster: one scrape for all twins. */
export async function readObjects(
  source: ReachableController,
  pools: Pools,
  { signal, now }: Asking,
): Promise<ClusterReading["kubeStateMetrics"]> {
  const { answer, value } = await attempt(now, async (): Promise<Outcome<ClusterObjects>> => {
    const text = await ask(source, pools.pool(source), { path: "/metrics", maxBytes: MAX_BYTES, signal });
    const samples = parseExposition(text, { wanted: KSM_METRICS });
    return samples.ok ? { ok: true, value: readKubeStateMetrics(samples.value) } : samples;
  });
  return { answer, objects: value };
}

const PATHS = { cadvisor: "metrics/cadvisor", resource: "metrics/resource", summary: "stats/summary" } as const;

/** Usage from the kubelets, node by node, by way of the API server's proxy, as Prometheus' own example does it. */
export async function readNodes(
  source: ReachableController,
  pools: Pools,
  nodes: readonly string[],
  { signal, now }: Asking,
): Promise<ClusterReading["usage"]> {
  const kind = source.usage ?? "cadvisor";
  const answers = await eachOf(nodes, NODES_AT_ONCE, async (node) => {
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/${PATHS[kind]}`;
    const answered = await attempt(now, async (): Promise<Outcome<Usage>> => {
      const text = await ask(source, pools.pool(source), {
        path,
        maxBytes: MAX_BYTES,
        signal,
        accept: kind === "summary" ? "application/json" : "text/plain",
      });
      if (kind === "summary") return readSummary(parsed(text, node), now().getTime());
      const samples = parseExposition(text, { wanted: USAGE_METRICS });
      return samples.ok ? { ok: true, value: readUsage(samples.value, now().getTime()) } : samples;
    });
    return [node, answered] as const;
  });
  const byNode = new Map(answers);
  return {
    source: kind,
    usage: new Map(answers.flatMap(([, { value }]) => [...(value ?? [])])),
    answerOf: (node) => byNode.get(node)?.answer ?? { kind: "silent", reason: `nobody has asked ${node}` },
  };
}

function parsed(text: string, node: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Silence(`the kubelet of ${node} answered no JSON`);
  }
}
