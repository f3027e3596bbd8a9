import { z } from "zod";
import { Drift } from "./drift.ts";
import { Intent } from "./model.ts";
import { observed, Observation } from "./observation.ts";
import { Action, canonicalJson, Effect, Order } from "./order.ts";

/** What is wanted of an intent now: DEACTIVATED suspends it, deleting terminates it. */
export const Wanted = z.enum(["active", "suspended", "terminated"]);
export type Wanted = z.infer<typeof Wanted>;

/** One order of an intent and what became of it. */
export const OrderRecord = z.object({
  order: Order,
  action: Action,
  /** What stood under the same name when it was placed: where undoing it leads back to. */
  before: Order.optional(),
  /** The submission that placed it. */
  submission: z.int().positive(),
  /** `waiting`: for the start of its window; nobody has been asked yet. */
  state: z.enum(["waiting", "placed", "executed", "failed"]),
  effect: Effect.optional(),
  declared: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  residue: z.array(z.string()).optional(),
});
export type OrderRecord = z.infer<typeof OrderRecord>;

/** Why a submission is taken back, kept while its orders are replaced by the ones that undo them (saga.ts). */
const Undoing = z.object({
  /** The submission that failed. The one under way takes it back. */
  submission: z.int().positive(),
  failures: z.array(z.object({ code: z.string(), reason: z.string(), expectationIds: z.array(z.string()), residue: z.array(z.string()) })),
});

/** Everything that is known of one intent. Its state and report follow from it (report.ts). */
export const IntentRecord = z.object({
  intent: Intent,
  generation: z.int().positive(),
  submission: z.int().positive(),
  wanted: Wanted,
  orders: z.array(OrderRecord),
  refusal: z.object({ code: z.string(), reason: z.string(), path: z.string().optional() }).optional(),
  undoing: Undoing.optional(),
  /** What its controllers were seen to have otherwise, after it was carried out. */
  drift: z.array(Drift).optional(),
  /** What its controllers told of it by themselves, the latest. */
  observations: z.array(Observation).optional(),
  /** Less important intents that have to leave before its orders are placed (TS 28.312 intentPreemptionCapability). */
  waitsFor: z.array(z.string()).optional(),
  /** The more important intent that it was suspended for. */
  preemptedBy: z.string().optional(),
  submittedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type IntentRecord = z.infer<typeof IntentRecord>;

const keyOf = ({ executioner, resource }: { executioner: string; resource: string }): string => `${executioner} ${resource}`;

/** An order whose effect stands or may stand: it has to be withdrawn before the intent can be said to be gone. */
const mayStand = (record: OrderRecord): boolean => !(record.action === "withdraw" && record.state === "executed");

/** What stands of an order, as far as news of it tells. */
const standingOf = ({ action, state, order, before }: OrderRecord): Order | undefined => {
  if (action === "withdraw") return state === "executed" ? undefined : order;
  return state === "executed" ? order : before;
};

/** The orders whose effects stand, as far as news of them tells, and what is on its way. */
export const standing = ({ orders }: IntentRecord): readonly Order[] =>
  orders.flatMap((r) =>
    [...new Set([standingOf(r), r.action === "apply" && (r.state === "placed" || r.state === "waiting") ? r.order : undefined])].filter(
      (o) => o !== undefined,
    ),
  );

/** Whether it still needs what it holds: something of it stands, or may yet. */
export const isHolding = (record: IntentRecord | undefined): boolean =>
  record !== undefined && (standing(record).length > 0 || !isSettled(record));

/** The same intent again keeps its generation; a terminated one starts anew. */
const nextGeneration = (record: IntentRecord | undefined, intent: Intent): number => {
  if (record === undefined || isTerminated(record)) return 1;
  return canonicalJson(record.intent) === canonicalJson(intent) ? record.generation : record.generation + 1;
};

/** Terminated, and nothing of it left on any controller. */
export const isTerminated = (record: IntentRecord): boolean => record.wanted === "terminated" && !record.orders.some(mayStand);

export interface Submission {
  readonly record: IntentRecord;
  /** Orders of earlier submissions that this one does not repeat. */
  readonly retired: readonly Order[];
}

/** Puts a submission on top of what is known of the intent: what is placed anew, and what is withdrawn because nobody asks for it any more. */
export function submit(
  known: IntentRecord | undefined,
  asked: { readonly intent: Intent; readonly orders: readonly Order[]; readonly wanted: Wanted; readonly at: string },
): Submission {
  const { intent, wanted, at } = asked;
  const submission = (known?.submission ?? 0) + 1;
  const orders = wanted === "active" ? asked.orders : [];
  const repeated = new Set(orders.map(keyOf));
  const retired = (known?.orders ?? []).filter((r) => mayStand(r) && !repeated.has(keyOf(r.order))).map((r) => r.order);
  const standing = new Map((known?.orders ?? []).map((r) => [keyOf(r.order), standingOf(r)]));
  const place =
    (action: Action) =>
    (order: Order): OrderRecord => {
      const before = standing.get(keyOf(order));
      const isEarly = action === "apply" && order.window?.from !== undefined && order.window.from > at;
      return { order, action, submission, state: isEarly ? "waiting" : "placed", ...(before === undefined ? {} : { before }) };
    };
  return {
    retired,
    record: {
      intent,
      generation: nextGeneration(known, intent),
      submission,
      wanted,
      orders: [...orders.map(place("apply")), ...retired.map(place("withdraw"))],
      submittedAt: at,
      updatedAt: at,
    },
  };
}

/** What happened to one order, or to the intent as a whole. */
export type Happening =
  | { readonly kind: "drifted"; readonly submission: number; readonly drift: readonly Drift[] }
  /** Of whatever submission: a controller does not know of any. */
  | { readonly kind: "observed"; readonly observation: Observation }
  | {
      readonly kind: "refused";
      readonly submission: number;
      readonly code: string;
      readonly reason: string;
      readonly path?: string | undefined;
    }
  | ({ readonly executioner: string; readonly resource: string; readonly submission: number } & (
      | { readonly kind: "executed"; readonly effect: Effect; readonly declared: Readonly<Record<string, number | string>> }
      | { readonly kind: "failed"; readonly code: string; readonly reason: string; readonly residue: readonly string[] }
    ));

/** Takes a happening into the record. News of an earlier submission changes nothing: a newer one is under way. Idempotent. */
export function advance(record: IntentRecord, happening: Happening, at: string): IntentRecord {
  if (happening.kind === "observed") return told(record, happening.observation, at);
  if (happening.submission !== record.submission) return record;
  if (happening.kind === "drifted") return drifted(record, happening.drift, at);
  if (happening.kind === "refused") {
    // What is settled stays so: the news was told before, or was overtaken by an order that was late.
    if (isSettled(record)) return record;
    const { code, reason, path } = happening;
    return { ...record, refusal: { code, reason, ...(path === undefined ? {} : { path }) }, updatedAt: at };
  }
  const i = record.orders.findIndex((r) => keyOf(r.order) === keyOf(happening));
  const old = record.orders[i];
  // One that waits may have been placed by a clock that runs ahead of ours.
  if (old === undefined || old.state === "executed" || old.state === "failed") return record;
  const settled: OrderRecord =
    happening.kind === "executed"
      ? { ...old, state: "executed", effect: happening.effect, declared: { ...happening.declared } }
      : { ...old, state: "failed", code: happening.code, reason: happening.reason, residue: [...happening.residue] };
  return { ...record, orders: record.orders.with(i, settled), updatedAt: at };
}

/** Only of what is carried out: what was taken back meanwhile is nobody's any more. */
function told(record: IntentRecord, observation: Observation, at: string): IntentRecord {
  const isOurs = expected(record).some((o) => o.executioner === observation.executioner && o.resource === observation.resource);
  const known = record.observations ?? [];
  const observations = isOurs ? observed(known, observation) : known;
  return canonicalJson(observations) === canonicalJson(known) ? record : { ...record, observations: [...observations], updatedAt: at };
}

/** Only of what is carried out: what is under way or has failed is not drift. */
function drifted(record: IntentRecord, drift: readonly Drift[], at: string): IntentRecord {
  if (expected(record).length === 0 || canonicalJson(record.drift ?? []) === canonicalJson(drift)) return record;
  const { drift: _known, ...kept } = record;
  return { ...kept, ...(drift.length === 0 ? {} : { drift: [...drift] }), updatedAt: at };
}

/** The orders of an intent that its controllers ought to show now: none while anything is under way, or when it failed. */
export function expected(record: IntentRecord): readonly Order[] {
  const isWhole = record.wanted === "active" && isSettled(record) && record.refusal === undefined && record.undoing === undefined;
  if (!isWhole || record.orders.some((r) => r.state === "failed")) return [];
  return record.orders.flatMap(({ action, order, state }) => (action === "apply" && state === "executed" ? [order] : []));
}

/** An intent that was sent away for this one has come to rest. Where anything of it still stands, this one cannot be carried out. Idempotent. */
export function departed(record: IntentRecord, gone: IntentRecord, at: string): IntentRecord {
  const { waitsFor } = record;
  if (waitsFor === undefined || !waitsFor.includes(gone.intent.id)) return record;
  const left = waitsFor.filter((id) => id !== gone.intent.id);
  if (standing(gone).length === 0) return { ...record, waitsFor: left, updatedAt: at };
  const refusal = { code: "PREEMPTION_FAILED", reason: `${gone.intent.id} was to leave for it and could not be withdrawn` };
  return { ...record, orders: [], waitsFor: left, refusal, updatedAt: at };
}

/** True when nothing is under way any more: the intent is in the state that it will stay in. */
export const isSettled = (record: IntentRecord): boolean =>
  record.refusal !== undefined || record.orders.every((r) => r.state !== "placed");
