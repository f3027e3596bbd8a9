import type { z } from "zod";
import { checkUpdate } from "../../domain/learning/aggregate.ts";
import { decodeFloats, fromBase64 } from "../../domain/learning/codec.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { Federation } from "../../domain/scaling/federation.ts";
import type { LearningUpdated } from "../../events/learning.ts";
import { isCanonical, isUpdateSigned, sha256 } from "../federation.ts";

type Update = z.infer<typeof LearningUpdated.data>;

export type ForgeryCode = "CLIENT_UNKNOWN" | "SIGNATURE_INVALID" | "DELTA_MISMATCH";

/** Whether an update is what its client signed: looked at before anything else of it is believed. */
export function authentic(update: Update, federation: Federation): Outcome<Float32Array, ForgeryCode> {
  const publicKey = Object.hasOwn(federation.clients, update.client) ? federation.clients[update.client] : undefined;
  if (publicKey === undefined) return refuse("CLIENT_UNKNOWN", "no client of that name is in the federation");
  if (!isUpdateSigned(update, update.signature, publicKey))
    return refuse("SIGNATURE_INVALID", "it is not signed by the client that it names");
  const bytes = isCanonical(update.delta) ? fromBase64(update.delta) : undefined;
  if (bytes === undefined || sha256(bytes) !== update.deltaSha256)
    return refuse("DELTA_MISMATCH", "the difference is not the one that was signed");
  return ok(decodeFloats(bytes));
}

export interface Expected {
  readonly round: number;
  readonly baseSha256: string;
  readonly parameters: number;
  readonly maxNorm: number;
  /** When the round's time is up; undefined while nobody has sent anything. */
  readonly deadlineMs: number | undefined;
}

/** Whether an authentic update may be counted in the round in progress. */
export function admissible(update: Update, delta: Float32Array, expected: Expected, nowMs: number): Outcome<void, string> {
  if (expected.deadlineMs !== undefined && nowMs > expected.deadlineMs) return refuse("ROUND_CLOSED", "it came after the round's deadline");
  const { client, round, baseSha256, samples } = update;
  const checked = checkUpdate({ client, round, baseSha256, delta, samples }, expected);
  return checked.ok ? ok(undefined) : checked;
}
