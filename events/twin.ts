import { z } from "zod";
import { defineEvent } from "./define.ts";

const known = z.number().nullable();

/** Traffic of one direction, from the Linkerd proxies of the component's pods. Unknown is null, never 0. */
const Traffic = z.looseObject({
  req_rate: known.optional(),
  res_rate_by_code: z.record(z.string(), z.number()).optional(),
  latency_ms: z.looseObject({ p50: known.optional(), p95: known.optional(), p99: known.optional() }).nullish(),
});
const Quality = z.looseObject({ ok: z.boolean(), age_s: known.optional() });

export const TwinSnapshotTaken = defineEvent({
  type: "eu.meta-os.nemo.twin.snapshot.taken.v1",
  summary: "The twin of one component as it is now: replicas, resources, traffic and state.",
  data: z.looseObject({
    timestamp: z.iso.datetime({ offset: true }),
    workload_id: z.string().nullish(),
    cluster: z.string().nullish(),
    namespace: z.string(),
    component: z.looseObject({ kind: z.string(), name: z.string() }).nullish(),
    seq: z.number().optional(),
    replicas: z.looseObject({ desired: known.optional(), current: known.optional(), ready: known.optional(), available: known.optional() }),
    /** Of all pods together; limits are one pod's. */
    resources: z
      .looseObject({
        cpu_cores: known.optional(),
        memory_bytes: known.optional(),
        cpu_limit_cores: known.optional(),
        memory_limit_bytes: known.optional(),
      })
      .nullish(),
    linkerd: z.looseObject({ inbound: Traffic.nullish(), outbound: Traffic.nullish() }).nullish(),
    quality: z.looseObject({ linkerd: Quality.nullish(), resources: Quality.nullish(), watch: Quality.nullish() }).nullish(),
  }),
});
