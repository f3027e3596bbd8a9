import type { Node, Problem } from "../model.ts";

/** How the network is synchronised: from one clock, by gPTP (IEEE 802.1AS), with an error that every hop adds to. */
export interface SyncPlan {
  readonly grandmaster: string;
  /** What a bridge or an end station adds, either way. */
  readonly perHopErrorNs: number;
  /** What a 5G system adds between its ports, either way: it carries time itself (TS 23.501 5.27.1). */
  readonly fiveGsErrorNs: number;
}

export interface SyncError {
  readonly node: string;
  readonly hops: number;
  /** A bound, either way; undefined where no path leads from the grandmaster. */
  readonly errorNs: number | undefined;
}

/**
 * How far each clock may be from the grandmaster's: the hops on the shortest path of time, each with its error. A bound, and not a variance:
 * errors that would have to add up with one sign are let do so.
 */
export function syncErrors({ nodes, links }: Pick<Problem, "nodes" | "links">, plan: SyncPlan): readonly SyncError[] {
  const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]));
  const next = new Map<string, string[]>();
  for (const { from, to } of links) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Map([[plan.grandmaster, { hops: 0, errorNs: 0 }]]);
  // Few hops have few errors, except through a 5GS, so the queue is taken by error.
  const open = new Set([plan.grandmaster]);
  while (open.size > 0) {
    const at = [...open].reduce((best, id) => ((reached.get(id)?.errorNs ?? 0) < (reached.get(best)?.errorNs ?? 0) ? id : best));
    open.delete(at);
    const { hops, errorNs } = reached.get(at) ?? { hops: 0, errorNs: 0 };
    for (const to of next.get(at) ?? []) {
      const error = errorNs + (kinds.get(to) === "5gs" ? plan.fiveGsErrorNs : plan.perHopErrorNs);
      const known = reached.get(to);
      if (known !== undefined && known.errorNs <= error) continue;
      reached.set(to, { hops: hops + 1, errorNs: error });
      open.add(to);
    }
  }
  return nodes.map(({ id }) => ({ node: id, hops: reached.get(id)?.hops ?? 0, errorNs: reached.get(id)?.errorNs }));
}

/** Nodes with the budget as their margin; one that no time reaches keeps what it had. */
export const withSyncErrors = (nodes: readonly Node[], errors: readonly SyncError[]): Node[] => {
  const of = new Map(errors.map(({ node, errorNs }) => [node, errorNs]));
  return nodes.map((node) => ({ ...node, syncErrorNs: of.get(node.id) ?? node.syncErrorNs }));
};
