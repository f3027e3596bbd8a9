import { ok, type Outcome } from "../outcome.ts";
import type { Adaptor, Execution, Observed } from "./adaptor.ts";
import { type Action, canonicalJson, type Order } from "./order.ts";

export interface CarryOut {
  readonly action: Action;
  readonly order: Order;
  /** The order that this resource had last, if an effect of it stands. */
  readonly before: Order | undefined;
  /** `before` does not stand whole: it is what a failed apply could not take back. */
  readonly isResidue?: boolean;
  /** Nobody has tried to bring this about before, in any submission. */
  readonly isFirst: boolean;
  /** Nobody will try again after this. */
  readonly lastAttempt: boolean;
  readonly reached: (step: string) => void;
  /** What a thrown fault is called when it ends the order. */
  readonly faultOf: (error: unknown) => { readonly code: string; readonly reason: string };
}

/**
 * Observes, applies only what differs, and reads back: the middle of the effects-once sequence (claim and commit are around it).
 * Nothing is remembered between tries; a try that was cut short is found by observing.
 */
export async function carryOut(adaptor: Adaptor, asked: CarryOut): Promise<Execution> {
  try {
    const execution = await (asked.action === "apply" ? apply(adaptor, asked) : withdrawAll(adaptor, asked));
    if (execution.kind !== "pending" || !asked.lastAttempt) return execution;
    return { kind: "failed", code: "EFFECT_PENDING", reason: `${execution.reason}, for too long`, residue: await undo(adaptor, asked) };
  } catch (error) {
    if (!asked.lastAttempt) throw error;
    const { code, reason } = asked.faultOf(error);
    return { kind: "failed", code, reason, residue: asked.action === "apply" ? await undo(adaptor, asked) : [asked.order.resource] };
  }
}

/** What stands, when it stands on another controller than the order goes to. */
const elsewhere = (adaptor: Adaptor, { order, before }: Pick<CarryOut, "order" | "before">): Order | undefined =>
  before !== undefined && adaptor.target(before) !== adaptor.target(order) ? before : undefined;

async function apply(adaptor: Adaptor, asked: CarryOut): Promise<Execution> {
  const { order, before, reached } = asked;
  const former = elsewhere(adaptor, asked);
  if (former !== undefined) {
    const moved = await withdraw(adaptor, { ...asked, order: former });
    // Nothing was begun, so nothing is left behind: what stood before stands, and is remembered as that.
    if (moved.kind !== "executed") return moved.kind === "failed" ? { ...moved, residue: [] } : moved;
  }
  // Where creating is an observation too, the first try makes one call less; what it finds there makes it fail, and the next try observes.
  const isProven = asked.isFirst && adaptor.createProvesAbsence?.(order) === true;
  const observed: Outcome<Observed> = isProven ? ok({ state: "absent" }) : await adaptor.observe(order);
  if (!observed.ok) return { kind: "failed", code: observed.code, reason: observed.reason, residue: [] };
  reached("observed");

  // A new generation is applied even where nothing differs: what it no longer asks for, such as a cluster, shows only beside the old one.
  const isOther = before !== undefined && canonicalJson(before) !== canonicalJson(order);
  if (observed.value.state === "absent" || observed.value.differs.length > 0 || isOther) {
    reached("before-apply");
    const applied = await adaptor.apply(order, observed.value, former === undefined ? before : undefined);
    reached("applied");
    if (!applied.ok) return { kind: "failed", code: applied.code, reason: applied.reason, residue: await undo(adaptor, asked) };
    const readBack = await adaptor.observe(order);
    if (!readBack.ok) return { kind: "failed", code: readBack.code, reason: readBack.reason, residue: await undo(adaptor, asked) };
    return judge(asked, readBack.value);
  }
  return judge(asked, observed.value);
}

function judge({ order, before }: CarryOut, seen: Observed): Execution {
  if (seen.state === "absent") return { kind: "pending", reason: `${order.resource} does not show yet` };
  if (seen.differs.length > 0) return { kind: "pending", reason: `${order.resource} still differs in ${seen.differs.join(", ")}` };
  if (seen.pending) return { kind: "pending", reason: `${order.resource} is being set up` };
  // Told from what was asked, not from who did it: a crash between apply and commit must not turn "created" into "unchanged".
  const effect = before === undefined ? "created" : canonicalJson(before) === canonicalJson(order) ? "unchanged" : "changed";
  return { kind: "executed", effect, declared: seen.declared };
}

/** An order that never came about on its own controller may still stand on the one before. */
async function withdrawAll(adaptor: Adaptor, asked: CarryOut): Promise<Execution> {
  const former = elsewhere(adaptor, asked);
  const left = former === undefined ? undefined : await withdraw(adaptor, { ...asked, order: former });
  if (left !== undefined && left.kind !== "executed") return left;
  const here = await withdraw(adaptor, asked);
  return here.kind === "executed" && left?.effect === "removed" ? left : here;
}

async function withdraw(adaptor: Adaptor, { order, reached }: CarryOut): Promise<Execution> {
  const observed = await adaptor.observe(order);
  if (!observed.ok) return { kind: "failed", code: observed.code, reason: observed.reason, residue: [order.resource] };
  reached("observed");
  if (observed.value.state === "absent") return { kind: "executed", effect: "absent", declared: {} };
  reached("before-apply");
  const withdrawn = await adaptor.withdraw(order, observed.value);
  reached("applied");
  if (!withdrawn.ok) return { kind: "failed", code: withdrawn.code, reason: withdrawn.reason, residue: [order.resource] };
  return { kind: "executed", effect: "removed", declared: {} };
}

/** What cannot even be asked about is named as residue: saying so is all that is left to do. */
async function undo(adaptor: Adaptor, asked: CarryOut): Promise<readonly string[]> {
  const { order, before, isResidue = false } = asked;
  const former = elsewhere(adaptor, asked);
  try {
    if (isResidue && before !== undefined) {
      // To go back to what a failure left would make of it something that stands, under an intent that has failed twice.
      const left = await adaptor.undo(order, undefined);
      const taken = await withdraw(adaptor, { ...asked, order: before });
      return taken.kind === "executed" ? left : [...new Set([...left, before.resource])];
    }
    if (former === undefined) return await adaptor.undo(order, before);
    const residue = await adaptor.undo(order, undefined);
    return (await goBackTo(adaptor, former)) ? residue : [...residue, former.resource];
  } catch {
    return [order.resource];
  }
}

async function goBackTo(adaptor: Adaptor, former: Order): Promise<boolean> {
  const observed = await adaptor.observe(former);
  if (!observed.ok) return false;
  const { state } = observed.value;
  return (state === "present" && observed.value.differs.length === 0) || (await adaptor.apply(former, observed.value, undefined)).ok;
}
