import type { Outcome } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";

interface Cluster {
  readonly name: string;
  readonly apiUrl: string;
}

/** Of `clusters` those that are not in `others`: a cluster is told by its name and where its API is. */
export const without = <C extends Cluster>(clusters: readonly C[], others: readonly C[]): readonly C[] =>
  clusters.filter(({ name, apiUrl }) => !others.some((other) => other.name === name && other.apiUrl === apiUrl));

/** Whether it could be done. Called where a fault is not to be passed on but to be named as residue. */
export async function tried(act: () => Promise<Outcome<void>>): Promise<boolean> {
  try {
    return (await act()).ok;
  } catch (fault) {
    if (fault instanceof TransientError) return false;
    throw fault;
  }
}
