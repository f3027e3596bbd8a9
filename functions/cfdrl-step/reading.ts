import { z } from "zod";

/*
 * What cfdrl-step reads of a twin, and the only place that knows the twin's names. Whatever is missing or null is left out, and what is
 * decided from it then is not the learner's.
 */

const amount = z.number().nonnegative().nullish().catch(undefined);
const name = z.string().min(1).max(253).nullish().catch(undefined);
const Quality = z.looseObject({ ok: z.boolean() }).nullish().catch(undefined);

const Twin = z.looseObject({
  timestamp: z.iso.datetime({ offset: true }),
  workload_id: name,
  cluster: name,
  namespace: name,
  component: z.looseObject({ name }).nullish().catch(undefined),
  replicas: z.looseObject({ desired: amount, ready: amount }).nullish().catch(undefined),
  resources: z
    .looseObject({ cpu_cores: amount, memory_bytes: amount, cpu_limit_cores: amount, memory_limit_bytes: amount })
    .nullish()
    .catch(undefined),
  linkerd: z
    .looseObject({ inbound: z.looseObject({ req_rate: amount }).nullish() })
    .nullish()
    .catch(undefined),
  quality: z.looseObject({ linkerd: Quality, resources: Quality, watch: Quality }).nullish().catch(undefined),
});

/** One component as the twin shows it. Usage is of all pods together, limits are one pod's. */
export interface Reading {
  /** What is scaled: `cluster/namespace/name`. */
  readonly workload: string;
  readonly workloadId: string | undefined;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly deployment: string | undefined;
  readonly takenAtMs: number;
  readonly desired: number | undefined;
  readonly ready: number | undefined;
  readonly cpuCores: number | undefined;
  readonly ramBytes: number | undefined;
  readonly cpuLimitCores: number | undefined;
  readonly ramLimitBytes: number | undefined;
  readonly requestsPerSecond: number | undefined;
}

/** @returns undefined where the twin has no time or names nothing that could be scaled. */
export function readTwin(data: unknown): Reading | undefined {
  const read = Twin.safeParse(data);
  if (!read.success) return undefined;
  const { timestamp, workload_id, cluster, namespace, component, replicas, resources, linkerd, quality } = read.data;
  const workloadId = workload_id ?? undefined;
  const deployment = component?.name ?? undefined;
  const leaf = deployment ?? workloadId;
  if (leaf === undefined) return undefined;
  // A source that has gone stale says what was, not what is.
  const used = quality?.resources?.ok === false ? undefined : resources;
  const traffic = quality?.linkerd?.ok === false ? undefined : linkerd?.inbound;
  const seen = quality?.watch?.ok === false ? undefined : replicas;
  return {
    workload: [cluster, namespace, leaf].filter((part) => typeof part === "string").join("/"),
    workloadId,
    cluster: cluster ?? undefined,
    namespace: namespace ?? undefined,
    deployment,
    takenAtMs: Date.parse(timestamp),
    desired: seen?.desired ?? undefined,
    ready: seen?.ready ?? undefined,
    cpuCores: used?.cpu_cores ?? undefined,
    ramBytes: used?.memory_bytes ?? undefined,
    cpuLimitCores: resources?.cpu_limit_cores ?? undefined,
    ramLimitBytes: resources?.memory_limit_bytes ?? undefined,
    requestsPerSecond: traffic?.req_rate ?? undefined,
  };
}
