import { z } from "zod";
import { type IntentRecord, isTerminated, type OrderRecord } from "./lifecycle.ts";
import type { IntentExpectation } from "./model.ts";

export const NotFulfilledState = z.enum(["ACKNOWLEDGED", "COMPLIANT", "DEGRADED", "SUSPENDED", "TERMINATED", "FULFILMENTFAILED"]);
export type NotFulfilledState = z.infer<typeof NotFulfilledState>;

/** TS 28.312 FulfilmentInfo; `notFullfilledState` is spelt as the standard spells it. */
const FulfilmentInfo = z.strictObject({
  fulfilmentStatus: z.enum(["FULFILLED", "NOT_FULFILLED"]),
  notFullfilledState: NotFulfilledState.optional(),
  notFulfilledReasons: z.array(z.string()).optional(),
});
export type FulfilmentInfo = z.infer<typeof FulfilmentInfo>;

/** TS 28.312 IntentReport (Rel-18 shape). `expectaitonId` is the standard's spelling. */
export const IntentReport = z.strictObject({
  id: z.string(),
  intentReference: z.string(),
  lastUpdatedTime: z.iso.datetime(),
  intentFulfilmentReport: z.strictObject({
    intentFulfilmentInfo: FulfilmentInfo,
    expectationFulfilmentResult: z.array(
      z.strictObject({
        expectaitonId: z.string(),
        expectationFulfilmentInfo: FulfilmentInfo,
        /** Our extension: what controllers told of it by themselves, such as `roundTripDelayMs`. */
        observations: z.array(z.strictObject({ name: z.string(), value: z.number(), observedAt: z.iso.datetime() })).optional(),
        targetFulfilmentResult: z.array(
          z.strictObject({
            targetName: z.string(),
            targetFulfilmentInfo: FulfilmentInfo,
            targetAchievedValue: z.union([z.number(), z.string()]).optional(),
            /** Our extension: DECLARED is what the controller says that it configured, MEASURED what a probe saw. */
            targetAchievedValueSource: z.enum(["DECLARED", "MEASURED"]).optional(),
          }),
        ),
      }),
    ),
  }),
});
export type IntentReport = z.infer<typeof IntentReport>;

type ExpectationResult = IntentReport["intentFulfilmentReport"]["expectationFulfilmentResult"][number];
export type State = NotFulfilledState | "FULFILLED";

/** The one word for an intent: TS 28.312 has no lifecycle attribute, it follows from the administrative state and from NotFulfilledState. */
export function stateOf(record: IntentRecord): State {
  // Also when it was given up on before: a withdrawal that comes late is one all the same.
  if (isTerminated(record)) return "TERMINATED";
  if (record.refusal !== undefined || record.undoing !== undefined || record.orders.some((r) => r.state === "failed"))
    return "FULFILMENTFAILED";
  if (record.orders.some((r) => r.state === "placed"))
    return record.orders.some((r) => r.state === "executed") ? "COMPLIANT" : "ACKNOWLEDGED";
  if (record.wanted === "suspended") return "SUSPENDED";
  if (record.orders.some((r) => r.state === "waiting"))
    return record.orders.some((r) => r.state === "executed") ? "COMPLIANT" : "ACKNOWLEDGED";
  return driftIn(record, record.orders).length > 0 || troublesIn(record, record.orders).length > 0 ? "DEGRADED" : "FULFILLED";
}

const driftIn = ({ drift = [] }: IntentRecord, orders: readonly OrderRecord[]) =>
  drift.filter((d) => orders.some(({ order }) => order.executioner === d.executioner && order.resource === d.resource));

const observationsIn = ({ observations = [] }: IntentRecord, orders: readonly OrderRecord[]) =>
  observations.filter((o) => orders.some(({ order }) => order.executioner === o.executioner && order.resource === o.resource));

const troublesIn = (record: IntentRecord, orders: readonly OrderRecord[]): readonly string[] =>
  observationsIn(record, orders).flatMap(({ conditions, resource, executioner }) =>
    Object.entries(conditions).map(([code, reason]) => reasonOf({ code, reason: `${resource} on ${executioner}: ${reason ?? ""}` })),
  );

const infoOf = (state: State, reasons: readonly string[] = []): FulfilmentInfo => ({
  fulfilmentStatus: state === "FULFILLED" ? "FULFILLED" : "NOT_FULFILLED",
  ...(state === "FULFILLED" ? {} : { notFullfilledState: state }),
  ...(reasons.length === 0 ? {} : { notFulfilledReasons: [...reasons] }),
});

/** The report of one intent as the record stands: an expectation is fulfilled when the controller's read-back shows what was asked. */
export function reportOf(record: IntentRecord): IntentReport {
  const { intent } = record;
  return {
    id: `${intent.id}-report`,
    intentReference: `Intent=${intent.id}`,
    lastUpdatedTime: record.updatedAt,
    intentFulfilmentReport: {
      intentFulfilmentInfo: infoOf(stateOf(record), reasonsOf(record, record.orders)),
      expectationFulfilmentResult: intent.intentExpectations.map((expectation) => resultOf(record, expectation)),
    },
  };
}

function resultOf(record: IntentRecord, { expectationId, expectationTargets }: IntentExpectation): ExpectationResult {
  const orders = record.orders.filter((r) => r.order.expectationIds.includes(expectationId));
  const state = stateOf({ ...record, orders });
  const observations = observationsIn(record, orders).flatMap(({ values, at }) =>
    Object.entries(values).map(([name, value]) => ({ name, value, observedAt: at })),
  );
  const declared = Object.assign({}, ...orders.map((r) => r.declared ?? {})) as Record<string, number | string>;
  return {
    expectaitonId: expectationId,
    expectationFulfilmentInfo: infoOf(state, reasonsOf(record, orders, expectationId)),
    ...(observations.length === 0 ? {} : { observations }),
    targetFulfilmentResult: expectationTargets.map(({ targetName }) => ({
      targetName,
      targetFulfilmentInfo: infoOf(state),
      ...(declared[targetName] === undefined
        ? {}
        : { targetAchievedValue: declared[targetName], targetAchievedValueSource: "DECLARED" as const }),
    })),
  };
}

function reasonsOf(record: IntentRecord, orders: readonly OrderRecord[], expectationId?: string): string[] {
  const { refusal, undoing, preemptedBy } = record;
  const drift = driftIn(record, orders).map(({ executioner, resource, found, differs }) =>
    reasonOf({
      code: "DRIFTED",
      reason: `${resource} on ${executioner} ${found === "missing" ? "is gone" : `differs in ${differs.join(", ")}`}`,
    }),
  );
  const gone =
    preemptedBy === undefined ? [] : [reasonOf({ code: "PREEMPTED", reason: `suspended for ${preemptedBy}, which is more important` })];
  const refused = [...gone, ...(refusal === undefined ? [] : [reasonOf(refusal)])];
  const failed = orders.filter((r) => r.state === "failed").map(reasonOf);
  if (undoing === undefined) return [...refused, ...failed, ...drift, ...troublesIn(record, orders)];
  const own = undoing.failures.filter((f) => expectationId === undefined || f.expectationIds.includes(expectationId)).map(reasonOf);
  const taken = orders.some((r) => r.state === "placed") ? "is being taken back" : "was taken back";
  // An expectation that did not fail itself went with the others.
  const shared =
    own.length > 0 && expectationId !== undefined
      ? []
      : [reasonOf({ code: "UNDONE", reason: `the intent failed in part, and what it had changed ${taken}` })];
  return [...new Set([...own, ...shared, ...refused, ...failed])];
}

const reasonOf = ({ code, reason = "", residue = [] }: Partial<Pick<OrderRecord, "code" | "reason" | "residue">>): string =>
  `${code ?? "FAILED"}: ${reason}${residue.length > 0 ? ` (left behind: ${residue.join(", ")})` : ""}`;
