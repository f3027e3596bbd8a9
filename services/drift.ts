import { type Drift, driftOf } from "../domain/intent/drift.ts";
import { expected, type IntentRecord } from "../domain/intent/lifecycle.ts";
import { TransientError } from "../runtime/errors.ts";
import type { IntentStore } from "../state/intents.ts";
import type { Looker } from "./look.ts";

/** What one intent's controllers show, beside what it wants. */
export interface DriftFound {
  readonly intentId: string;
  readonly submission: number;
  readonly drift: readonly Drift[];
  /** What could not be looked at, and why: nothing is known of that. */
  readonly unseen: readonly { readonly executioner: string; readonly resource: string; readonly reason: string }[];
}

export interface DriftCheck {
  /** Looks at every order of one intent that is carried out. */
  of(record: IntentRecord): Promise<DriftFound>;
  /** Page by page, all intents that are carried out. */
  all(): AsyncGenerator<DriftFound>;
}

const PAGE = 50;

/** Compares what controllers hold with what the intents want, by looking only. */
export function openDriftCheck({ looker, intents }: { readonly looker: Looker; readonly intents: IntentStore }): DriftCheck {
  const of = async (record: IntentRecord): Promise<DriftFound> => {
    const drift: Drift[] = [];
    const unseen: DriftFound["unseen"][number][] = [];
    // One after the other: a check is in no hurry, and controllers have other work.
    for (const order of expected(record).filter((o) => looker.isKept(o))) {
      const { executioner, resource } = order;
      const unseenBecause = (reason: string): void => void unseen.push({ executioner, resource, reason });
      try {
        const observed = await looker.look(order);
        if (!observed.ok) {
          unseenBecause(observed.reason);
          continue;
        }
        const found = driftOf(order, observed.value);
        if (found !== undefined) drift.push(found);
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        unseenBecause(error.message);
      }
    }
    return { intentId: record.intent.id, submission: record.submission, drift, unseen };
  };
  return {
    of,
    async *all() {
      for (let after: string | undefined; ;) {
        const page = await intents.list({ after, limit: PAGE });
        for (const record of page) if (expected(record).length > 0) yield await of(record);
        after = page.at(-1)?.intent.id;
        if (page.length < PAGE) return;
      }
    },
  };
}
