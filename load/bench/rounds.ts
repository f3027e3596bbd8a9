import type { ArrangementName } from "./arrangement.ts";

/**
 * Runs every arrangement once a round, in one order and then in the other (A B, B A, …): what the machine does to one it does to its
 * neighbour, and drift favours nobody. Before the first round each runs once for nothing, since compiled code is what is compared.
 */
export async function rounds<T>(
  names: readonly ArrangementName[],
  count: number,
  measure: (name: ArrangementName) => Promise<T>,
  onRun: (name: ArrangementName, round: number, result: T) => void = () => undefined,
): Promise<ReadonlyMap<ArrangementName, readonly T[]>> {
  for (const name of names) await measure(name);
  const results = new Map<ArrangementName, T[]>(names.map((name) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await measure(name);
      results.get(name)?.push(result);
      onRun(name, round, result);
    }
  }
  return results;
}
