import { isFromTheFuture } from "../../domain/topology/plausibility.ts";
import { NODES, pieceOfNode, piecesOfForgery, piecesOfLink } from "../../domain/topology/merge.ts";
import { pairId } from "../../domain/probe/model.ts";
import { CostMapDue, CostMapPublished } from "../../events/cost-map.ts";
import { NodeChanged } from "../../events/node.ts";
import { ProbeMeasured } from "../../events/probe.ts";
import { defineFunction, type Received, type Scope } from "../../runtime/function.ts";
import { costMapPeriod, openCostMaps } from "../../state/cost-map.ts";
import { openTopology, type TopologyStore } from "../../state/topology.ts";
import { publishIfDue } from "./publish.ts";

/** What an event can have changed: clusters, and where it is known the one link of it. */
interface Touched {
  readonly clusters: readonly string[];
  readonly link?: string;
}

export default defineFunction({
  name: "nemex-publish",
  summary: "Merges nodes and measurements into one topology, and publishes its cost map when something changed or the heartbeat is due.",
  on: [ProbeMeasured, NodeChanged, CostMapDue],
  emits: [CostMapPublished],
  resources: { topology: openTopology, costMaps: openCostMaps, period: costMapPeriod },
  every: "* * * * *",
  // Publications of a cluster come one after another anyway: a second one at work would only have to look again.
  concurrency: 1,
  async handle(event, { resources: { topology, costMaps, period }, now, log }) {
    const { clusters, link } = await takeIn(event, topology, now(), log);
    const cause = `${event.source} ${event.id}`;
    const said = await Promise.all(
      clusters.map((cluster) => publishIfDue(cluster, link, { topology, costMaps, everyMs: period.everyMs, now: now(), cause })),
    );
    return said.flatMap((data, index) =>
      data === undefined
        ? []
        : [CostMapPublished.make({ source: "/mncc/nemex-publish", subject: data.cluster, cause: event, index, data })],
    );
  },
});

async function takeIn({ type, data }: Received<unknown>, topology: TopologyStore, now: Date, log: Scope["log"]): Promise<Touched> {
  switch (type) {
    case ProbeMeasured.type: {
      const measured = ProbeMeasured.data.parse(data);
      const { cluster } = measured.source;
      const link = pairId(measured);
      const isForged = isFromTheFuture(measured.measuredAt, now);
      if (isForged) log.warn({ cluster, link, measuredAt: measured.measuredAt }, "measurement from the future kept out");
      await topology.takeIn(cluster, link, isForged ? piecesOfForgery(measured, now) : piecesOfLink(measured));
      return { clusters: [cluster], link };
    }
    case NodeChanged.type: {
      const { kind, ...node } = NodeChanged.data.parse(data);
      await topology.takeIn(node.cluster, NODES, [pieceOfNode({ node, removed: kind === "removed" })]);
      return { clusters: [node.cluster] };
    }
    default:
      return { clusters: await topology.clusters() };
  }
}
