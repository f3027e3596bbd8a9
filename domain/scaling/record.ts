import { z } from "zod";
import { Mode } from "../learning/model.ts";

const amount = z.number().nonnegative();
const Resources = z.strictObject({ cpuCores: amount, ramBytes: amount });

/** One decision and everything that it follows from: what is logged, what is told as `scaling.proposed`, and what reports are made of. */
export const ScalingRecord = z.strictObject({
  /** Follows from the snapshot, so that a redelivery has the same. */
  decisionId: z.string(),
  /** What is scaled: the twin's id, `cluster/namespace/kind/name`. */
  workload: z.string(),
  /** NEMO's UUID, where the twin knows it. */
  workloadId: z.string().optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
  component: z.strictObject({ kind: z.string(), name: z.string() }),
  /** When the twin was taken that this was decided on, and how long the decision is worth following; RFC 3339. */
  takenAt: z.string(),
  validUntil: z.string(),
  mode: Mode,
  /** What the workload should have: absolute, so that following it twice is harmless. */
  replicas: z.int().nonnegative(),
  /** What the learner would have, within the envelope; in `act` the same as `replicas` unless it fell back. */
  learned: z.int().nonnegative().optional(),
  /** What the Kubernetes HPA would have. */
  hpa: z.int().nonnegative().optional(),
  /** What there is. */
  current: z.strictObject({ ready: z.int().nonnegative(), starting: z.int().nonnegative() }),
  action: z.int().nonnegative().optional(),
  /** By action: the value that the network gives it, and whether it was allowed. */
  qValues: z.array(z.number()).optional(),
  mask: z.array(z.boolean()).optional(),
  /** By action: pods above or below the rule's replicas, `centre`. */
  deviations: z.array(z.int()).optional(),
  centre: z.int().nonnegative().optional(),
  /** Probability with which the action was taken, for off-policy evaluation. */
  propensity: z.number().min(0).max(1).optional(),
  features: z.array(z.number()).optional(),
  /** What the envelope changed, in order; empty where nothing. */
  guard: z.array(z.string()),
  /** Why the HPA decided and not the learner. */
  fallback: z.string().optional(),
  /** What a period would have cost less under the learner than under the HPA lately, in pods; see docs/learning.md. */
  advantage: z.number().optional(),
  model: z.strictObject({ sha256: z.string(), round: z.int().nonnegative() }).optional(),
  observation: z
    .strictObject({
      usage: Resources,
      limits: Resources,
      requestsPerSecond: amount.optional(),
      podRequestsPerSecond: amount.optional(),
      periodMs: z.number().positive(),
    })
    .optional(),
  /** Pods of work that the last period brought. */
  demandPods: amount.optional(),
});
export type ScalingRecord = z.infer<typeof ScalingRecord>;
