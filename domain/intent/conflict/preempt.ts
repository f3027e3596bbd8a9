import type { Conflict } from "./judge.ts";

/**
 * Whom intents with `intentPreemptionCapability` (TS 28.312) may send away so that nothing stands against them any more: only what is less
 * important than they are, and only others'. Undefined when that would not be enough. `without` judges again as if those were gone.
 */
export function preemptable(
  conflicts: readonly Conflict[],
  capable: ReadonlySet<string>,
  without: (gone: ReadonlySet<string>) => readonly Conflict[],
): ReadonlyMap<string, readonly string[]> | undefined {
  const leaving = new Map<string, Set<string>>();
  for (let left = conflicts; left.length > 0;) {
    let isNew = false;
    for (const { newcomer, holder } of left) {
      if (holder === undefined || !capable.has(newcomer.intentId) || holder.priority >= newcomer.priority) return undefined;
      const those = leaving.get(newcomer.intentId) ?? new Set();
      isNew ||= !those.has(holder.intentId);
      leaving.set(newcomer.intentId, those.add(holder.intentId));
    }
    if (!isNew) return undefined;
    left = without(new Set([...leaving.values()].flatMap((those) => [...those])));
  }
  return new Map([...leaving].map(([id, those]) => [id, [...those]]));
}
