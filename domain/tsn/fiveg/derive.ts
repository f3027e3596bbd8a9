import { ok, type Outcome, refuse } from "../../outcome.ts";
import { frameIdentities } from "../formats/frame-identity.ts";
import type { TsnInput } from "../formats/network.ts";
import { type StreamGate, streamGates } from "../formats/stream-gates.ts";
import { dateTimeOf, nextCycleNs } from "../formats/times.ts";
import type { Schedule } from "../schedule.ts";
import {
  bridgeReport,
  type Direction,
  directionsOf,
  type FiveGsBridge,
  type FiveGsPort,
  independentDelay,
  type PortPair,
  type ReportedDelay,
} from "./bridge.ts";
import { fiveQiFor } from "./five-qi.ts";
import { type NeighbourReport, neighbourReports } from "./lldp.ts";
import { type AppSessionContext, appSession, type QosRequest } from "./npcf.ts";
import { type Aggregate, aggregate, type Burst, type MemberStream, ranTscai, trafficPattern } from "./tscai.ts";

export type TscaiRefusal =
  | "FIVEGS_NONE"
  | "FIVEGS_PORT_UNKNOWN"
  | "FIVEGS_DELAY_UNKNOWN"
  | "FIVEQI_NONE"
  | "PSFP_GATE_CLOSED"
  | "PSFP_GATE_UNEVEN"
  | "PSFP_CYCLE_MISMATCH"
  | "TSCAI_PERIODICITY"
  | "TSCAI_DELAY";

export interface TscaiOptions {
  /** No schedule begins before; ns from the PTP epoch. */
  readonly baseTimeNs?: bigint;
  /** See `aggregate`. */
  readonly compatibleWithinNs?: number;
}

/** One container, for one direction of one set of streams. */
export interface TscaiContainer {
  readonly streams: readonly MemberStream[];
  readonly direction: Direction;
  readonly trafficClass: number;
  readonly ingressPort: number;
  readonly egressPort: number;
  /** RFC 3339 in the time domain of the container, in which there are no leap seconds. */
  readonly burstArrivalTime: string;
  readonly periodicityUs: number;
  readonly burstBytes: number;
  readonly survivalMessages?: number;
  readonly fiveQi: number;
  readonly packetDelayBudgetMs: number;
  readonly packetDelayMs: number;
  /** At the gNB, as NGAP tells it. */
  readonly ran: { readonly burstArrivalTime: string; readonly periodicityUs: number };
}

export interface FiveGsAnswer {
  readonly node: string;
  readonly bridgeId: string;
  readonly containers: readonly TscaiContainer[];
  /** One body a PDU session, by the MAC address of its DS-TT. */
  readonly sessions: Readonly<Record<string, AppSessionContext>>;
  readonly delays: readonly ReportedDelay[];
  readonly neighbours: readonly NeighbourReport[];
}

/** What the TSN AF makes of a schedule, for every 5GS bridge of the network. */
export function deriveTscai(
  input: TsnInput,
  schedule: Schedule,
  options: TscaiOptions = {},
): Outcome<readonly FiveGsAnswer[], TscaiRefusal> {
  if (input.fiveGs.length === 0) return refuse("FIVEGS_NONE", "the network describes no 5GS bridge: its document needs fiveGs");
  const gates = Map.groupBy(streamGates(input.problem, schedule), ({ node }) => node);
  const answers: FiveGsAnswer[] = [];
  for (const bridge of input.fiveGs) {
    const answer = answerOf(bridge, input, { gates: gates.get(bridge.node) ?? [], schedule, options });
    if (!answer.ok) return answer;
    answers.push(answer.value);
  }
  return ok(answers);
}

interface Crossing {
  readonly gates: readonly StreamGate[];
  readonly schedule: Schedule;
  readonly options: TscaiOptions;
}

function answerOf(bridge: FiveGsBridge, input: TsnInput, { gates, schedule, options }: Crossing): Outcome<FiveGsAnswer, TscaiRefusal> {
  const bursts: Burst[] = [];
  for (const gate of gates) {
    const crossing = burstsOf(gate, bridge, input, { schedule, baseTimeNs: options.baseTimeNs ?? 0n });
    if (!crossing.ok) return crossing;
    bursts.push(...crossing.value);
  }
  const containers: TscaiContainer[] = [];
  const requests = new Map<FiveGsPort, QosRequest[]>(bridge.ports.filter(({ side }) => side === "ds-tt").map((port) => [port, []]));
  const identityOf = frameIdentities(input);
  for (const set of aggregate(bursts, options.compatibleWithinNs)) {
    const pair = pairOf(bridge, set);
    if (pair === undefined) continue;
    for (const direction of directionsOf(pair)) {
      const asked = requestOf(bridge, pair, set, direction);
      if (!asked.ok) return asked;
      const flows = set.streams.map(({ stream, tree }) => identityOf(stream, tree));
      requests.get(direction === "uplink" ? pair.ingress : pair.egress)?.push({ ...asked.value, flows });
      containers.push(containerOf(bridge, pair, asked.value));
    }
  }
  const sessions: Record<string, AppSessionContext> = {};
  for (const [dstt, asked] of requests) {
    if (asked.length === 0 && dstt.lldp) continue;
    const session = appSession(bridge, dstt, asked, !dstt.lldp);
    if (!session.ok) return session;
    sessions[dstt.macAddress] = session.value;
  }
  const classes = [...new Set(bursts.map(({ trafficClass }) => trafficClass))].toSorted((a, b) => a - b);
  return ok({
    node: bridge.node,
    bridgeId: bridge.bridgeId,
    containers,
    sessions,
    delays: bridgeReport(bridge, input.problem.links, classes),
    neighbours: neighbourReports(bridge, input),
  });
}

function burstsOf(
  gate: StreamGate,
  bridge: FiveGsBridge,
  { problem }: TsnInput,
  { schedule, baseTimeNs }: { readonly schedule: Schedule; readonly baseTimeNs: bigint },
): Outcome<readonly Burst[], TscaiRefusal> {
  const { links, streams } = problem;
  const linkOf = (id: string) => links.find((link) => link.id === id);
  const hops = schedule.streams.find(({ id }) => id === gate.stream)?.members[gate.tree]?.hops ?? [];
  const outs = hops.flatMap(({ link }) => linkOf(link) ?? []).filter(({ from }) => from === bridge.node);
  const portAt = (neighbour: string | undefined) => bridge.ports.find((port) => port.neighbour === neighbour);
  const ingress = portAt(linkOf(gate.ingress)?.from);
  const pattern = trafficPattern({
    baseTimeNs: nextCycleNs(baseTimeNs, gate.cycleNs) + BigInt(gate.baseNs),
    cycleNs: gate.cycleNs,
    entries: gate.entries,
  });
  if (!pattern.ok) return pattern;
  const bursts: Burst[] = [];
  for (const { to } of outs) {
    const egress = portAt(to);
    if (ingress === undefined || egress === undefined)
      return refuse(
        "FIVEGS_PORT_UNKNOWN",
        `stream ${gate.stream} crosses 5GS bridge ${bridge.node} by a port that its document does not list`,
      );
    bursts.push({
      ...pattern.value,
      stream: gate.stream,
      tree: gate.tree,
      trafficClass: streams.find(({ id }) => id === gate.stream)?.trafficClass ?? gate.queue,
      ingressPort: ingress.portNumber,
      egressPort: egress.portNumber,
      burstBytes: gate.burstBytes,
    });
  }
  return ok(bursts);
}

function pairOf(bridge: FiveGsBridge, { ingressPort, egressPort }: Aggregate): PortPair | undefined {
  const ingress = bridge.ports.find(({ portNumber }) => portNumber === ingressPort);
  const egress = bridge.ports.find(({ portNumber }) => portNumber === egressPort);
  return ingress === undefined || egress === undefined ? undefined : { ingress, egress };
}

const NS_PER_MS = 1_000_000;

function requestOf(
  bridge: FiveGsBridge,
  pair: PortPair,
  set: Aggregate,
  direction: Direction,
): Outcome<Omit<QosRequest, "flows">, TscaiRefusal> {
  // One leg alone: between two DS-TTs each session is asked for its own way.
  const leg = {
    ingress: direction === "uplink" ? pair.ingress : networkSide,
    egress: direction === "downlink" ? pair.egress : networkSide,
  };
  const delay = independentDelay(bridge, leg, set.trafficClass);
  if (!delay.ok) return delay;
  const dstt = direction === "uplink" ? pair.ingress : pair.egress;
  // Rounded down, so that what is asked for is never looser than what the schedule reckons with.
  const packetDelayMs = Math.floor((delay.value.maxNs - dstt.residenceNs) / NS_PER_MS);
  if (packetDelayMs < 1)
    return refuse("TSCAI_DELAY", `the delay of 5GS bridge ${bridge.node} is below the 1 ms that a PCF can be asked for`);
  const fiveQi = fiveQiFor(set.burstBytes, packetDelayMs);
  if (!fiveQi.ok) return fiveQi;
  // What came up from another DS-TT is at the UPF when that way is behind it.
  const upNs = direction === "downlink" && pair.ingress.side === "ds-tt" ? upwards(bridge, pair, set.trafficClass) : 0;
  const moved = { ...set, burstArrivalNs: set.burstArrivalNs + BigInt(upNs) };
  return ok({ aggregate: moved, direction, fiveQi: fiveQi.value, packetDelayMs });
}

function upwards(bridge: FiveGsBridge, { ingress }: PortPair, trafficClass: number): number {
  const delay = independentDelay(bridge, { ingress, egress: networkSide }, trafficClass);
  return delay.ok ? delay.value.maxNs : 0;
}

const networkSide: FiveGsPort = { neighbour: "", side: "nw-tt", portNumber: 1, macAddress: "", residenceNs: 0, lldp: true };

function containerOf(
  bridge: FiveGsBridge,
  pair: PortPair,
  { aggregate: set, direction, fiveQi, packetDelayMs }: Omit<QosRequest, "flows">,
): TscaiContainer {
  const delayNs = direction === "downlink" ? fiveQi.coreDelayMs * NS_PER_MS : pair.ingress.residenceNs;
  const ran = ranTscai(set, delayNs);
  return {
    streams: set.streams,
    direction,
    trafficClass: set.trafficClass,
    ingressPort: set.ingressPort,
    egressPort: set.egressPort,
    burstArrivalTime: dateTimeOf(set.burstArrivalNs),
    periodicityUs: set.periodicityNs / 1000,
    burstBytes: set.burstBytes,
    ...(bridge.survivalMessages === undefined ? {} : { survivalMessages: bridge.survivalMessages }),
    fiveQi: fiveQi.fiveQi,
    packetDelayBudgetMs: fiveQi.packetDelayBudgetMs,
    packetDelayMs,
    ran: { burstArrivalTime: dateTimeOf(ran.burstArrivalUs * 1000n), periodicityUs: ran.periodicityUs },
  };
}
