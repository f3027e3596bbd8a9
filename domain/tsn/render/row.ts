import { durationText, shortened, textWidth } from "./labels.ts";
import { colourOf, deadlineMark, type Geometry, isShown, OPEN_FILL, WAITING_FILL, xOf } from "./marks.ts";
import { element, escaped } from "./svg.ts";
import type { Band, Block, PortRow } from "./timeline.ts";

const BAND_TOP = 16;
const BAND_HEIGHT = 24;
const FONT = 10;
/** What is narrower on the picture is drawn as wide as this, or it would not be seen. */
const LEAST_WIDTH = 1.6;
/** How far to the right of its frame a name may be moved by its neighbour's. */
const FARTHEST = 34;

const fills: Readonly<Record<Band["kind"], string>> = { scheduled: OPEN_FILL, guard: "url(#guard)", "best-effort": "#ffffff" };

/** Gates, waiting, frames, deadlines and names of one row, the later over the earlier. */
export function rowMarks({ bands, blocks, deadlines }: PortRow, row: number, geometry: Geometry): readonly string[] {
  const y = geometry.topOf(row);
  const frames = blocks
    .flatMap((block) => pieces(block.fromNs, block.toNs, geometry.horizonNs).map((piece) => ({ block, ...piece })))
    .filter((frame) => isShown(geometry, frame));
  const due = deadlines.filter(({ atNs }) => isShown(geometry, { fromNs: atNs, toNs: atNs }));
  return [
    ...bands.filter((band) => isShown(geometry, band)).map((band) => bandMark(band, y, geometry)),
    ...blocks.flatMap((block) => waitingMarks(block, y, geometry)),
    ...frames.map((frame) => frameMark(frame, y, geometry)),
    ...due.map(({ stream, atNs }) =>
      element(
        "g",
        {},
        element("title", {}, escaped(`deadline of ${stream}`)),
        deadlineMark(xOf(geometry, atNs), y + BAND_TOP + BAND_HEIGHT),
      ),
    ),
    ...nameMarks(frames, y, geometry),
  ];
}

interface Piece {
  readonly fromNs: number;
  readonly toNs: number;
}

/** A stretch of time within the horizon; what goes over its end goes on at the beginning. */
function pieces(fromNs: number, toNs: number, horizonNs: number): readonly Piece[] {
  if (toNs - fromNs >= horizonNs) return [{ fromNs: 0, toNs: horizonNs }];
  const start = ((fromNs % horizonNs) + horizonNs) % horizonNs;
  const end = start + toNs - fromNs;
  return end <= horizonNs
    ? [{ fromNs: start, toNs: end }]
    : [
        { fromNs: start, toNs: horizonNs },
        { fromNs: 0, toNs: end - horizonNs },
      ];
}

const widthOf = (geometry: Geometry, { fromNs, toNs }: Piece): number => Math.max(LEAST_WIDTH, xOf(geometry, toNs) - xOf(geometry, fromNs));

const bandMark = (band: Band, y: number, geometry: Geometry): string =>
  element("rect", {
    class: `gate ${band.kind}`,
    x: xOf(geometry, band.fromNs),
    y: y + BAND_TOP,
    width: xOf(geometry, band.toNs) - xOf(geometry, band.fromNs),
    height: BAND_HEIGHT,
    fill: fills[band.kind],
  });

function waitingMarks({ stream, earliestNs, fromNs }: Block, y: number, geometry: Geometry): readonly string[] {
  if (xOf(geometry, fromNs) - xOf(geometry, earliestNs) < LEAST_WIDTH) return [];
  const shown = pieces(earliestNs, fromNs, geometry.horizonNs).filter((piece) => isShown(geometry, piece));
  return shown.map((piece) =>
    element(
      "rect",
      {
        class: "waiting",
        x: xOf(geometry, piece.fromNs),
        y: y + BAND_TOP + 14,
        width: widthOf(geometry, piece),
        height: 7,
        fill: WAITING_FILL,
      },
      element("title", {}, escaped(`${stream} waits ${durationText(fromNs - earliestNs)} at most`)),
    ),
  );
}

interface Frame extends Piece {
  readonly block: Block;
}

function frameMark({ block, ...piece }: Frame, y: number, geometry: Geometry): string {
  const { stream, tree, trafficClass, fromNs, toNs } = block;
  const more = tree > 0 ? { stroke: "#1f2933", "stroke-width": 1, "stroke-dasharray": "2 1.5" } : {};
  const about = `${nameOf(block)}: ${durationText(fromNs)} + ${durationText(toNs - fromNs)}, queue ${String(trafficClass)}`;
  return element(
    "rect",
    {
      class: "frame",
      "data-stream": stream,
      x: xOf(geometry, piece.fromNs),
      y: y + BAND_TOP + 3,
      width: widthOf(geometry, piece),
      height: BAND_HEIGHT - 6,
      rx: 1,
      fill: colourOf(trafficClass),
      ...more,
    },
    element("title", {}, escaped(about)),
  );
}

const nameOf = ({ stream, tree }: Block): string => (tree === 0 ? stream : `${stream} (tree ${String(tree + 1)})`);

/** In the frame where there is room, else above it where nobody else's name is; the rest is in the titles. */
function nameMarks(frames: readonly Frame[], y: number, geometry: Geometry): readonly string[] {
  let free = geometry.left;
  return frames
    .toSorted((a, b) => a.fromNs - b.fromNs)
    .flatMap((frame) => {
      const name = shortened(nameOf(frame.block), 18);
      const wide = textWidth(name, FONT);
      const x = Math.max(geometry.left, xOf(geometry, frame.fromNs));
      const width =
        Math.min(geometry.right, x + widthOf(geometry, { fromNs: Math.max(frame.fromNs, geometry.fromNs), toNs: frame.toNs })) - x;
      if (wide + 6 <= width)
        return element("text", { class: "inside", x: x + width / 2, y: y + BAND_TOP + 15.5, "text-anchor": "middle" }, escaped(name));
      const centred = Math.min(Math.max(geometry.left, x + width / 2 - wide / 2), geometry.right - wide);
      const at = Math.max(centred, free);
      if (at - centred > FARTHEST) return [];
      free = at + wide + 5;
      return element("text", { class: "label", x: at, y: y + BAND_TOP - 4 }, escaped(name));
    });
}
