import type { Context, ExitCode, Output } from "../context.ts";
import type { Paint } from "../screen.ts";
import { table } from "../table.ts";
import type { CostLink, CostMap, CostNode, LinkMeasurement } from "../wire.ts";

interface NetworkOptions {
  readonly output: Output;
  readonly cluster?: string;
}

export async function getNodes({ api, screen }: Context, { output, cluster }: NetworkOptions): Promise<ExitCode> {
  const found = await api.ask<{ readonly nodes: readonly CostNode[] }>("v1/nodes", { query: { cluster } });
  if (output === "json") screen.json(found);
  else screen.print(...nodeTable(found.nodes, screen.paint));
  return 0;
}

export async function getCostMap({ api, screen }: Context, { output, cluster }: NetworkOptions): Promise<ExitCode> {
  const found = await api.ask<{ readonly costMaps: readonly CostMap[] }>("v1/cost-maps", { query: { cluster } });
  if (output === "json") screen.json(found);
  else screen.print(...costMapLines(found.costMaps, Date.now(), screen.paint));
  return 0;
}

export function nodeTable(nodes: readonly CostNode[], paint: Paint): readonly string[] {
  if (nodes.length === 0) return ["no nodes: nothing is probed, and no Kubernetes is watched"];
  return table(
    nodes,
    [
      { title: "CLUSTER", of: (n) => n.cluster },
      { title: "NODE", of: (n) => n.name },
      { title: "ADDRESS", of: (n) => n.address ?? "–" },
      {
        title: "READY",
        of: (n) => (n.ready === null ? "–" : n.ready ? "yes" : "no"),
        style: (n) => (n.ready === false ? "bad" : undefined),
      },
      { title: "SEEN BY", of: (n) => n.seenBy.join(", ") },
    ],
    paint,
  );
}

/** Of several readings of a metric the one that stands for it: of both ways before one way, the middle before the tails. */
function valueOf({ costs }: CostLink, metric: string, statistic?: string): LinkMeasurement | undefined {
  const of = costs.map(({ measurement }) => measurement).filter((m) => m.metric === metric && (statistic ?? m.statistic) === m.statistic);
  return of.find(({ direction }) => direction === "round-trip") ?? of[0];
}

/** Three digits that count, and a dash where there is no measurement. */
const figure = (measurement: LinkMeasurement | undefined): string => {
  const value = measurement?.value ?? null;
  return value === null ? "–" : String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
};

function ageOf({ costs }: CostLink, now: number): string {
  const newest = costs.reduce((at, cost) => (cost.at > at ? cost.at : at), "");
  if (newest === "") return "stale";
  const seconds = Math.max(0, Math.round((now - Date.parse(newest)) / 1000));
  return seconds < 120
    ? `${String(seconds)} s`
    : seconds < 7_200
      ? `${String(Math.round(seconds / 60))} min`
      : `${String(Math.round(seconds / 3_600))} h`;
}

export function costMapLines(costMaps: readonly CostMap[], now: number, paint: Paint): readonly string[] {
  const links = costMaps.flatMap(({ cluster, links: all }) => all.map((link) => ({ cluster, link })));
  const errors = costMaps.flatMap(({ cluster, errors: all }) => all.map((error) => ({ cluster, error })));
  if (links.length === 0 && errors.length === 0) return ["no cost map: nothing was measured yet"];
  const measured = table(
    links,
    [
      { title: "CLUSTER", of: ({ cluster }) => cluster },
      { title: "FROM", of: ({ link }) => link.source },
      { title: "TO", of: ({ link }) => link.destination },
      { title: "RTT ms", of: ({ link }) => figure(valueOf(link, "delay-rt", "p50")) },
      { title: "LOSS %", of: ({ link }) => figure(valueOf(link, "lossrate")) },
      { title: "RATE Mbit/s", of: ({ link }) => figure(valueOf(link, "tput")) },
      { title: "FAILURES", of: ({ link }) => figure(valueOf(link, "link-failures")) },
      { title: "ENERGY W", of: ({ link }) => figure(valueOf(link, "link-energy")) },
      { title: "AGE", of: ({ link }) => ageOf(link, now), style: ({ link }) => (link.costs.length === 0 ? "bad" : undefined) },
    ],
    paint,
  );
  const missing = errors.map(
    ({ cluster, error: { code, reason, link, nodes, reading } }) =>
      `${cluster}: ${link ?? nodes.join(", ")}: ${code}: ${reason}${reading === undefined ? "" : ` (${reading})`}`,
  );
  return [...(links.length === 0 ? [] : measured), ...(links.length === 0 || missing.length === 0 ? [] : [""]), ...missing];
}
