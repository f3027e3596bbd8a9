import { ok, type Outcome, refuse } from "../../outcome.ts";
import type { Problem } from "../model.ts";
import type { Schedule } from "../schedule.ts";
import { durationText, rateText, shortened, tickStep } from "./labels.ts";
import { colourOf, deadlineMark, type Geometry, OPEN_FILL, WAITING_FILL, xOf } from "./marks.ts";
import { rowMarks } from "./row.ts";
import { element, escaped } from "./svg.ts";
import { type PortRow, type Timeline, timelineOf } from "./timeline.ts";

export interface GanttOptions {
  /** Only ports of this node, and those that lead to it. */
  readonly node?: string;
  readonly title?: string;
  /** The part of the cycle to show; all of it otherwise. */
  readonly fromNs?: number;
  readonly toNs?: number;
}

const WIDTH = 1480;
const LEFT = 214;
const RIGHT = 132;
const TOP = 96;
const ROW = 46;
const MAX_ROWS = 400;
const MAX_MARKS = 60_000;

const style = [
  "text{font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif;fill:#1f2933}",
  ".title{font-size:17px;font-weight:bold}.sub{font-size:12px;fill:#52606d}.port{font-size:12px;font-weight:bold}.small{font-size:10px;fill:#52606d}",
  ".axis{font-size:10.5px;fill:#52606d}.label{font-size:10px;fill:#1f2933}.inside{font-size:10px;fill:#ffffff;font-weight:bold}",
].join("");

/**
 * A picture of a schedule: a row for each port over the longest cycle of all, with its gates behind, the frames in front, what waits, and the
 * deadlines. The same schedule gives the same text.
 */
export function gantt(
  problem: Problem,
  schedule: Schedule,
  options: GanttOptions = {},
): Outcome<string, "TSN_PICTURE_TOO_LARGE" | "TSN_PICTURE_EMPTY"> {
  const timeline = timelineOf(problem, schedule, options);
  const marks = timeline.rows.reduce((sum, { bands, blocks }) => sum + bands.length + blocks.length, 0);
  if (timeline.rows.length === 0) return refuse("TSN_PICTURE_EMPTY", "there is nothing to show: no port has gates there");
  if (timeline.rows.length > MAX_ROWS || marks > MAX_MARKS)
    return refuse(
      "TSN_PICTURE_TOO_LARGE",
      `${String(timeline.rows.length)} ports with ${String(marks)} marks are more than a picture shows (${String(MAX_ROWS)} and ${String(MAX_MARKS)}): choose a bridge`,
    );
  const { fromNs = 0, toNs = timeline.horizonNs } = options;
  if (fromNs >= toNs || fromNs >= timeline.horizonNs)
    return refuse("TSN_PICTURE_EMPTY", `there is nothing to show: the cycle is from 0 to ${String(timeline.horizonNs)} ns`);
  const view = { fromNs, toNs: Math.min(toNs, timeline.horizonNs) };
  return ok(draw(problem, schedule, { timeline, view, title: options.title ?? "Gate schedule" }));
}

interface Picture {
  readonly timeline: Timeline;
  readonly view: Pick<Geometry, "fromNs" | "toNs">;
  readonly title: string;
}

function draw(problem: Problem, schedule: Schedule, { timeline, view, title }: Picture): string {
  const height = TOP + timeline.rows.length * ROW + 62;
  const geometry: Geometry = {
    left: LEFT,
    right: WIDTH - RIGHT,
    horizonNs: timeline.horizonNs,
    ...view,
    rowHeight: ROW,
    topOf: (row) => TOP + row * ROW,
  };
  const parts = [
    element("style", {}, style),
    definitions(height),
    element("rect", { width: WIDTH, height, fill: "#ffffff" }),
    element("text", { x: 20, y: 32, class: "title" }, escaped(title)),
    element("text", { x: 20, y: 52, class: "sub" }, escaped(summaryOf(problem, schedule, timeline))),
    axis(timeline, geometry),
    ...timeline.rows.map((row, i) => heading(row, i, geometry)),
    element(
      "g",
      { "clip-path": "url(#plot)" },
      "\n",
      [...timeline.rows.flatMap((row, i) => rowMarks(row, i, geometry)), ...ways(timeline, geometry)].join("\n"),
      "\n",
    ),
    legend(timeline, TOP + timeline.rows.length * ROW + 26),
  ];
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${String(WIDTH)} ${String(height)}`,
    width: WIDTH,
    height,
    role: "img",
  };
  return `${element("svg", root, "\n", element("title", {}, escaped(title)), "\n", parts.join("\n"), "\n")}\n`;
}

/** Guard bands, in lines that are as far apart at any size; and where the rows' marks may be. */
const definitions = (height: number): string =>
  element(
    "defs",
    {},
    element(
      "pattern",
      { id: "guard", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      element("rect", { width: 5, height: 5, fill: "#f5f7fa" }),
      element("line", { x1: 0, y1: 0, x2: 0, y2: 5, stroke: "#9aa5b1", "stroke-width": 2 }),
    ),
    element("clipPath", { id: "plot" }, element("rect", { x: LEFT - 5, y: 0, width: WIDTH - LEFT - RIGHT + 10, height })),
  );

function summaryOf({ guardBand, semantics }: Problem, { streams }: Schedule, { horizonNs, rows }: Timeline): string {
  const worst = Math.max(0, ...streams.map(({ latencyNs }) => latencyNs));
  const from = semantics.latencyFrom === "interval" ? "the start of the interval" : "the talker's transmission";
  return [
    `${String(streams.length)} streams over ${String(rows.length)} ports`,
    `cycle ${durationText(horizonNs)}`,
    `worst latency ${durationText(worst)} from ${from}`,
    `guard band: ${guardBand}`,
  ].join("   ·   ");
}

function axis({ rows }: Timeline, geometry: Geometry): string {
  const { left, topOf, fromNs, toNs } = geometry;
  const step = tickStep(toNs - fromNs, 12);
  const bottom = topOf(rows.length);
  const x = (ns: number): number => xOf(geometry, ns);
  const ticks: string[] = [];
  for (let at = Math.ceil(fromNs / step) * step; at <= toNs; at += step) {
    ticks.push(element("line", { x1: x(at), y1: TOP - 8, x2: x(at), y2: bottom, stroke: "#e4e7eb" }));
    ticks.push(element("text", { x: x(at), y: TOP - 14, class: "axis", "text-anchor": "middle" }, String(Number((at / 1000).toFixed(3)))));
  }
  return ticks.join("") + element("text", { x: left - 12, y: TOP - 14, class: "axis", "text-anchor": "end" }, "time in µs");
}

function heading({ link, cycleNs, entries, bestEffortShare }: PortRow, row: number, { left, right, topOf, rowHeight }: Geometry): string {
  const y = topOf(row);
  const name = `${shortened(link.from, 13)} → ${shortened(link.to, 13)}`;
  const about = `${link.port === undefined ? "" : `${shortened(link.port, 12)} · `}${rateText(link.rateMbps)}`;
  return element(
    "g",
    {},
    element("line", { x1: 20, y1: y + rowHeight, x2: WIDTH - 20, y2: y + rowHeight, stroke: "#e4e7eb" }),
    element("text", { x: left - 12, y: y + 20, class: "port", "text-anchor": "end" }, escaped(name)),
    element("text", { x: left - 12, y: y + 34, class: "small", "text-anchor": "end" }, escaped(about)),
    element("text", { x: right + 12, y: y + 20, class: "small" }, `${String(entries)} of ${String(link.gates.maxEntries)} entries`),
    element("text", { x: right + 12, y: y + 34, class: "small" }, `best effort ${(100 * bestEffortShare).toFixed(1)} %`),
    element("title", {}, escaped(`${link.id}, cycle ${durationText(cycleNs)}`)),
  );
}

/** With more streams than these the lines between rows are a thicket. */
const MAX_FOLLOWED = 12;

/** The way of each stream's first frames from row to row. */
function ways({ rows }: Timeline, geometry: Geometry): readonly string[] {
  const { topOf, rowHeight } = geometry;
  const hops = new Map<string, { row: number; hop: number; fromNs: number; toNs: number; trafficClass: number }[]>();
  for (const [row, { blocks }] of rows.entries())
    for (const { stream, tree, turn, hop, fromNs, toNs, trafficClass } of blocks) {
      if (turn > 0) continue;
      const name = `${stream} ${String(tree)}`;
      hops.set(name, [...(hops.get(name) ?? []), { row, hop, fromNs, toNs, trafficClass }]);
    }
  if (hops.size > MAX_FOLLOWED) return [];
  const x = (ns: number): number => xOf(geometry, ns);
  return [...hops.values()].flatMap((all) => {
    const ordered = all.toSorted((a, b) => a.hop - b.hop);
    return ordered.flatMap((to, i) => {
      const from = ordered[i - 1];
      // Where the way goes round the end of the cycle there is no line to draw.
      if (from === undefined || to.hop !== from.hop + 1 || to.fromNs < from.fromNs) return [];
      const [y1, y2] =
        to.row > from.row ? [topOf(from.row) + rowHeight - 8, topOf(to.row) + 18] : [topOf(from.row) + 18, topOf(to.row) + rowHeight - 8];
      const bend = { d: `M${x(from.fromNs).toFixed(1)} ${String(y1)}L${x(to.fromNs).toFixed(1)} ${String(y2)}` };
      return element("path", {
        ...bend,
        stroke: colourOf(to.trafficClass),
        "stroke-width": 1,
        "stroke-opacity": 0.45,
        fill: "none",
        "stroke-dasharray": "3 2",
      });
    });
  });
}

function legend({ rows }: Timeline, y: number): string {
  const classes = [...new Set(rows.flatMap(({ blocks }) => blocks.map(({ trafficClass }) => trafficClass)))].toSorted((a, b) => b - a);
  const samples = [
    ...classes.map((tc) => ({ fill: colourOf(tc), text: `frames in queue ${String(tc)}` })),
    { fill: OPEN_FILL, text: "gate of a scheduled class open" },
    { fill: "url(#guard)", text: "guard band" },
    { fill: "#ffffff", text: "best effort" },
    { fill: WAITING_FILL, text: "waiting, or on its way through the 5GS" },
  ];
  let x = LEFT;
  const parts = samples.map(({ fill, text }) => {
    const at = x;
    x += 30 + text.length * 6.4;
    return (
      element("rect", { x: at, y: y - 9, width: 16, height: 11, fill, stroke: "#9aa5b1", "stroke-width": 0.6 }) +
      element("text", { x: at + 21, y, class: "small" }, escaped(text))
    );
  });
  parts.push(deadlineMark(x + 5, y - 7) + element("text", { x: x + 14, y, class: "small" }, "deadline"));
  parts.push(
    element(
      "text",
      { x: LEFT, y: y + 20, class: "small" },
      "Dashed outline: a further tree of a redundant stream. What crosses the end of the cycle goes on at its beginning.",
    ),
  );
  return parts.join("");
}
