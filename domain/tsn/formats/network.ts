import { z } from "zod";
import { FiveGsBridge, portDelaysOf } from "../fiveg/bridge.ts";
import { syncErrors, withSyncErrors } from "../fiveg/sync-budget.ts";
import { GuardBand, Link, Node, Problem, Semantics, Stream } from "../model.ts";
import { faultAt, faultsOf, parseJson } from "./json-text.ts";
import { FrameIdentity, MacAddress } from "./mac-address.ts";
import { faulty, type Read, readOk, type TextFault } from "./text.ts";

/*
 * The network of a domain as one JSON document, of our own: cnc-config has streams and no topology, and tsnkit's tables know neither names
 * nor clocks nor 5G systems.
 */

const strict = <S extends z.ZodRawShape>({ shape }: z.ZodObject<S>) => z.strictObject(shape);

export const SyncOptions = z.strictObject({
  grandmaster: z.string().min(1).max(128),
  /** gPTP's error a hop, either way. */
  perHopErrorNs: z.int().nonnegative().max(100_000),
  /** Default: 900 ns, of which TS 22.104 lets a 5G system have all between its ports. */
  fiveGsErrorNs: z.int().nonnegative().max(1_000_000).default(900),
});

export const NetworkDocument = z.strictObject({
  nodes: z
    .array(z.strictObject({ ...Node.shape, macAddress: MacAddress.optional() }))
    .min(2)
    .max(20_000),
  /** One direction each. */
  links: z.array(strict(Link)).min(1).max(100_000),
  streams: z
    .array(z.strictObject({ ...Stream.shape, frames: FrameIdentity.optional() }))
    .max(50_000)
    .default([]),
  semantics: strict(Semantics).prefault({}),
  guardBand: GuardBand.default("frame"),
  scheduledClasses: z.array(z.int().min(0).max(7)).min(1).max(8).default([7, 6, 5, 4]),
  sync: SyncOptions.optional(),
  fiveGs: z.array(FiveGsBridge).max(64).default([]),
});
export type NetworkDocument = z.infer<typeof NetworkDocument>;

/** What the renderings need beyond the problem. */
export const TsnInput = z.strictObject({
  problem: Problem,
  /** How the frames of a stream are told from others, by stream; `frameIdentityOf` chooses for those that are not here. */
  frames: z.record(z.string(), FrameIdentity).default({}),
  /** By node. */
  macAddresses: z.record(z.string(), MacAddress).default({}),
  fiveGs: z.array(FiveGsBridge).default([]),
});
export type TsnInput = z.infer<typeof TsnInput>;

/** A network with its own streams, or with none of them, as the scheduler reads it. */
export function readNetwork(text: string): Read<TsnInput> {
  const document = readNetworkDocument(text);
  return document.ok ? readOk(inputOf(document.value)) : document;
}

/** Every fault has its place in the text. */
export function readNetworkDocument(text: string): Read<NetworkDocument> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const { value, placeOf } = parsed.value;
  const checked = NetworkDocument.safeParse(value);
  if (!checked.success) return faulty(...faultsOf(checked.error.issues, placeOf));
  const faults = strayReferences(checked.data).map(({ path, reason }) => faultAt(path, reason, placeOf));
  return faults.length > 0 ? faulty(...faults) : readOk(checked.data);
}

/** The scheduler's problem, with 5GS delays and clocks worked into it. */
export function inputOf({ nodes, links, streams, semantics, guardBand, scheduledClasses, sync, fiveGs }: NetworkDocument): TsnInput {
  const plain = nodes.map(({ macAddress: _mac, ...node }) => {
    const bridge = fiveGs.find((b) => b.node === node.id);
    // What is written at the node itself is the operator's last word.
    const derived = bridge === undefined || node.portDelays.length > 0 ? node.portDelays : portDelaysOf(bridge, links, scheduledClasses);
    return { ...node, portDelays: [...derived] };
  });
  const synchronised = sync === undefined ? plain : withSyncErrors(plain, syncErrors({ nodes: plain, links }, sync));
  return {
    problem: {
      nodes: synchronised,
      links,
      streams: streams.map(({ frames: _frames, ...stream }) => stream),
      semantics,
      guardBand,
      scheduledClasses,
    },
    frames: Object.fromEntries(streams.flatMap(({ id, frames }) => (frames === undefined ? [] : [[id, frames] as const]))),
    macAddresses: Object.fromEntries(nodes.flatMap(({ id, macAddress }) => (macAddress === undefined ? [] : [[id, macAddress] as const]))),
    fiveGs,
  };
}

interface Stray extends Pick<TextFault, "reason"> {
  readonly path: readonly (string | number)[];
}

/** Names that stand for nothing, and names that stand for two things. */
function strayReferences({ nodes, links, streams, sync, fiveGs }: NetworkDocument): readonly Stray[] {
  const known = new Set(nodes.map(({ id }) => id));
  const isNode = (id: string, path: Stray["path"]): Stray[] => (known.has(id) ? [] : [{ path, reason: `there is no node ${id}` }]);
  return [
    ...twice(nodes, "nodes"),
    ...twice(links, "links"),
    ...twice(streams, "streams"),
    ...links.flatMap(({ from, to }, i) => [...isNode(from, ["links", i, "from"]), ...isNode(to, ["links", i, "to"])]),
    ...streams.flatMap(({ talker, listeners }, i) => [
      ...isNode(talker, ["streams", i, "talker"]),
      ...listeners.flatMap((id, k) => isNode(id, ["streams", i, "listeners", k])),
    ]),
    ...(sync === undefined ? [] : isNode(sync.grandmaster, ["sync", "grandmaster"])),
    ...fiveGs.flatMap(({ node, ports }, i) => [
      ...(nodes.some((n) => n.id === node && n.kind === "5gs")
        ? []
        : [{ path: ["fiveGs", i, "node"], reason: `there is no node ${node} of kind 5gs` }]),
      ...ports.flatMap(({ neighbour }, k) =>
        links.some((l) => (l.from === node && l.to === neighbour) || (l.to === node && l.from === neighbour))
          ? []
          : [{ path: ["fiveGs", i, "ports", k, "neighbour"], reason: `no link joins ${node} and ${neighbour}` }],
      ),
    ]),
  ];
}

function twice(items: readonly { readonly id: string }[], list: string): readonly Stray[] {
  const first = new Map<string, number>();
  return items.flatMap(({ id }, i) => {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, i);
    return earlier === undefined ? [] : [{ path: [list, i, "id"], reason: `${id} is the id of /${list}/${String(earlier)} already` }];
  });
}
