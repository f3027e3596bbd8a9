import { pairId, type ProbeNode } from "../probe/model.ts";
import { type Identities, identify } from "./identity.ts";
import {
  type CostLink,
  type CostMap,
  type CostNode,
  linkName,
  type LinkState,
  type MapError,
  type Reading,
  type Topology,
} from "./model.ts";

/** What is published about two ends, and what is said beside it. Without a link they are out of the map. */
export interface Seen {
  readonly link?: CostLink;
  readonly errors: readonly MapError[];
}

/** A map in the parts that change by themselves: the nodes, and each link under its name (`pairId` where it has none). */
export interface View {
  readonly nodes: readonly CostNode[];
  readonly nodeErrors: readonly MapError[];
  readonly seen: Readonly<Record<string, Seen>>;
}

/** Readings that three periods passed over say nothing of today. */
export const STALE_AFTER_PERIODS = 3;
/** For three more it is told that a link is stale; then it is no link any more. Where links are sampled, most are met once and not again for long. */
export const FORGOTTEN_AFTER_PERIODS = 6;

export interface Age {
  readonly now: Date;
  /** A reading older than this says nothing of today. */
  readonly staleAfterMs: number;
}

/** How a link looks now; undefined where one of its nodes is gone. */
export function seeLink(
  state: LinkState,
  { resolve }: Pick<Identities, "resolve">,
  age: Age,
): readonly [key: string, seen: Seen] | undefined {
  const ends = [resolve(state.source), resolve(state.destination)] as const;
  if (ends.some(({ kind }) => kind === "gone")) return undefined;
  const unclear = ends.filter((end) => end.kind === "unclear");
  if (unclear.length > 0) {
    const link = linkName({ source: state.source.node, destination: state.destination.node });
    return [pairId(state), { errors: unclear.map(({ code, reason, nodes }) => ({ code, reason, nodes: [...nodes], link })) }];
  }
  const [source, destination] = ends.map((end) => (end.kind === "node" ? end.name : "")) as [string, string];
  if (source === destination)
    return [pairId(state), { errors: [{ code: "LINK_TO_ITSELF", reason: "both ends are one node", nodes: [source] }] }];
  const isKnown = (reading: Reading): boolean => isFresh(reading, age);
  const known = { ...filter(state.postponed, isKnown), ...filter(state.readings, isKnown) };
  const link = { source, destination, costs: inOrder(known).map(([, reading]) => reading) };
  return [linkName(link), { link, errors: linkErrors(state, link, age) }];
}

/** Whether a reading says something of today. */
export const isFresh = ({ at }: Reading, { now, staleAfterMs }: Age): boolean => Date.parse(at) >= now.getTime() - staleAfterMs;

const inOrder = <T>(of: Readonly<Record<string, T>>): readonly (readonly [key: string, value: T])[] =>
  Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1));

const filter = (readings: Readonly<Record<string, Reading>>, isKept: (reading: Reading) => boolean): Readonly<Record<string, Reading>> =>
  Object.fromEntries(Object.entries(readings).filter(([, reading]) => isKept(reading)));

/** A reading without a value says in the map itself why; told here is what the map does not show. */
function linkErrors({ readings, flagged, at }: LinkState, { source, destination, costs }: CostLink, age: Age): readonly MapError[] {
  const about = { nodes: [source, destination], link: linkName({ source, destination }) };
  const stale = inOrder(readings).filter(([, reading]) => !isFresh(reading, age));
  const problem = (code: string, reason: string, reading?: string): MapError => ({
    code,
    reason,
    ...about,
    ...(reading === undefined ? {} : { reading }),
  });
  const flags = inOrder(flagged)
    .filter(([key, flag]) => isFresh(flag, age) && flag.at >= (readings[key]?.at ?? ""))
    .map(([key, { measurement }]) =>
      problem("IMPLAUSIBLE", `${String(measurement.value)} ${measurement.unit} cannot be, and was kept out`, key),
    );
  if (costs.length === 0) return [problem("LINK_STALE", `last measured at ${at}`), ...flags];
  const valueless = costs.every(({ measurement }) => measurement.value === null);
  const [first] = costs;
  const why = first?.measurement.error ?? undefined;
  return [
    ...(valueless ? [problem("LINK_UNMEASURED", why === undefined ? "no value" : `${why.code}: ${why.reason}`)] : []),
    ...stale.map(([key, reading]) => problem("READING_STALE", `last measured at ${reading.at}`, key)),
    ...flags,
  ];
}

const newestIn = ({ link }: Seen): string => (link?.costs ?? []).reduce((at, cost) => (cost.at > at ? cost.at : at), "");

/** Two names of one node make two links between the same ends: the one with the newer readings is the link. */
export const isOlder = (seen: Seen, other: Seen | undefined): boolean => other !== undefined && newestIn(seen) < newestIn(other);

/** A cluster as it looks now. */
export function viewOf(topology: Topology, age: Age): View {
  const identities = identify(topology);
  const seen: Record<string, Seen> = {};
  for (const [, state] of inOrder(topology.links)) {
    const looked = seeLink(state, identities, age);
    if (looked === undefined) continue;
    const [key, now] = looked;
    if (!isOlder(now, seen[key])) seen[key] = now;
  }
  return { nodes: identities.nodes, nodeErrors: identities.errors, seen: Object.fromEntries(inOrder(seen)) };
}

/** Whether a look at a link can be judged by itself: its ends are known, at the addresses that they have in the map. */
export const isAtHome = ({ nodes, seen }: View, key: string, link: CostLink, ends: readonly [ProbeNode, ProbeNode]): boolean =>
  seen[key] !== undefined &&
  [link.source, link.destination].every((name, i) =>
    nodes.some((node) => node.name === name && node.addresses.includes(ends[i]?.address ?? "")),
  );

/** The parts put together, and the nodes of which nothing is known. */
export function assemble({ nodes, nodeErrors, seen }: View): CostMap {
  const all = inOrder(seen).map(([, one]) => one);
  const links = all.flatMap(({ link }) => link ?? []);
  const measured = new Set(
    links.flatMap(({ source, destination, costs }) => (costs.some((c) => c.measurement.value !== null) ? [source, destination] : [])),
  );
  const unmeasured = nodes
    .filter(({ name }) => !measured.has(name))
    .map(({ name }): MapError => ({ code: "NODE_UNMEASURED", reason: "no probe has a value of any link of this node", nodes: [name] }));
  return { nodes: [...nodes], links, errors: [...nodeErrors, ...unmeasured, ...all.flatMap(({ errors }) => errors)] };
}
