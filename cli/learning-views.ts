import type { Decision, LearningStatus, ShadowReport } from "./learning-wire.ts";
import { type Paint, printable, type Style } from "./screen.ts";
import { type Column, table } from "./table.ts";

const columns: readonly Column<Decision>[] = [
  { title: "MODE", of: (d) => d.mode },
  { title: "HAS", of: (d) => `${String(d.current.ready)}${d.current.starting > 0 ? `+${String(d.current.starting)}` : ""}` },
  { title: "DEMAND", of: (d) => d.demandPods },
  { title: "REPLICAS", of: (d) => d.replicas, style: () => "strong" },
  { title: "LEARNER", of: (d) => d.learned },
  { title: "HPA", of: (d) => d.hpa },
  { title: "GUARD", of: (d) => d.guard.join(",") },
  { title: "FALLBACK", of: (d) => d.fallback, style: () => "busy" },
];

export const workloadTable = (decisions: readonly Decision[], paint: Paint): readonly string[] =>
  decisions.length === 0
    ? ["nothing was decided yet: decisions follow the twins' snapshots"]
    : table(decisions, [{ title: "WORKLOAD", of: (d) => d.workload }, { title: "AS OF", of: (d) => d.takenAt }, ...columns], paint);

export const decisionTable = (decisions: readonly Decision[], paint: Paint): readonly string[] =>
  table(decisions, [{ title: "TAKEN AT", of: (d) => d.takenAt, style: () => "faint" }, ...columns], paint);

const short = (sha256: string): string => sha256.slice(0, 12);

export function statusLines(status: LearningStatus, paint: Paint): readonly string[] {
  const { client, killed, mode, modes, model, round, federation, links, workloads, clusters } = status;
  const { clients, rule, byzantine, quorum, aggregates } = federation;
  const ends = round.endsAt === undefined ? "" : `, ends ${round.endsAt}`;
  const members =
    clients.length === 1
      ? `${client} alone: nobody to learn with, and nobody to lie`
      : `${clients.join(", ")}; this is ${client}${aggregates ? ", which aggregates" : ""}; ${rule} withstands ${String(byzantine)}`;
  const lines: readonly (readonly [label: string, text: string, style?: Style])[] = [
    killed ? ["mode", "killed: the HPA's rule decides; `underlay learning kill --off` gives it back", "bad"] : ["mode", mode],
    ...Object.entries(modes).map(([workload, own]) => ["", `${own} for ${workload}`] as const),
    ["model", `${short(model.sha256)} of round ${String(model.round)}`],
    ...(model.fault === undefined ? [] : [["", `${model.fault}: the HPA decides`, "bad"] as const]),
    [
      "round",
      `${String(round.round)}: ${String(round.updates.length)} of ${String(clients.length)} updates, ${String(quorum)} needed${ends}`,
    ],
    ["members", members],
    ["scales", `${String(workloads.length)} workloads`],
  ];
  return [
    ...lines.map(([label, text, style]) => `${label.padEnd(9)}${paint(printable(text), style)}`),
    ...(links.length === 0 ? [] : ["", ...table(links.toReversed(), chainColumns, paint)]),
    ...(clusters.length === 0 ? [] : ["", ...table(clusters, clusterColumns, paint)]),
  ];
}

const chainColumns: readonly Column<LearningStatus["links"][number]>[] = [
  { title: "ROUND", of: (l) => l.round },
  {
    title: "OUTCOME",
    of: (l) => l.outcome,
    style: (l) => (l.outcome === "adopted" ? "good" : l.outcome === "rolled-back" ? "bad" : "faint"),
  },
  { title: "MODEL", of: (l) => short(l.modelSha256) },
];

const clusterColumns: readonly Column<LearningStatus["clusters"][number]>[] = [
  { title: "CLUSTER", of: (c) => c.name },
  { title: "USABLE", of: (c) => (c.usable ? "yes" : "no"), style: (c) => (c.usable ? "good" : "bad") },
  { title: "CORES", of: (c) => c.cpuCores },
  { title: "RAM GiB", of: (c) => (c.ramBytes / 2 ** 30).toFixed(1) },
  { title: "PODS", of: (c) => c.pods },
];

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([reason, count]) => `${reason} ${String(count)}`)
    .join(", ");

/** Three rows a workload: what there was, what the HPA and what the learner would have made of the same demand. */
export function reportTable(reports: readonly ShadowReport[], paint: Paint): readonly string[] {
  if (reports.length === 0) return ["too little was decided yet for a report: ten periods in a row are needed"];
  return reports.flatMap((report, i) => {
    const { workload, from, to, periods, pieces, observed, hpa, learner, saved, fallbacks, guards, agreement, measuredDemand } = report;
    const rows = [
      { who: "as it was", ...observed },
      { who: "HPA (simulated)", ...hpa },
      { who: "learner (simulated)", ...learner },
      { who: "learner saves", ...saved },
    ];
    const number = (x: number, digits = 1): string => x.toFixed(digits);
    return [
      ...(i === 0 ? [] : [""]),
      paint(printable(workload), "strong"),
      `${from} to ${to}: ${String(periods)} periods${pieces > 1 ? ` in ${String(pieces)} pieces` : ""}, demand measured in ${number(100 * measuredDemand, 0)} % of them`,
      ...table(
        rows,
        [
          { title: "", of: (r) => r.who },
          { title: "POD-MINUTES", of: (r) => number(r.podMinutes) },
          { title: "VIOLATION-MINUTES", of: (r) => number(r.violationMinutes) },
          { title: "MOVES", of: (r) => r.moves },
          {
            title: "COST A PERIOD",
            of: (r) => number(r.cost, 3),
            style: (r) => (r.who === "learner saves" ? (r.cost >= 0 ? "good" : "bad") : undefined),
          },
        ],
        paint,
      ),
      ...(agreement === undefined ? [] : [`the same as the HPA in ${number(100 * agreement, 0)} % of its decisions`]),
      ...(Object.keys(guards).length === 0 ? [] : [printable(`held back by the envelope: ${counts(guards)}`)]),
      ...(Object.keys(fallbacks).length === 0 ? [] : [printable(`left to the HPA: ${counts(fallbacks)}`)]),
    ];
  });
}
