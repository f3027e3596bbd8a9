import { z } from "zod";
import { EnvelopeSettings, HpaSettings, Mode, RoundSettings } from "../learning/model.ts";
import { ClientName, type Federation } from "./federation.ts";

const file = z.string().min(1);
const positive = z.number().positive();

/** What differs for one workload, by its twin's id `cluster/namespace/kind/name`, or its NEMO UUID. */
const WorkloadSettings = z.strictObject({
  mode: Mode.optional(),
  minReplicas: z.int().positive().optional(),
  maxReplicas: z.int().positive().optional(),
  /** Of one pod; else the intents', else the twin's. */
  limits: z.strictObject({ cpuCores: positive, ramBytes: positive }).optional(),
  /** What one pod serves at its CPU limit; else it is estimated from request rate and CPU. */
  podRequestsPerSecond: positive.optional(),
});
export type WorkloadSettings = z.infer<typeof WorkloadSettings>;

const Training = z.strictObject({
  /** Steps of 32 transitions each time that learning is due. */
  stepsADue: z.int().positive().default(64),
  /** Steps after which the round's update is sent. */
  stepsARound: z.int().positive().default(256),
  /** Transitions without which nothing is trained. */
  minTransitions: z.int().positive().default(500),
});

/** The operator's file about scaling, which LEARNING_FILE names; everything has a default, so that no file is needed to look. */
export const LearningFile = z
  .strictObject({
    /** What this cluster is called in the federation. */
    client: ClientName.default("local"),
    /** Until a switch says otherwise. */
    mode: Mode.default("shadow"),
    /** How far apart decisions of one workload are. */
    periodMs: z.int().positive().default(30_000),
    envelope: EnvelopeSettings.prefault({}),
    hpa: HpaSettings.prefault({}),
    workloads: z.record(z.string(), WorkloadSettings).default({}),
    /** Chance of a random action within the envelope: 0 learns from what happens anyway. */
    epsilon: z.number().min(0).max(0.5).default(0),
    /** In act, whether the HPA decides wherever the learner would have cost more than it lately. */
    mustEarn: z.boolean().default(true),
    training: Training.prefault({}),
    /** Ed25519, PKCS#8 in PEM. Absent: made from the seal key, which is enough for a federation of one. */
    clientKeyFile: file.optional(),
    federation: z
      .strictObject({
        ...RoundSettings.shape,
        /** Files with the public key of every client, PEM. */
        clients: z.record(ClientName, file),
        /** Public key of whoever signs global models. */
        aggregatorPublicKeyFile: file,
        /** Only where cfdrl-aggregate runs. */
        aggregatorKeyFile: file.optional(),
      })
      .optional(),
    /** Queues of the meta-orchestrator on the same RabbitMQ; plain JSON. */
    orchestrator: z.strictObject({ scalingQueue: file.optional(), clustersQueue: file.optional() }).prefault({}),
    /** Follows decisions of mode act on the Deployments themselves, over the controllers of executioner `scale`. */
    scaleDeployments: z.boolean().default(false),
  })
  .superRefine(({ federation }, context) => {
    if (federation === undefined) return;
    const clients = Object.keys(federation.clients).length;
    if (clients < federation.quorum)
      context.addIssue({
        code: "custom",
        path: ["federation", "quorum"],
        message: `there are ${clients} clients, so no round could end with a model`,
      });
  });
export type LearningFile = z.output<typeof LearningFile>;

/** The settings with their files read. */
export interface LearningSettings extends Omit<LearningFile, "clientKeyFile" | "federation"> {
  readonly federation: Federation;
  /** Private keys, PEM. */
  readonly clientKey: string;
  /** Absent where another deployment aggregates. */
  readonly aggregatorKey?: string;
}

/** A federation of one: its only client is trusted, and the canary alone decides. */
export const ALONE: RoundSettings = RoundSettings.parse({ rule: "trimmed-mean", byzantine: 0, quorum: 1 });

/** What holds for one workload. */
export function settingsFor(
  { envelope, workloads, mode }: Pick<LearningSettings, "envelope" | "workloads" | "mode">,
  workload: string,
  workloadId?: string,
): WorkloadSettings & { readonly envelope: EnvelopeSettings; readonly mode: Mode } {
  const named = [workload, workloadId].find((name) => name !== undefined && Object.hasOwn(workloads, name));
  const own = (named === undefined ? undefined : workloads[named]) ?? {};
  const { minReplicas = envelope.minReplicas, maxReplicas = envelope.maxReplicas } = own;
  return { ...own, mode: own.mode ?? mode, envelope: { ...envelope, minReplicas, maxReplicas } };
}
