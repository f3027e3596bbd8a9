import type { Node, Semantics, Stream } from "../model.ts";
import type { StreamSchedule, Verdict } from "../schedule.ts";
import { transmissionNs } from "../wire.ts";
import { CNC_ROOT, CncConfig, type CncStream, type EndStationInterface } from "./cnc-schema.ts";
import { faultAt, faultsOf, type JsonText, parseJson } from "./json-text.ts";
import type { FrameIdentity } from "./mac-address.ts";
import { inputOf, NetworkDocument, type TsnInput } from "./network.ts";
import { faulty, MAX_FAULTS, type Read, readOk, type TextFault } from "./text.ts";

/*
 * The user-to-network interface of the fully centralised model (IEEE 802.1Q clause 46): a CUC's streams in, what the CNC has to say of them
 * out.
 */

type Path = readonly (string | number)[];
/** A fault whose place is yet to be looked up. */
type Stray = { readonly path: Path; readonly reason: string };

/** Without a bound the latency that was computed holds (46.2.3.6.2), so any will do. */
const UNBOUNDED_NS = 60_000_000_000;

export interface CncInput {
  readonly config: CncConfig;
  readonly input: TsnInput;
}

/** Streams of all domains and CUCs of the file on the network given, or on the `network` that stands in the file. */
export function readCncConfig(text: string, network?: TsnInput): Read<CncInput> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const { value, placeOf } = parsed.value;
  const config = CncConfig.safeParse(value);
  if (!config.success) return faulty(...faultsOf(config.error.issues, placeOf));
  const on = networkOf(config.data, network, placeOf);
  if (!on.ok) return on;
  const { problem, frames, ...rest } = on.value;
  const streams: Stream[] = [];
  const identities: Record<string, FrameIdentity> = { ...frames };
  const strays: Stray[] = [];
  const seats = seatsOf(on.value);
  const all = streamsOf(config.data);
  const taken = new Set(problem.streams.map(({ id }) => id));
  for (const { stream, path } of all) {
    const read = streamOf(stream, path, seats);
    strays.push(...read.strays);
    if (taken.has(read.stream.id)) strays.push({ path, reason: "the stream-id is there twice" });
    taken.add(read.stream.id);
    streams.push(read.stream);
    if (read.identity !== undefined) identities[read.stream.id] = read.identity;
  }
  const semantics = semanticsOf(all);
  if (!semantics.ok) strays.push(semantics.stray);
  if (strays.length > 0) return faulty(...strays.slice(0, MAX_FAULTS).map(({ path, reason }): TextFault => faultAt(path, reason, placeOf)));
  const read: TsnInput = {
    ...rest,
    frames: identities,
    problem: { ...problem, streams: [...problem.streams, ...streams], ...(semantics.ok ? { semantics: semantics.value } : {}) },
  };
  return readOk({ config: config.data, input: read });
}

function networkOf(config: CncConfig, network: TsnInput | undefined, placeOf: JsonText["placeOf"]): Read<TsnInput> {
  if (network !== undefined) return readOk(network);
  if (config.network === undefined)
    return faulty({
      ...placeOf([]),
      reason: "has streams and no network: give one with --topology, or put it beside them as a member named network",
    });
  const checked = NetworkDocument.safeParse(config.network);
  if (checked.success) return readOk(inputOf(checked.data));
  const issues = checked.error.issues.map((issue) => ({ ...issue, path: ["network", ...issue.path] }));
  return faulty(...faultsOf(issues, placeOf));
}

const streamsOf = (config: CncConfig): readonly { readonly stream: CncStream; readonly path: Path }[] =>
  config[CNC_ROOT].domain.flatMap(({ cuc }, d) =>
    cuc.flatMap(({ stream }, c) => stream.map((one, s) => ({ stream: one, path: [CNC_ROOT, "domain", d, "cuc", c, "stream", s] }))),
  );

/** End stations by MAC address, and by name. */
interface Seats {
  readonly byMac: ReadonlyMap<string, string>;
  readonly names: ReadonlySet<string>;
}

const seatsOf = ({ problem, macAddresses }: TsnInput): Seats => ({
  byMac: new Map(Object.entries(macAddresses).map(([node, mac]) => [mac, node])),
  names: new Set(problem.nodes.map(({ id }: Pick<Node, "id">) => id)),
});

/** By its MAC address; else by the node's name, which may stand before the interface's, as `plc-1:eth0` or `plc-1`. */
function seatOf(interfaces: readonly EndStationInterface[], { byMac, names }: Seats): string | undefined {
  for (const { "mac-address": mac, "interface-name": name } of interfaces) {
    const seat = byMac.get(mac) ?? [name, name.split(/[:/]/)[0] ?? ""].find((way) => names.has(way));
    if (seat !== undefined) return seat;
  }
  return undefined;
}

function streamOf(
  given: CncStream,
  path: Path,
  seats: Seats,
): { readonly stream: Stream; readonly identity: FrameIdentity | undefined; readonly strays: readonly Stray[] } {
  const { talker } = given;
  const traffic = talker["traffic-specification"];
  const aware = traffic["time-aware"];
  const strays: Stray[] = [];
  const seat = (interfaces: readonly EndStationInterface[], at: Path): string => {
    const found = seatOf(interfaces, seats);
    if (found === undefined)
      strays.push({
        path: at,
        reason: "no node of the network has this MAC address: give its node a macAddress, or name the node in interface-name",
      });
    return found ?? "";
  };
  const intervalNs = (traffic.interval.numerator * 1_000_000_000) / traffic.interval.denominator;
  if (!Number.isInteger(intervalNs))
    strays.push({ path: [...path, "talker", "traffic-specification", "interval"], reason: "is not a whole number of nanoseconds" });
  const bounds = [talker, ...given.listener].map((side) => side["user-to-network-requirements"]["max-latency"]).filter((ns) => ns > 0);
  const trees = talker["user-to-network-requirements"]["num-seamless-trees"];
  if (trees > 4)
    strays.push({ path: [...path, "talker", "user-to-network-requirements", "num-seamless-trees"], reason: "expected at most 4" });
  const identity = identityOf(given);
  return {
    strays,
    identity,
    stream: {
      id: given["stream-id"],
      talker: seat(talker["end-station-interfaces"], [...path, "talker", "end-station-interfaces"]),
      listeners: given.listener.map((one, i) => seat(one["end-station-interfaces"], [...path, "listener", i, "end-station-interfaces"])),
      intervalNs,
      frameBytes: traffic["max-frame-size"],
      framesPerInterval: traffic["max-frames-per-interval"],
      maxLatencyNs: bounds.length === 0 ? UNBOUNDED_NS : Math.min(...bounds),
      earliestOffsetNs: aware?.["earliest-transmit-offset"] ?? 0,
      ...(aware?.["latest-transmit-offset"] === undefined ? {} : { latestOffsetNs: aware["latest-transmit-offset"] }),
      talkerJitterNs: aware?.jitter ?? 0,
      trafficClass: identity?.priority ?? 7,
      trees: Math.max(1, trees),
      rank: talker["stream-rank"].rank,
    },
  };
}

function identityOf({ talker }: CncStream): FrameIdentity | undefined {
  const macs = talker["data-frame-specification"].find((one) => one["ieee802-mac-addresses"] !== undefined)?.["ieee802-mac-addresses"];
  const tag = talker["data-frame-specification"].find((one) => one["ieee802-vlan-tag"] !== undefined)?.["ieee802-vlan-tag"];
  if (macs === undefined || tag === undefined || tag["vlan-id"] < 1 || tag["vlan-id"] > 4094) return undefined;
  return {
    destinationMac: macs["destination-mac-address"],
    sourceMac: macs["source-mac-address"],
    vlanId: tag["vlan-id"],
    priority: tag["priority-code-point"],
  };
}

/** `max-latency` of a time-aware talker counts from the start of the interval, of any other from its transmission (46.2.3.6.2). */
function semanticsOf(
  all: ReturnType<typeof streamsOf>,
): { readonly ok: true; readonly value: Semantics } | { readonly ok: false; readonly stray: Stray } {
  const isAware = ({ stream }: (typeof all)[number]): boolean => stream.talker["traffic-specification"]["time-aware"] !== undefined;
  const [first] = all;
  const odd = first === undefined ? undefined : all.find((one) => isAware(one) !== isAware(first));
  if (odd !== undefined) {
    const reason = "streams with time-aware and without count their latency from different moments: plan them one kind at a time";
    return { ok: false, stray: { path: [...odd.path, "talker", "traffic-specification"], reason } };
  }
  const latencyFrom = first !== undefined && !isAware(first) ? "release" : "interval";
  return { ok: true, value: { size: "payload", latencyFrom, latencyTo: "start-of-frame" } };
}

/** Our own number for "cannot be scheduled": the codes of Table 46-15 are not to be had freely, and 0 alone means success. */
const FAILURE_CODE = 1;

/** What the CUC is answered: the request with each stream's status, latency and time-aware offset in it. State, so for `<get-data>` only. */
export function answerCnc({ config, input }: CncInput, verdict: Verdict): object {
  const schedule = verdict.verdict === "scheduled" ? verdict.schedule : verdict.verdict === "undecided" ? verdict.best : undefined;
  const latencyOf = listenerLatencies(input);
  const placed = new Map(schedule?.streams.map((one) => [one.id, one]));
  const { domain } = config[CNC_ROOT];
  return {
    [CNC_ROOT]: {
      domain: domain.map((one) => ({
        ...one,
        cuc: one.cuc.map((cuc) => ({
          ...cuc,
          stream: cuc.stream.map((stream) => answerStream(stream, placed.get(stream["stream-id"]), latencyOf)),
        })),
      })),
    },
  };
}

function answerStream(stream: CncStream, placed: StreamSchedule | undefined, latencyOf: ReturnType<typeof listenerLatencies>): object {
  if (placed === undefined)
    return {
      ...stream,
      "stream-status": "planned",
      "status-info": { "talker-status": "failed", "listener-status": "failed", "failure-code": FAILURE_CODE },
    };
  const [first] = placed.members[0]?.hops ?? [];
  const offset = {
    "interface-configuration": {
      "interface-list": stream.talker["end-station-interfaces"].map((one) => ({
        ...one,
        "config-list": [{ index: 0, "time-aware-offset": first?.startNs ?? 0 }],
      })),
    },
  };
  const isAware = stream.talker["traffic-specification"]["time-aware"] !== undefined;
  return {
    ...stream,
    "stream-status": "configured",
    talker: { ...stream.talker, "accumulated-latency": placed.latencyNs, ...(isAware ? offset : {}) },
    listener: stream.listener.map((one) => ({
      ...one,
      "accumulated-latency": latencyOf(one["end-station-interfaces"], placed) ?? placed.latencyNs,
    })),
    "status-info": { "talker-status": "ready", "listener-status": "ready", "failure-code": 0 },
  };
}

/** The latency of one listener, over all trees; undefined where no hop leads to it. */
function listenerLatencies(input: TsnInput) {
  const { semantics } = input.problem;
  const links = new Map(input.problem.links.map((link) => [link.id, link]));
  const streams = new Map(input.problem.streams.map((stream) => [stream.id, stream]));
  const seats = seatsOf(input);
  return (interfaces: readonly EndStationInterface[], placed: StreamSchedule): number | undefined => {
    const seat = seatOf(interfaces, seats);
    const stream = streams.get(placed.id);
    const latencies = placed.members.flatMap(({ hops }) =>
      hops.flatMap(({ link: id, startNs }) => {
        const link = links.get(id);
        if (link === undefined || link.to !== seat || stream === undefined) return [];
        const onWireNs = semantics.latencyTo === "start-of-frame" ? 0 : transmissionNs(stream, link, semantics.size);
        const fromNs = semantics.latencyFrom === "interval" ? 0 : (hops[0]?.startNs ?? 0);
        return startNs + onWireNs + link.propagationNs - fromNs;
      }),
    );
    return latencies.length === 0 ? undefined : Math.max(...latencies);
  };
}
