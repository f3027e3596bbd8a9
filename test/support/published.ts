import { type CostLink, type CostNode, linkName } from "../../domain/topology/model.ts";
import type { z } from "zod";
import { CostMapPublished } from "../../events/cost-map.ts";
import type { Event } from "../../events/define.ts";
import type { CostMapStore } from "../../state/cost-map.ts";
import type { TopologyStore } from "../../state/topology.ts";
import { NODES } from "../../domain/topology/merge.ts";
import { at } from "./topology.ts";

export const costNode = (name: string, ...addresses: readonly string[]): CostNode => ({
  name,
  address: addresses[0] ?? null,
  addresses: [...addresses],
  ready: true,
  seenBy: ["kubernetes", "probe"],
});

interface Map {
  readonly nodes: readonly CostNode[];
  readonly links: readonly CostLink[];
  readonly removed?: readonly string[];
}

/** Puts a map, or a change of one, into the store as nemex-publish does, and answers the event that tells of it. */
export async function publishInto(
  { topology, costMaps }: { topology: TopologyStore; costMaps: CostMapStore },
  cluster: string,
  { nodes, links, removed = [] }: Map,
): Promise<Event> {
  const last = await costMaps.head(cluster);
  const seq = (last?.seq ?? 0) + 1;
  const data: z.infer<typeof CostMapPublished.data> = {
    cluster,
    seq,
    tag: `tag-${String(seq)}`,
    previousTag: last?.tag ?? null,
    publishedAt: at(seq),
    reason: "change",
    carries: last === undefined ? "map" : "change",
    nodes: [...nodes],
    links: [...links],
    removed: [...removed],
    errors: [],
  };
  await topology.takeIn(cluster, NODES, []);
  await costMaps.publish(cluster, {
    head: { seq, tag: data.tag, publishedAt: data.publishedAt, cause: String(seq), nodes, nodeErrors: [] },
    said: JSON.stringify(data),
    seen: Object.fromEntries(links.map((link) => [linkName(link), { link, errors: [] }])),
    removed,
  });
  return CostMapPublished.make({ source: "/test", subject: cluster, id: `${cluster} ${String(seq)}`, data });
}
