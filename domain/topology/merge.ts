import { type LinkMeasured, type Measurement, pairId } from "../probe/model.ts";
import type { KnownNode, LinkState, Reading, Topology } from "./model.ts";
import { readingKey } from "./model.ts";
import { isPlausible } from "./plausibility.ts";

/** What one event adds to a topology, in pieces of which each replaces only an older piece of its own key. */
export interface Piece {
  readonly key: string;
  /** Of two pieces of one key the one with the greater rank stays, and of two with one rank the one with the greater body. */
  readonly rank: string;
  readonly body: string;
}

export const isNewer = (piece: Pick<Piece, "rank" | "body">, known: Pick<Piece, "rank" | "body"> | undefined): boolean =>
  known === undefined || piece.rank > known.rank || (piece.rank === known.rank && piece.body > known.body);

/** Fixed width, so that text compares as the number does. A version that is no number comes before all that are. */
const rankOfVersion = (version: string): string => (/^\d{1,20}$/.test(version) ? version.padStart(20, "0") : `-${version}`);

const ENDS = "ends";
const READING = "reading ";
const POSTPONED = "postponed ";
const FLAGGED = "flagged ";

/** The news of a node, as a piece of its cluster. */
export const pieceOfNode = (known: KnownNode): Piece => ({
  key: known.node.uid,
  rank: rankOfVersion(known.node.resourceVersion),
  body: JSON.stringify(known),
});

/**
 * A throughput test waits for both ends and for its budget, so that none now says nothing of the link; the last one stands, with its age. Where the
 * look has no value at all, the link is not what it was.
 */
const isPostponed = ({ metric, value }: Measurement, look: readonly Measurement[]): boolean =>
  metric === "tput" && value === null && look.some((other) => other.value !== null);

const slotOf = (measurement: Measurement, look: readonly Measurement[]): string =>
  !isPlausible(measurement, look) ? FLAGGED : isPostponed(measurement, look) ? POSTPONED : READING;

/** A look at a link, as pieces of the link, each where it replaces nothing that it must not. */
export function piecesOfLink({ source, destination, measuredAt, measurements }: LinkMeasured): readonly Piece[] {
  const readings = measurements.map((measurement) => ({
    key: `${slotOf(measurement, measurements)}${readingKey(measurement)}`,
    rank: measuredAt,
    body: JSON.stringify({ at: measuredAt, measurement } satisfies Reading),
  }));
  return [{ key: ENDS, rank: measuredAt, body: JSON.stringify({ source, destination, at: measuredAt }) }, ...readings];
}

/** A look that claims to be from the future, as pieces: nothing of it may replace what is, and it is shown as seen now. */
export const piecesOfForgery = ({ measurements }: LinkMeasured, now: Date): readonly Piece[] =>
  measurements.map((measurement) => {
    const at = now.toISOString();
    return { key: `${FLAGGED}${readingKey(measurement)}`, rank: at, body: JSON.stringify({ at, measurement } satisfies Reading) };
  });

/** A link from its pieces; undefined where the piece with its ends is missing. */
export function linkOf(pieces: Iterable<readonly [key: string, body: string]>): LinkState | undefined {
  let ends: Pick<LinkState, "source" | "destination" | "at"> | undefined;
  const slots = { [READING]: {}, [POSTPONED]: {}, [FLAGGED]: {} } as Record<string, Record<string, Reading>>;
  for (const [key, body] of pieces) {
    const slot = key.slice(0, key.indexOf(" ") + 1);
    if (key === ENDS) ends = JSON.parse(body) as typeof ends;
    else if (slots[slot] !== undefined) slots[slot][key.slice(slot.length)] = JSON.parse(body) as Reading;
  }
  return ends && { ...ends, readings: slots[READING] ?? {}, postponed: slots[POSTPONED] ?? {}, flagged: slots[FLAGGED] ?? {} };
}

/** Where pieces are kept: one place for the nodes of a cluster, and one for each link that starts there. */
export type Pieces = Map<string, Map<string, Piece>>;
export const NODES = "nodes";

/** Takes pieces in, in place; true where one of them was news. Any order and any number of times gives the same in the end. */
export function takeIn(all: Pieces, place: string, pieces: readonly Piece[]): boolean {
  const known = all.get(place) ?? new Map<string, Piece>();
  all.set(place, known);
  let isNews = false;
  for (const piece of pieces) {
    if (!isNewer(piece, known.get(piece.key))) continue;
    known.set(piece.key, piece);
    isNews = true;
  }
  return isNews;
}

export function topologyOf(cluster: string, all: Pieces): Topology {
  const nodes: Record<string, KnownNode> = {};
  const links: Record<string, LinkState> = {};
  for (const [place, pieces] of all) {
    if (place === NODES) for (const [uid, { body }] of pieces) nodes[uid] = JSON.parse(body) as KnownNode;
    else {
      const link = linkOf([...pieces].map(([key, { body }]) => [key, body]));
      if (link !== undefined) links[pairId(link)] = link;
    }
  }
  return { cluster, nodes, links };
}
