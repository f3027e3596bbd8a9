import { z } from "zod";
import { defineEvent } from "./define.ts";

const known = z.number().nonnegative().nullable();

export const TwinSnapshotTaken = defineEvent({
  type: "eu.meta-os.nemo.twin.snapshot.taken.v1",
  summary: "The whole twin of a component, every period.",
  data: z.looseObject({
    twin: z.looseObject({
      twinId: z.string().min(1).max(1024),
      cluster: z.string(),
      namespace: z.string(),
      component: z.looseObject({ kind: z.string(), name: z.string() }),
      workloadId: z.string().nullable(),
      updatedAt: z.iso.datetime({ offset: true }),
      replicas: z.looseObject({ desired: known, current: known, ready: known }),
      /** Of all pods together; unknown is null, never 0. */
      resources: z.looseObject({ cpuCores: known, memoryBytes: known, cpuLimitCores: known, memoryLimitBytes: known }),
      network: z.looseObject({ windowSeconds: z.number(), inbound: z.looseObject({ requestRate: known }).nullable() }),
      quality: z.looseObject({
        linkerd: z.looseObject({ isFresh: z.boolean() }).nullable(),
        usage: z.looseObject({ isFresh: z.boolean() }).nullable(),
      }),
    }),
  }),
});
