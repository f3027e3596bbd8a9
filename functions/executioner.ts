import { hash } from "node:crypto";
import type { z } from "zod";
import type { Adaptor, Execution } from "../domain/intent/adaptor.ts";
import { carryOut } from "../domain/intent/carry-out.ts";
import { canonicalJson } from "../domain/intent/order.ts";
import type { Event } from "../events/define.ts";
import { OrderExecuted, OrderFailed, OrderPlaced } from "../events/order.ts";
import { TransientError } from "../runtime/errors.ts";
import { defineFunction, type Events, type Fault, type HostedFunction, type Received, type Scope } from "../runtime/function.ts";
import type { Backing } from "../state/backing.ts";
import { type Claim, type EffectStore, openEffects, type Result } from "../state/effects.ts";

/** How long a worker may stay silent before another takes its order over. Renewed while it works, so only a dead worker's lease runs out. */
const LEASE_MS = 3_000;
/** How soon to look again at what a controller is still setting up. */
const PENDING_RETRY_MS = 100;

type Placed = Received<z.infer<typeof OrderPlaced.data>>;

type Openers = Readonly<Record<string, (backing: Backing) => unknown>>;

interface ExecutionerSpec<O extends Openers> {
  /** Serves orders of this executioner, as the function `exec-<executioner>`. */
  readonly executioner: string;
  readonly summary: string;
  readonly isDebugAid?: boolean;
  readonly concurrency?: number;
  readonly timeoutMs?: number;
  readonly resources: O;
  readonly adaptor: (resources: { readonly [K in keyof O]: ReturnType<O[K]> }, use: Use) => Adaptor;
}

/** What an adaptor is wanted for. */
export interface Use extends Pick<Scope, "signal" | "log"> {
  /** False for whoever applies next, which finds out by itself whether something is there; true for who only looks, or withdraws. */
  readonly exact: boolean;
}

/** An executioner's function, which also lends its adaptor to those who only look: `plan`. */
export interface Executioner extends HostedFunction<Backing> {
  readonly executioner: string;
  readonly adaptor: (resources: Readonly<Record<string, unknown>>, use: Use) => Adaptor;
}

export const isExecutioner = (fn: HostedFunction<Backing>): fn is Executioner => "adaptor" in fn;

/** A function whose only work is to carry orders out. */
export function defineExecutioner<O extends Openers>(spec: ExecutionerSpec<O>): Executioner {
  const name = `exec-${spec.executioner}`;
  const resources: Openers & { readonly effects: typeof openEffects } = { ...spec.resources, effects: openEffects };
  // The host opens exactly `spec.resources`, which is what makes the erasure sound.
  const adaptor = spec.adaptor as Executioner["adaptor"];
  const fn = defineFunction({
    name,
    summary: spec.summary,
    on: [OrderPlaced],
    where: { executioner: spec.executioner },
    emits: [OrderExecuted, OrderFailed],
    isDebugAid: spec.isDebugAid === true,
    concurrency: spec.concurrency ?? 100,
    timeoutMs: spec.timeoutMs ?? 30_000,
    resources,
    ...carryingOut(name, adaptor),
  });
  return { ...fn, executioner: spec.executioner, adaptor };
}

type OrderScope = Scope<Readonly<Record<string, unknown>> & { readonly effects: EffectStore }>;

/** What a function does with `order.placed`; a function that has other work, too, hands those events over. */
export interface OrderWork {
  handle(event: Placed, scope: OrderScope): Promise<Events>;
  settled(event: Placed, scope: OrderScope): Promise<void>;
  exhausted(event: Placed, fault: Fault): Events;
}

/**
 * Carries orders out over one interface, each effect once: claim, observe, apply what differs, commit the result with its outbox entry; the
 * host then publishes and acknowledges. A crash anywhere leads to a redelivery that observes again. `name` is the function's.
 */
export function carryingOut(name: string, adaptorOn: Executioner["adaptor"]): OrderWork {
  return {
    async handle(event, scope) {
      const { effects } = scope.resources;
      const claim = claimOf(event);
      const taken = await effects.claim(claim, LEASE_MS);
      switch (taken.kind) {
        case "claimed":
          break;
        case "complete":
          return JSON.parse(taken.result) as Events;
        case "superseded":
          scope.log.info({ resource: claim.resource, submission: claim.submission }, "order superseded");
          return [];
        case "busy":
          throw new TransientError("EFFECT_BUSY", `${claim.resource} is in work elsewhere`, { retryAfterMs: taken.retryAfterMs });
        case "conflict":
          return tell(
            name,
            event,
            failed("EFFECT_CONFLICT", `submission ${String(claim.submission)} asked something else of ${claim.resource} before`),
          );
        case "owned":
          return tell(
            name,
            event,
            event.data.action === "withdraw" ? notOurs : failed("RESOURCE_OWNED", `${claim.resource} belongs to intent ${taken.by}`),
          );
        default:
          return taken satisfies never;
      }
      scope.reached("claimed");

      const { fence, standing, isResidue = false } = taken;
      await using lease = keepLease(effects, claim, fence);
      const { action, order } = event.data;
      // An order whose controller changes is first withdrawn from the old one.
      const exact = action === "withdraw" || (standing !== undefined && standing.controller !== order.controller);
      const adaptor = adaptorOn(scope.resources, { signal: scope.signal, log: scope.log, exact });
      const execution = await carryOut(adaptor, {
        action,
        order,
        before: standing,
        isResidue,
        isFirst: fence === 1,
        lastAttempt: scope.lastAttempt,
        reached: scope.reached,
        faultOf,
      });
      if (execution.kind === "pending") throw new TransientError("EFFECT_PENDING", execution.reason, { retryAfterMs: PENDING_RETRY_MS });

      const events = tell(name, event, execution);
      const result = { result: JSON.stringify(events), ...standingAfter(event, execution, { standing, isResidue }) };
      if ((await effects.commit(claim, fence, result)) === "stale")
        throw new TransientError("EFFECT_STALE", `${claim.resource} was taken over by another worker`);
      lease.isOver();
      scope.reached("committed");
      return events;
    },

    settled: (event, { resources }) => resources.effects.published(claimOf(event)),
    exhausted: (event, { code, reason }) => tell(name, event, failed(code, reason)),
  };
}

const claimOf = ({ data: { intentId, submission, action, order } }: Placed): Claim => ({
  executioner: order.executioner,
  resource: order.resource,
  intentId,
  submission,
  digest: hash("sha256", canonicalJson({ action, order }), "base64url"),
});

const notOurs: Execution = { kind: "executed", effect: "absent", declared: {} };
const failed = (code: string, reason: string): Execution => ({ kind: "failed", code, reason, residue: [] });

const faultOf = (error: unknown): { code: string; reason: string } =>
  error instanceof TransientError ? { code: error.code, reason: error.message } : { code: "INTERNAL", reason: "an unexpected fault" };

type Standing = Pick<Result, "standing" | "isResidue">;

/** What the controller has of ours afterwards: a failed apply that could be undone leaves what was there before, and else a rest of itself. */
function standingAfter({ data: { action, order } }: Placed, execution: Execution, before: Standing): Standing {
  if (execution.kind === "executed") return { standing: action === "apply" ? order : undefined };
  if (execution.kind === "failed" && action === "apply" && execution.residue.length > 0) return { standing: order, isResidue: true };
  return before;
}

function tell(name: string, event: Placed, execution: Execution): readonly Event[] {
  const { intentId, submission, order } = event.data;
  const from = { source: `/mncc/${name}`, subject: intentId, cause: event, executioner: order.executioner };
  const about = { intentId, submission, executioner: order.executioner, resource: order.resource };
  switch (execution.kind) {
    case "executed":
      return [OrderExecuted.make({ ...from, data: { ...about, effect: execution.effect, declared: { ...execution.declared } } })];
    case "failed":
      return [
        OrderFailed.make({ ...from, data: { ...about, code: execution.code, reason: execution.reason, residue: [...execution.residue] } }),
      ];
    case "pending":
      return [];
    default:
      return execution satisfies never;
  }
}

/** Renews the claim while work goes on, and gives it back when it ends without a commit. */
function keepLease(effects: EffectStore, claim: Claim, fence: number): AsyncDisposable & { isOver(): void } {
  let held = true;
  const beat = setInterval(() => {
    // A lost lease is found out by the commit, which the fence refuses.
    effects.renew(claim, fence, LEASE_MS).catch(() => false);
  }, LEASE_MS / 3);
  return {
    isOver: () => (held = false),
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      if (held) await effects.release(claim, fence).catch(() => undefined);
    },
  };
}
