import { element } from "./svg.ts";

/** Where rows and times are on the picture, in pixels. */
export interface Geometry {
  readonly left: number;
  readonly right: number;
  /** What repeats, and the part of it that is shown. */
  readonly horizonNs: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly rowHeight: number;
  readonly topOf: (row: number) => number;
}

export const xOf = ({ left, right, fromNs, toNs }: Geometry, ns: number): number =>
  left + ((right - left) * (ns - fromNs)) / (toNs - fromNs);

/** Whether any of a stretch of time is shown. */
export const isShown = ({ fromNs, toNs }: Geometry, part: { readonly fromNs: number; readonly toNs: number }): boolean =>
  part.toNs >= fromNs && part.fromNs <= toNs;

/** Of traffic classes 0 to 7: told apart by people who see no red or no green, too. */
const classColours = ["#7f7f7f", "#a6761d", "#8c6bb1", "#66a61e", "#cc79a7", "#d95f02", "#1b9e77", "#2166ac"] as const;
export const colourOf = (trafficClass: number): string => classColours[trafficClass] ?? "#7f7f7f";

export const OPEN_FILL = "#d8e6f5";
export const WAITING_FILL = "#f9d79a";
export const DEADLINE_FILL = "#c81e1e";

/** A small triangle under the time that it tells. */
export const deadlineMark = (x: number, y: number): string =>
  element("path", { d: `M${x.toFixed(1)} ${y.toFixed(1)}l-4 6h8z`, fill: DEADLINE_FILL });
