import { assemble } from "../../../domain/topology/cost-map.ts";
import { CostMapPublished } from "../../../events/cost-map.ts";
import type { CostMapStore } from "../../../state/cost-map.ts";
import type { TopologyStore } from "../../../state/topology.ts";
import type { Tail } from "../tail.ts";
import { changeView, openView, type View } from "./view.ts";

type Listener = (view: View) => void;

/** The newest maps of every cluster that somebody asked for, kept as news of them come. */
export interface Maps {
  clusters(): Promise<readonly string[]>;
  /** Undefined where nothing of the cluster was ever published. */
  of(cluster: string): Promise<View | undefined>;
  /** Calls back with every new version of a cluster; the answer stops it. */
  listen(cluster: string, listener: Listener): () => void;
}

interface Parts {
  readonly topology: Pick<TopologyStore, "clusters">;
  readonly costMaps: Pick<CostMapStore, "published">;
  readonly tail: Pick<Tail, "listen">;
  readonly log: Record<"warn", (fields: object, phrase: string) => void>;
}

export function openMaps({ topology, costMaps, tail, log }: Parts): Maps {
  const views = new Map<string, Promise<View | undefined>>();
  const listeners = new Map<string, Set<Listener>>();

  async function load(cluster: string): Promise<View | undefined> {
    const published = await costMaps.published(cluster);
    return published && openView(cluster, published.head, published.nodes, assemble(published).links);
  }

  /** News make the next version of the last one; where one is missing between, or a message did not carry it, the store is asked. */
  async function versionAfter(cluster: string, last: View | undefined, data: unknown): Promise<View | undefined> {
    const parsed = CostMapPublished.data.safeParse(data);
    if (!parsed.success || last === undefined) return load(cluster);
    const { seq, tag, previousTag, carries, nodes, links, removed } = parsed.data;
    if (tag === last.tag) return last;
    if (seq <= last.seq) return load(cluster); // late news, or a store that counts anew
    if (carries === "map" && nodes !== undefined) return openView(cluster, { seq, tag }, nodes, links);
    if (carries === "change" && previousTag === last.tag) return changeView(last, { seq, tag }, nodes, links, removed);
    return load(cluster);
  }

  tail.listen(({ event: { type, subject, data } }) => {
    const known = subject === undefined || type !== CostMapPublished.type ? undefined : views.get(subject);
    if (subject === undefined || known === undefined) return; // nobody asked for it yet
    const coming = known.then(async (before) => {
      const after = await versionAfter(subject, before, data);
      if (after !== undefined && after !== before) for (const listener of listeners.get(subject) ?? []) listener(after);
      return after;
    });
    void keep(subject, coming);
  });

  function keep(cluster: string, view: Promise<View | undefined>): Promise<View | undefined> {
    views.set(cluster, view);
    view.then(
      (found) => {
        if (found === undefined && views.get(cluster) === view) views.delete(cluster);
      },
      (error: unknown) => {
        // Whoever asks next asks the store again.
        if (views.get(cluster) === view) views.delete(cluster);
        log.warn({ cluster, reason: error instanceof Error ? error.message : "" }, "cost map not read");
      },
    );
    return view;
  }

  return {
    clusters: () => topology.clusters(),
    of: (cluster) => views.get(cluster) ?? keep(cluster, load(cluster)),
    listen(cluster, listener) {
      const all = listeners.get(cluster) ?? new Set<Listener>();
      listeners.set(cluster, all.add(listener));
      return () => all.delete(listener);
    },
  };
}
