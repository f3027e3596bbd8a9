import { z } from "zod";
import { ConflictKind } from "./claim.ts";
import type { Conflict } from "./judge.ts";

/**
 * TS 28.312 IntentConflictReport, with what an operator needs beside it: `kind`, `conflictingResource` and `nearestValue` are ours.
 */
export const IntentConflictReport = z.strictObject({
  conflictId: z.string(),
  conflictType: z.enum(["INTENT_CONFLICT", "EXPECTATION_CONFLICT", "TARGET_CONFLICT"]),
  /** The other one's. */
  conflictingIntent: z.string(),
  conflictingExpectation: z.string(),
  conflictingTarget: z.string().optional(),
  recommendedSolutions: z.enum(["MODIFY", "DELETE"]),
  kind: ConflictKind,
  conflictingResource: z.string(),
  nearestValue: z.string().optional(),
});
export type IntentConflictReport = z.infer<typeof IntentConflictReport>;

/** TS 28.312 IntentFeasibilityCheckReport (Rel-19 names). */
export const IntentFeasibilityCheckReport = z.strictObject({
  feasibilityCheckResult: z.enum(["FEASIBLE", "INFEASIBLE"]),
  infeasibilityReasons: z.array(z.enum(["INVALID_INTENT_EXPRESSION", "INTENT_CONFLICT"])).optional(),
  inFeasibleExpectationInfos: z.array(z.strictObject({ expectationId: z.string(), reason: z.string() })).optional(),
});
export type IntentFeasibilityCheckReport = z.infer<typeof IntentFeasibilityCheckReport>;

/** In one sentence: who asks for what, who has it, what would do. */
export function explain({ kind, newcomer, holder, limit, nearest }: Conflict): string {
  const { thing, wants, unit } = newcomer.claim;
  const asks = `intent ${newcomer.intentId} (expectation ${newcomer.expectationId}) wants ${wants} of ${thing}`;
  const instead = nearest === undefined ? "; nothing near it would do" : `; ${nearest} would do`;
  if (kind === "SUBSCRIBER_UNKNOWN") return `${asks}, which the operator did not declare`;
  const bounds = limitWords(limit, unit);
  if (holder === undefined) return `${asks}, which ${bounds}${instead}`;
  const whose =
    holder.intentId === newcomer.intentId
      ? `its own expectation ${holder.expectationId}`
      : `intent ${holder.intentId} (expectation ${holder.expectationId}, priority ${String(holder.priority)})`;
  if (limit?.capacity !== undefined) return `${asks}, which ${bounds}, and ${whose} has ${holder.claim.wants} of it${instead}`;
  return holder.claim.rule.is === "fact"
    ? `${asks}, but ${whose} says ${holder.claim.wants}`
    : `${asks}, but ${whose} has ${holder.claim.wants}${instead}`;
}

/** Where a limit is from; of a measurement as it was made, so that a person finds it again in the cost map. */
const sourceWords = ({ source, reading }: NonNullable<Conflict["limit"]>): string =>
  reading === undefined ? source : `${source} ${String(reading.mbps)} Mbit/s at ${reading.at.replace(/\.\d+Z$/, "Z")}`;

function limitWords(limit: Conflict["limit"], unit: string): string {
  if (limit?.capacity !== undefined) return `has ${String(limit.capacity)} ${unit} in all (${sourceWords(limit)})`;
  if (limit?.least !== undefined) return `takes ${String(limit.least)} ${unit} (${limit.source})`;
  const allowed = limit?.allowed?.map(([from, to]) => (from === to ? String(from) : `${String(from)}-${String(to)}`)).join(", ");
  return allowed === undefined ? "cannot give it" : `is open for ${allowed} only (${limit?.source ?? "declared"})`;
}

/** Undefined for what stands against a limit alone: that is infeasible, and a conflict with nobody. */
export function conflictReportOf(conflict: Conflict): IntentConflictReport | undefined {
  const { kind, newcomer, holder, nearest } = conflict;
  if (holder === undefined) return undefined;
  const { target } = holder.claim;
  const isOwn = holder.intentId === newcomer.intentId;
  return {
    conflictId: [kind, newcomer.intentId, newcomer.expectationId, holder.intentId, holder.expectationId, newcomer.claim.thing].join("/"),
    conflictType: holder.claim.rule.is === "fact" ? "TARGET_CONFLICT" : isOwn ? "EXPECTATION_CONFLICT" : "INTENT_CONFLICT",
    conflictingIntent: holder.intentId,
    conflictingExpectation: holder.expectationId,
    ...(target === undefined ? {} : { conflictingTarget: target }),
    // With no value that would do, the one of the two that matters less has to go.
    recommendedSolutions: nearest === undefined && kind !== "PORT_TAKEN" ? "DELETE" : "MODIFY",
    kind,
    conflictingResource: newcomer.claim.thing,
    ...(nearest === undefined ? {} : { nearestValue: nearest }),
  };
}
