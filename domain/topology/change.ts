import type { Measurement, Metric } from "../probe/model.ts";
import type { Seen, View } from "./cost-map.ts";
import { type CostLink, type MapError, readingKey } from "./model.ts";

/** How far a value may move from the one last published before it is news: by more than both. */
interface DeadBand {
  readonly absolute: number;
  readonly relative: number;
}

/** In the metric's unit: above what a quiet network shows from look to look, and below what a scheduler would act on. */
const deadBands: Readonly<Record<Metric, DeadBand>> = {
  "delay-rt": { absolute: 0.2, relative: 0.1 },
  "delay-ow": { absolute: 0.2, relative: 0.1 },
  "delay-variation": { absolute: 0.2, relative: 0.5 },
  lossrate: { absolute: 0.1, relative: 0 },
  tput: { absolute: 0, relative: 0.1 },
  "link-failures": { absolute: 0, relative: 0 },
  "link-energy": { absolute: 0, relative: 0.05 },
};

/** The tails of a distribution move with every look; they are published along, and are no news by themselves. */
const isWatched = ({ statistic }: Measurement): boolean => statistic !== "min" && statistic !== "max" && statistic !== "p99";

/** Whether a value left the dead-band around the one last published; from or to no value always does. */
export function isNews(metric: Metric, last: number | null | undefined, value: number | null | undefined): boolean {
  if (last === undefined || value === undefined || last === null || value === null) return (last ?? null) !== (value ?? null);
  const { absolute, relative } = deadBands[metric];
  return Math.abs(value - last) > Math.max(absolute, relative * Math.abs(last));
}

function costsChanged(last: CostLink | undefined, link: CostLink | undefined): boolean {
  if (last === undefined || link === undefined) return last !== link;
  const [then, now] = [last, link].map(({ costs }) => new Map(costs.map(({ measurement }) => [readingKey(measurement), measurement]))) as [
    Map<string, Measurement>,
    Map<string, Measurement>,
  ];
  return [...new Map([...then, ...now])].some(
    ([key, known]) => isWatched(known) && isNews(known.metric, then.get(key)?.value, now.get(key)?.value),
  );
}

/** What is wrong and with what; since when, which is in the reason, is no news. */
const identityOf = (errors: readonly MapError[]): string =>
  JSON.stringify(errors.map(({ code, nodes, link, reading }) => [code, ...nodes, link, reading].join(" ")).toSorted());

export const hasChanged = (last: Seen | undefined, seen: Seen | undefined): boolean =>
  costsChanged(last?.link, seen?.link) || identityOf(last?.errors ?? []) !== identityOf(seen?.errors ?? []);

/** How a view differs from the one last published. */
export interface Change {
  /** What is new or has left a dead-band, as it is now, by its key in the view. */
  readonly seen: Readonly<Record<string, Seen>>;
  /** Keys that are there no more. */
  readonly removed: readonly string[];
  readonly nodesChanged: boolean;
}

export function changeOf(last: View, view: View): Change {
  const nodesOf = ({ nodes, nodeErrors }: View): string => JSON.stringify([nodes, identityOf(nodeErrors)]);
  return {
    seen: Object.fromEntries(Object.entries(view.seen).filter(([key, seen]) => hasChanged(last.seen[key], seen))),
    removed: Object.keys(last.seen).filter((key) => view.seen[key] === undefined),
    nodesChanged: nodesOf(last) !== nodesOf(view),
  };
}

export const isNothing = ({ seen, removed, nodesChanged }: Change): boolean =>
  Object.keys(seen).length === 0 && removed.length === 0 && !nodesChanged;
