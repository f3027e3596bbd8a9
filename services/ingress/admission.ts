import type { ReachableController } from "../../domain/controllers.ts";
import type { Held } from "../../domain/intent/conflict/claim.ts";
import { claimsOf } from "../../domain/intent/conflict/collect.ts";
import { type Conflict, conflictsOf } from "../../domain/intent/conflict/judge.ts";
import { declaredLimits, type Limits } from "../../domain/intent/conflict/limits.ts";
import { measurable, measuredCapacity, withMeasured } from "../../domain/intent/conflict/measured.ts";
import { preemptable } from "../../domain/intent/conflict/preempt.ts";
import type { IntentLibrary } from "../../domain/intent/library.ts";
import { isHolding, standing, type Wanted } from "../../domain/intent/lifecycle.ts";
import type { Intent } from "../../domain/intent/model.ts";
import { canonicalJson, type Order } from "../../domain/intent/order.ts";
import type { Holding, HoldingStore } from "../../state/holdings.ts";
import type { IntentStore } from "../../state/intents.ts";
import type { TopologyStore } from "../../state/topology.ts";

export interface Asking {
  readonly intent: Intent;
  readonly orders: readonly Order[];
  readonly wanted: Wanted;
}

export interface Admitted {
  /** What stands against these; nothing was taken, if there is any. */
  readonly conflicts: readonly Conflict[];
  /** By intent: the less important ones that have to leave before it can be carried out. */
  readonly preempted: ReadonlyMap<string, readonly string[]>;
}

export interface Admission {
  /** What `admit` would say, taking nothing. */
  look(asked: readonly Asking[]): Promise<Admitted>;
  /** Has all of these hold what they need, or none: the moment that decides which of two intents came first. */
  admit(asked: readonly Asking[]): Promise<Admitted>;
  /** Has an intent hold what stands of it and what it asks for, whatever others hold. */
  keep(asked: Asking): Promise<void>;
}

/** What probes know of links, and until when that is worth something. */
export interface Measurements {
  readonly topology: Pick<TopologyStore, "link">;
  readonly staleAfterMs: number;
}

interface AdmissionParts {
  readonly holdings: HoldingStore;
  readonly intents: IntentStore;
  readonly catalogue: readonly IntentLibrary[];
  readonly controllers: readonly ReachableController[];
  readonly now: () => Date;
  /** Absent: only what the operator declared limits anything. */
  readonly measurements?: Measurements | undefined;
}

/** Longer than any process takes from being admitted to being recorded. */
const ARRIVAL_MS = 30_000;

type Judge = (others: readonly Held[]) => Admitted;

/** Finds out before any effect whether intents go together, with each other, with those that are carried out, and with what was declared. */
export function openAdmission({ holdings, intents, catalogue, controllers, now, measurements }: AdmissionParts): Admission {
  const declared = declaredLimits(controllers);
  const places = measurable(controllers);
  const claims = (intent: Intent, orders: readonly Order[]): readonly Held[] => claimsOf(intent, orders, { catalogue, controllers });
  const askedBy = (asked: readonly Asking[]): readonly Held[] =>
    asked.flatMap(({ intent, orders, wanted }) => (wanted === "active" ? claims(intent, orders) : []));

  async function holdingOf(asking: Asking): Promise<Holding> {
    const held = new Map([...(await standingOf(asking)), ...askedBy([asking])].map((h) => [canonicalJson(h), h]));
    return { intentId: asking.intent.id, held: [...held.values()], at: now().toISOString() };
  }

  /** Only the links that somebody asks for now are looked at, and only where the operator did not say what they carry. */
  async function limitsOf(claimed: readonly Held[]): Promise<Limits> {
    if (measurements === undefined) return declared;
    const { topology, staleAfterMs } = measurements;
    const age = { now: now(), staleAfterMs };
    const things = [...new Set(claimed.map(({ claim }) => claim.on))].filter((on) => places.has(on) && declared.of(on) === undefined);
    const found = await Promise.all(
      things.map(async (on) => {
        const { cluster, place } = places.get(on) ?? { cluster: "", place: "" };
        const link = await topology.link(cluster, place);
        const limit = link === undefined ? undefined : measuredCapacity(link, age);
        return limit === undefined ? [] : [[on, limit] as const];
      }),
    );
    return withMeasured(declared, new Map(found.flat()));
  }

  const standingOf = async ({ intent: { id } }: Asking): Promise<readonly Held[]> => {
    const known = await intents.get(id);
    return known === undefined ? [] : claims(known.intent, standing(known));
  };

  async function judgeOf(asked: readonly Asking[]): Promise<Judge> {
    const newcomers = askedBy(asked);
    const limits = await limitsOf(newcomers);
    const own = (await Promise.all(asked.map(standingOf))).flat();
    const capable = new Set(asked.filter(({ intent }) => intent.intentPreemptionCapability === "TRUE").map(({ intent }) => intent.id));
    return (others) => {
      const conflicts = conflictsOf(newcomers, others, limits, own);
      const without = (gone: ReadonlySet<string>) =>
        conflictsOf(
          newcomers,
          others.filter((o) => !gone.has(o.intentId)),
          limits,
          own,
        );
      const preempted = preemptable(conflicts, capable, without);
      return preempted === undefined ? { conflicts, preempted: new Map() } : { conflicts: [], preempted };
    };
  }

  /** Of nobody any more, as after a crash between being admitted and being recorded. */
  async function isGhost(id: string): Promise<boolean> {
    const record = await intents.get(id);
    if (record !== undefined) return !isHolding(record);
    const since = await holdings.since(id);
    return since !== undefined && now().getTime() - Date.parse(since) > ARRIVAL_MS;
  }

  /** Asks again when what stood in the way was of nobody. */
  async function inEarnest(asked: readonly Asking[], ask: () => Promise<Admitted>): Promise<Admitted> {
    const admitted = await ask();
    const own = new Set(asked.map(({ intent }) => intent.id));
    const holders = new Set(
      admitted.conflicts.flatMap(({ holder }) => (holder === undefined || own.has(holder.intentId) ? [] : [holder.intentId])),
    );
    const ghosts: Holding[] = [];
    for (const intentId of holders) if (await isGhost(intentId)) ghosts.push({ intentId, held: [], at: now().toISOString() });
    if (ghosts.length === 0) return admitted;
    await holdings.hold(ghosts, () => []);
    return ask();
  }

  return {
    look: (asked) =>
      inEarnest(asked, async () => {
        const own = new Set(asked.map(({ intent }) => intent.id));
        const others = await holdings.of(askedBy(asked).map((h) => h.claim.on));
        const judge = await judgeOf(asked);
        return judge(others.filter((o) => !own.has(o.intentId)));
      }),
    admit: (asked) =>
      inEarnest(asked, async () => {
        const judge = await judgeOf(asked);
        let admitted: Admitted = { conflicts: [], preempted: new Map() };
        await holdings.hold(await Promise.all(asked.map(holdingOf)), (others) => {
          admitted = judge(others);
          return admitted.conflicts;
        });
        return admitted;
      }),
    async keep(asking) {
      await holdings.hold([await holdingOf(asking)], () => []);
    },
  };
}
