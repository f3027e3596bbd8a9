import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { assemble } from "../../domain/topology/cost-map.ts";
import { isElsewhere } from "../../domain/topology/model.ts";
import type { CostMapStore, Published } from "../../state/cost-map.ts";
import type { TopologyStore } from "../../state/topology.ts";

interface Parts {
  readonly topology: Pick<TopologyStore, "clusters">;
  readonly costMaps: Pick<CostMapStore, "published">;
}

const Query = z.object({ cluster: z.string().max(253).optional() });

/** What was last published of each cluster, in our own form: with units, statistics, times and reasons, where ALTO has only numbers. */
export function topologyRoutes(app: FastifyInstance, { topology, costMaps }: Parts): void {
  async function published(query: unknown): Promise<readonly (readonly [cluster: string, published: Published])[]> {
    const { cluster } = Query.parse(query);
    const clusters = (await topology.clusters()).filter((name) => cluster === undefined || name === cluster);
    const found = await Promise.all(clusters.map(async (name) => [name, await costMaps.published(name)] as const));
    return found.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]));
  }

  app.get("/v1/nodes", async (request) => ({
    // A node of another cluster that links lead to is told of there.
    nodes: (await published(request.query)).flatMap(([cluster, { nodes }]) =>
      nodes.filter(({ name }) => !isElsewhere(name)).map((node) => ({ cluster, ...node })),
    ),
  }));

  app.get("/v1/cost-maps", async (request) => ({
    costMaps: (await published(request.query)).map(([cluster, one]) => {
      const { seq, tag, publishedAt } = one.head;
      return { cluster, seq, tag, publishedAt, ...assemble(one) };
    }),
  }));
}
