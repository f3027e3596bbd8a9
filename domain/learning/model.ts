import { z } from "zod";

/*
 * The words that scaling by federated reinforcement learning is written in. Demand is counted in pods of work: 2.5 means what two and a
 * half pods can serve at their full CPU limit.
 */

/** What is known of one workload at the end of one observation period. All numbers finite and at least 0. */
export interface Observation {
  readonly atMs: number;
  readonly periodMs: number;
  readonly replicas: Replicas;
  /** Used by all ready pods together. */
  readonly usage: Resources;
  /** Of one pod: the intents' limits. Greater than 0. */
  readonly limits: Resources;
  /** Arrivals at the workload. Without them demand is estimated from CPU, which cannot show what is beyond 100 %. */
  readonly requestsPerSecond?: number;
  /** What one pod serves at its CPU limit. Only with `requestsPerSecond`. */
  readonly podRequestsPerSecond?: number;
}

export interface Resources {
  readonly cpuCores: number;
  readonly ramBytes: number;
}

export interface Replicas {
  /** Pods that serve. */
  readonly ready: number;
  /** Pods that are paid for and do not serve yet. */
  readonly starting: number;
}

/** What has to be remembered of a workload between two decisions. Bounded: see WINDOW_TICKS. */
export interface Memory {
  /** Pods of work a period, oldest first, the last one the newest; at most WINDOW_TICKS. */
  readonly demand: readonly number[];
  /** What the HPA recommended, for its stabilisation window. */
  readonly recommendations: readonly Recommendation[];
  /** By how much the wanted number of pods was changed, for the limits on how fast it may change. */
  readonly changes: readonly Change[];
  /** Absent until learner and HPA have been compared for a period. */
  readonly standing?: Standing;
}

/** A workload that is imagined beside the real one, with the same demand, as somebody else would have scaled it. */
export interface Shadow {
  readonly ready: number;
  /** By the periods that are left. */
  readonly starting: readonly number[];
  /** Pods of work that wait. */
  readonly backlog: number;
  /** Pods started or stopped by the last decision. */
  readonly moved: number;
  readonly recommendations: readonly Recommendation[];
  readonly changes: readonly Change[];
}

/** How the learner stands against the HPA on this very workload. */
export interface Standing {
  /** What a period would have cost less under the learner, in pods; a mean that forgets. Above 0 the learner is ahead. */
  readonly advantage: number;
  readonly hpa: Shadow;
  readonly learner: Shadow;
}

export interface Change {
  readonly atMs: number;
  /** Pods: positive is up. */
  readonly by: number;
}

export interface Recommendation {
  readonly atMs: number;
  readonly replicas: number;
}

/** An hour of 30 s periods. */
export const WINDOW_TICKS = 120;

export const emptyMemory: Memory = { demand: [], recommendations: [], changes: [] };

/** What the learner sees: `features` as FEATURES names them, not yet normalised; `centre` is the rule's replicas, from which actions deviate. */
export interface State {
  readonly features: Float32Array;
  readonly centre: number;
  /** Fewer pods than this could not serve even the level of the demand. */
  readonly least: number;
}

/** Deviations from the rule's replicas. An action is an index into this list. */
export const DEVIATIONS = [-2, -1, 0, 1, 2] as const;
export const NO_DEVIATION = DEVIATIONS.indexOf(0);

/** By action: true where it may be taken. */
export type Mask = readonly boolean[];

/** Sizes of the layers, input first. Parameters of a layer are its weights, row by row (out × in), and then its biases. */
export type Layout = readonly number[];

/** Parameters of a fully connected network with ReLU between the layers. */
export interface Weights {
  readonly layout: Layout;
  readonly values: Float32Array;
}

/** How features are made comparable: (x − mean) ÷ deviation, of the training states. */
export interface Normalisation {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** A policy that can be asked. `sha256` is of `encodeModel`'s bytes, made by the caller: there is no cryptography in domain/. */
export interface Model {
  readonly weights: Weights;
  readonly normalisation: Normalisation;
  /** By how much a deviation's Q-value must be above the rule's for it to be taken. */
  readonly hurdle: number;
}

/** One step of n-step Q-learning: `reward` is Σ γᵏ rₖ of `steps` steps; what follows is worth γ^steps × its best value. */
export interface Transition {
  readonly features: Float32Array;
  readonly action: number;
  readonly reward: number;
  readonly steps: number;
  readonly nextFeatures: Float32Array;
  readonly nextMask: Mask;
}

/** How far the function may go. shadow: decides and logs; advise: proposes, and the HPA's stands; act: its proposal stands. */
export const Mode = z.enum(["off", "shadow", "advise", "act"]);
export type Mode = z.infer<typeof Mode>;

/** Limits that no policy passes, whatever it has learnt. */
export const EnvelopeSettings = z.object({
  minReplicas: z.int().positive().default(1),
  maxReplicas: z.int().positive().default(12),
  /** Replicas a decision. */
  maxStepUp: z.int().positive().default(4),
  maxStepDown: z.int().positive().default(2),
  /** No scale-down for so long after a scale-up. */
  cooldownMs: z.number().nonnegative().default(60_000),
  /** Utilisation of CPU and RAM, against the intents' limits, that a decision must not plan beyond. */
  maxCpuUtilisation: z.number().positive().max(1).default(0.95),
  maxRamUtilisation: z.number().positive().max(1).default(0.95),
  /** An observation older than this many periods is stale. */
  stalePeriods: z.number().positive().default(2),
  /** A feature so many deviations from the training states' mean is out of range. */
  maxDeviations: z.number().positive().default(6),
});
export type EnvelopeSettings = z.infer<typeof EnvelopeSettings>;

/** The Kubernetes HPA that stands in, and that the learner is compared with. */
export const HpaSettings = z.object({
  /** Of the CPU limit. */
  targetUtilisation: z.number().positive().max(1).default(0.6),
  tolerance: z.number().nonnegative().default(0.1),
  scaleDownWindowMs: z.number().nonnegative().default(300_000),
  scaleUpWindowMs: z.number().nonnegative().default(0),
  /** Largest scale-up of one policy period: the greater of the two. */
  scaleUpPercent: z.number().positive().default(100),
  scaleUpPods: z.int().positive().default(4),
  policyPeriodMs: z.number().positive().default(15_000),
});
export type HpaSettings = z.infer<typeof HpaSettings>;

/** Room left for this workload's pods in its cluster, the pods it has included. */
export interface Capacity {
  readonly allocatable: Resources;
  readonly pods: number;
  /** False where `hubAcceptsClient` is: nothing may be scaled up there. */
  readonly usable: boolean;
}

export type GuardReason = "MIN_REPLICAS" | "MAX_REPLICAS" | "STEP" | "COOLDOWN" | "CAPACITY" | "CLUSTER_UNUSABLE" | "CPU" | "RAM";
export type FallbackReason =
  | "OFF"
  | "KILLED"
  | "NO_MODEL"
  | "MODEL_HASH"
  | "STALE"
  | "MISSING"
  | "OUT_OF_RANGE"
  | "NOT_FINITE"
  | "NOT_AHEAD";

export interface Guarded {
  readonly replicas: number;
  /** What changed the wish, in the order in which it did; empty where the wish stands. */
  readonly reasons: readonly GuardReason[];
}

/** What was decided, and everything that it follows from. */
export interface Decision {
  /** What the workload should have; absolute, so that a redelivery is harmless. */
  readonly replicas: number;
  /** What the learner would have, guarded; in shadow and advise it differs from `replicas`. */
  readonly learned?: number;
  readonly hpa: number;
  readonly state?: State;
  readonly mask?: Mask;
  readonly qValues?: readonly number[];
  readonly action?: number;
  /** Probability with which `action` was taken, for off-policy evaluation. */
  readonly propensity?: number;
  readonly guard: readonly GuardReason[];
  readonly fallback?: FallbackReason;
  /** What a period would have cost less under the learner than under the HPA, in pods, lately. */
  readonly advantage?: number;
}

/** What one client (a cluster) sends of a round: how its weights differ from the base model's after training on its own load. */
export interface ModelUpdate {
  readonly client: string;
  readonly round: number;
  readonly baseSha256: string;
  readonly delta: Float32Array;
  /** Transitions it was trained on. Said by the client, so nothing is weighed by it. */
  readonly samples: number;
}

export const AggregationRule = z.enum(["fed-avg", "trimmed-mean", "median", "multi-krum", "cosine-krum"]);
export type AggregationRule = z.infer<typeof AggregationRule>;

export const RoundSettings = z.object({
  rule: AggregationRule.default("cosine-krum"),
  /** How many clients may lie (f). */
  byzantine: z.int().nonnegative().default(2),
  /** Updates without which the model stays. Both Krums need 2f + 3. */
  quorum: z.int().positive().default(7),
  deadlineMs: z.number().positive().default(600_000),
  /** A longer update (L2 norm) is refused. */
  maxNorm: z.number().positive().default(50),
  /** Differential privacy, off by default: each delta is clipped to `clipNorm`, noise of multiplier × clipNorm ÷ clients is added to the mean. */
  noise: z.object({ clipNorm: z.number().positive(), multiplier: z.number().positive() }).optional(),
});
export type RoundSettings = z.infer<typeof RoundSettings>;

/** Chance as an argument: each call gives the next number of [0, 1). */
export type Random = () => number;
