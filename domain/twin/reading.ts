import { z } from "zod";
import { Replicas } from "./model.ts";

const time = z.iso.datetime({ offset: true });
const known = z.number().nonnegative().nullable();

/** How a source answered: when it did, or why not. */
export const SourceAnswer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("answered"), at: time }),
  z.strictObject({ kind: z.literal("silent"), reason: z.string().max(1024) }),
]);
export type SourceAnswer = z.infer<typeof SourceAnswer>;

/** What one container used. A counter of CPU seconds becomes cores by the difference to the one before; some sources give cores at once. */
export const ContainerUsage = z.strictObject({
  pod: z.string().max(253),
  container: z.string().max(253),
  cpuSecondsTotal: known,
  cpuCores: known,
  memoryBytes: known,
  at: time,
});
export type ContainerUsage = z.infer<typeof ContainerUsage>;

/** What containers ask for: null where they ask for nothing, and for a limit that one of several does not have. */
export const Asked = z.strictObject({
  cpuRequestCores: known,
  cpuLimitCores: known,
  memoryRequestBytes: known,
  memoryLimitBytes: known,
});
export type Asked = z.infer<typeof Asked>;

/**
 * What the sources that speak of a whole cluster said of one component, read once a period for all of them. A member is absent where no such
 * source is configured, and its values are null where the source does not know.
 */
export const Reading = z.strictObject({
  kubeStateMetrics: z.strictObject({ answer: SourceAnswer, replicas: Replicas.nullable(), asked: Asked.nullable() }).optional(),
  usage: z
    .strictObject({
      answer: SourceAnswer,
      source: z.enum(["cadvisor", "resource", "summary"]),
      containers: z.array(ContainerUsage).max(1_000),
    })
    .optional(),
});
export type Reading = z.infer<typeof Reading>;
