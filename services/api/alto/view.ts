import { hash } from "node:crypto";
import { type AddressGroup, costSources, costsOf, networkMapOf, pidOf } from "../../../domain/topology/alto.ts";
import { canonicalJson, canonicalObject } from "../../../domain/topology/canonical.ts";
import { mergePatchOf } from "../../../domain/topology/merge-patch.ts";
import type { CostLink, CostNode } from "../../../domain/topology/model.ts";

const WIDTH = costSources.length;

/** The costs of one source PID, side by side in the order of `costSources`: one array a row, where an array a pair would be a million of them. */
export interface Row {
  readonly places: ReadonlyMap<string, number>;
  readonly costs: Float64Array;
}

/** The costs to one destination PID; undefined where there are none. */
export function costsTo(row: Row | undefined, destination: string): Float64Array | undefined {
  const place = row?.places.get(destination);
  return place === undefined ? undefined : row?.costs.subarray(place * WIDTH, (place + 1) * WIDTH);
}

/** All pairs of a row. */
export function* pairsOf(row: Row): Generator<readonly [destination: string, costs: Float64Array]> {
  for (const [destination, place] of row.places) yield [destination, row.costs.subarray(place * WIDTH, (place + 1) * WIDTH)];
}

function pack(pairs: ReadonlyMap<string, ArrayLike<number>>): Row {
  const costs = new Float64Array(pairs.size * WIDTH);
  const places = new Map<string, number>();
  for (const [destination, values] of pairs) {
    costs.set(values, places.size * WIDTH);
    places.set(destination, places.size);
  }
  return { places, costs };
}

/** One version of a cluster's maps. A row that does not change is the same object in the next version, and so is its text. */
export interface View {
  readonly cluster: string;
  readonly seq: number;
  /** Of the cost map. */
  readonly tag: string;
  /** Of the network map, which changes less often: what cost maps depend on. */
  readonly networkTag: string;
  readonly networkMap: Readonly<Record<string, AddressGroup>>;
  readonly rows: ReadonlyMap<string, Row>;
}

export interface Version {
  readonly seq: number;
  readonly tag: string;
}

const digest = (text: string): string => hash("sha256", text, "base64url");
const pid = (name: string): string => pidOf(name, digest);

export function openView(cluster: string, version: Version, nodes: readonly CostNode[], links: readonly CostLink[]): View {
  return { cluster, ...version, ...networkOf(nodes), rows: new Map([...rowsOf(links)].map(([source, pairs]) => [source, pack(pairs)])) };
}

/** The next version; `nodes` is undefined where they did not change. */
export function changeView(
  view: View,
  version: Version,
  nodes: readonly CostNode[] | undefined,
  links: readonly CostLink[],
  removed: readonly string[],
): View {
  const fresh = rowsOf(links);
  const gone = removed.map((name) => name.split("->").map(pid) as [string, string]);
  const rows = new Map<string, Row>(view.rows);
  for (const source of new Set([...fresh.keys(), ...gone.map(([from]) => from)])) {
    const row = view.rows.get(source);
    const pairs = new Map<string, ArrayLike<number>>(row === undefined ? [] : pairsOf(row));
    for (const [from, to] of gone) if (from === source) pairs.delete(to);
    for (const [to, costs] of fresh.get(source) ?? []) pairs.set(to, costs);
    if (pairs.size === 0) rows.delete(source);
    else rows.set(source, pack(pairs));
  }
  return { ...view, ...version, ...(nodes === undefined ? {} : networkOf(nodes)), rows };
}

/** Costs by source and destination PID. */
function rowsOf(links: readonly CostLink[]): ReadonlyMap<string, ReadonlyMap<string, readonly number[]>> {
  const pids = new Map<string, string>();
  const named = (name: string): string => {
    const known = pids.get(name) ?? pid(name);
    pids.set(name, known);
    return known;
  };
  const rows = new Map<string, Map<string, readonly number[]>>();
  for (const link of links) {
    const source = named(link.source);
    const row = rows.get(source) ?? new Map<string, readonly number[]>();
    rows.set(source, row.set(named(link.destination), costsOf(link)));
  }
  return rows;
}

function networkOf(nodes: readonly CostNode[]): Pick<View, "networkMap" | "networkTag"> {
  const networkMap = networkMapOf(nodes, digest);
  return { networkMap, networkTag: digest(canonicalJson(networkMap)).slice(0, 22) };
}

/** RFC 7285 §10.2: a resource id has the form of a PID. */
export const resourceId = (kind: string, cluster: string): string => pid(`${kind}-${cluster}`);
export const networkMapId = (cluster: string): string => resourceId("network-map", cluster);

/** RFC 9439: what the costs come from. */
export const costTypeOf = (costMetric: string) => ({
  "cost-mode": "numerical" as const,
  "cost-metric": costMetric,
  "cost-context": { "cost-source": "estimation" },
});

export const vtagOf = ({ cluster, networkTag }: View) => ({ "resource-id": networkMapId(cluster), tag: networkTag });

export const networkMapBody = (view: View, networkMap: View["networkMap"] = view.networkMap) => ({
  meta: { vtag: vtagOf(view) },
  "network-map": networkMap,
});

const metaOf = (view: View, at: number) => ({
  "dependent-vtags": [vtagOf(view)],
  "cost-type": costTypeOf(costSources[at]?.costMetric ?? ""),
});

const rowBodies = new WeakMap<Row, (Buffer | undefined)[]>();
const NO_COSTS = Buffer.alloc(0);

/** A row as canonical JSON, made once for each row and metric; empty where none of its pairs has such a cost. */
function rowBytes(row: Row, at: number): Buffer {
  const made = rowBodies.get(row) ?? [];
  rowBodies.set(row, made);
  return (made[at] ??= canonicalRow(row, at));
}

function canonicalRow(row: Row, at: number): Buffer {
  const members: [string, string][] = [];
  for (const [destination, place] of row.places) {
    const cost = row.costs[place * WIDTH + at] ?? Number.NaN;
    if (!Number.isNaN(cost)) members.push([destination, String(cost)]);
  }
  return members.length === 0 ? NO_COSTS : Buffer.from(canonicalObject(members));
}

const bodies = new WeakMap<View, Map<number | "network", Buffer>>();

/** The serialised bodies of a version, each made when it is first asked for. */
function bodyOf(view: View, which: number | "network", make: () => Buffer): Buffer {
  const known = bodies.get(view) ?? new Map<number | "network", Buffer>();
  bodies.set(view, known);
  const body = known.get(which) ?? make();
  known.set(which, body);
  return body;
}

export const networkMapBytes = (view: View): Buffer => bodyOf(view, "network", () => Buffer.from(canonicalJson(networkMapBody(view))));

/** Of rows that are there as bytes already: after a change of one link the rest is copied and not made again. */
export const costMapBytes = (view: View, at: number): Buffer =>
  bodyOf(view, at, () => {
    const parts: Buffer[] = [];
    for (const source of [...view.rows.keys()].toSorted()) {
      const row = view.rows.get(source);
      const body = row === undefined ? NO_COSTS : rowBytes(row, at);
      if (body.length > 0) parts.push(Buffer.from(`${parts.length === 0 ? "" : ","}${JSON.stringify(source)}:`), body);
    }
    return Buffer.concat([Buffer.from('{"cost-map":{'), ...parts, Buffer.from(`},"meta":${canonicalJson(metaOf(view, at))}}`)]);
  });

const rowObject = (row: Row | undefined, at: number): Readonly<Record<string, number>> | undefined => {
  const cells = [...(row === undefined ? [] : pairsOf(row))].flatMap(([destination, costs]): [string, number][] => {
    const cost = costs[at] ?? Number.NaN;
    return Number.isNaN(cost) ? [] : [[destination, cost]];
  });
  return cells.length === 0 ? undefined : Object.fromEntries(cells);
};

/** What makes the later cost map of the earlier one, as an RFC 7396 merge patch; undefined where nothing of it differs. Looks at changed rows only. */
export function costMapPatch(before: View, after: View, at: number): unknown {
  const sources = new Set([...before.rows.keys(), ...after.rows.keys()]);
  const rows = [...sources].flatMap((source): [string, unknown][] => {
    const [old, now] = [before.rows.get(source), after.rows.get(source)];
    if (old === now) return [];
    const [then, later] = [rowObject(old, at), rowObject(now, at)];
    if (later === undefined) return then === undefined ? [] : [[source, null]];
    const change = then === undefined ? later : mergePatchOf(then, later);
    return change === undefined ? [] : [[source, change]];
  });
  const meta = mergePatchOf(metaOf(before, at), metaOf(after, at));
  if (rows.length === 0 && meta === undefined) return undefined;
  return { ...(rows.length === 0 ? {} : { "cost-map": Object.fromEntries(rows) }), ...(meta === undefined ? {} : { meta }) };
}

export const networkMapPatch = (before: View, after: View): unknown =>
  before.networkTag === after.networkTag ? undefined : mergePatchOf(networkMapBody(before), networkMapBody(after));
