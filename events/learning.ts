import { z } from "zod";
import { ClientName, Link, Sha256, Signature } from "../domain/scaling/federation.ts";
import { AggregationRule } from "../domain/learning/model.ts";
import { defineEvent } from "./define.ts";

/** 2 MiB of base64: more parameters than any model of ours, fewer than an event may carry. */
const Base64 = z
  .string()
  .max(2 << 20)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const LearningDue = defineEvent({
  type: "eu.meta-os.nemo.learning.due.v1",
  summary: "A clock's tick: a client trains its copy of the model on what it has seen since the last one.",
  data: z.strictObject({ dueAt: z.iso.datetime() }),
});

export const LearningUpdated = defineEvent({
  type: "eu.meta-os.nemo.learning.updated.v1",
  summary: "What a client's training of this round changed in the model, signed by the client and bound to round and base model.",
  data: z.strictObject({
    client: ClientName,
    round: z.int().positive(),
    baseSha256: Sha256,
    /** Little-endian float32, one a parameter, in base64. */
    delta: Base64,
    deltaSha256: Sha256,
    /** Transitions that it was trained on, as the client says. */
    samples: z.int().nonnegative(),
    signature: Signature,
  }),
});

export const RoundDue = defineEvent({
  type: "eu.meta-os.nemo.round.due.v1",
  summary: "A clock's tick: a round whose time is up is closed.",
  data: z.strictObject({ dueAt: z.iso.datetime() }),
});

export const RollbackRequested = defineEvent({
  type: "eu.meta-os.nemo.policy.rollback.requested.v1",
  summary: "An operator wants an earlier global model back. The round in progress ends without an aggregate.",
  data: z.strictObject({ toSha256: Sha256, reason: z.string().max(500) }),
});

export const PolicyUpdated = defineEvent({
  type: "eu.meta-os.nemo.policy.updated.v1",
  summary: "A round was closed: the global model that holds from now on, as the newest link of a signed chain.",
  data: z.strictObject({
    link: Link,
    /** Of `link`, by the aggregator. */
    signature: Signature,
    /** The newest links, oldest first, `link` the last: a client that missed some finds its own among them. */
    chain: z.array(Link).min(1).max(64),
    /** The bytes of the model that holds from now on, in base64. */
    model: Base64.optional(),
    /** Why the model was kept, where it was. */
    code: z.string().optional(),
    reason: z.string(),
    rule: AggregationRule,
    /** Clients whose updates were counted. */
    clients: z.array(ClientName),
    /** Cost a tick in the simulator, lower is better: of the new model, of the one before, of the HPA. */
    canary: z.strictObject({ candidate: z.number(), current: z.number(), hpa: z.number() }).optional(),
  }),
});

export const ClientRejected = defineEvent({
  type: "eu.meta-os.nemo.client.rejected.v1",
  summary: "An update was not let into its round: forged, replayed, late, or not a model's difference at all.",
  data: z.strictObject({ client: z.string(), round: z.int().nonnegative(), code: z.string(), reason: z.string() }),
});
