import { ok, type Outcome, refuse } from "../../outcome.ts";

/*
 * Time Sensitive Communication Assistance Information from PSFP managed objects (3GPP TS 23.501 Annex I). The words are the standard's:
 * burst arrival time at the ingress port, periodicity, flow direction.
 */

/** `PSFPAdminBaseTime`, `PSFPAdminCycleTime` and `PSFPAdminControlList` of a stream gate. */
export interface PsfpGate {
  /** Ns from the PTP epoch. */
  readonly baseTimeNs: bigint;
  readonly cycleNs: number;
  readonly entries: readonly { readonly isOpen: boolean; readonly intervalNs: number }[];
}

export interface TrafficPattern {
  /** With reference to the ingress port, in ns of the PTP epoch. */
  readonly burstArrivalNs: bigint;
  readonly periodicityNs: number;
}

export type PatternRefusal = "PSFP_GATE_CLOSED" | "PSFP_GATE_UNEVEN" | "PSFP_CYCLE_MISMATCH";

/**
 * TS 23.501 Annex I.1. The burst arrives when the gate first opens; the period is the cycle, or from one opening to the next where there are
 * several. Adjacent open entries are one opening. Openings at unequal distances have no one period, and are refused: the rule would hide the
 * longest of them.
 */
export function trafficPattern({ baseTimeNs, cycleNs, entries }: PsfpGate): Outcome<TrafficPattern, PatternRefusal> {
  const totalNs = entries.reduce((sum, { intervalNs }) => sum + intervalNs, 0);
  if (totalNs !== cycleNs)
    return refuse("PSFP_CYCLE_MISMATCH", `the gate's entries add up to ${String(totalNs)} ns and its cycle is ${String(cycleNs)} ns`);
  const openings: number[] = [];
  let atNs = 0;
  for (const [i, { isOpen, intervalNs }] of entries.entries()) {
    if (isOpen && entries[i - 1]?.isOpen !== true) openings.push(atNs);
    atNs += intervalNs;
  }
  const [first] = openings;
  if (first === undefined) return refuse("PSFP_GATE_CLOSED", "the gate never opens, so no burst ever arrives");
  const distances = openings.map((from, i) => (openings[i + 1] ?? first + cycleNs) - from);
  const [periodicityNs = cycleNs] = distances;
  if (distances.some((ns) => ns !== periodicityNs))
    return refuse("PSFP_GATE_UNEVEN", `the gate opens at unequal distances (${distances.join(", ")} ns), which no one periodicity tells`);
  return ok({ burstArrivalNs: baseTimeNs + BigInt(first), periodicityNs });
}

/** A stream, or the copy of it that one of its trees carries. */
export interface MemberStream {
  readonly stream: string;
  readonly tree: number;
}

/** A stream as it comes into a 5GS bridge. */
export interface Burst extends TrafficPattern, MemberStream {
  readonly trafficClass: number;
  readonly ingressPort: number;
  readonly egressPort: number;
  readonly burstBytes: number;
}

/** Streams that one TSCAI container and one QoS flow serve. */
export interface Aggregate extends TrafficPattern {
  readonly streams: readonly MemberStream[];
  readonly trafficClass: number;
  readonly ingressPort: number;
  readonly egressPort: number;
  /** Of all streams together, in one period. */
  readonly burstBytes: number;
}

/** How far bursts may arrive apart and still be told as one: a slot at 30 kHz subcarrier spacing, below which no radio grant is placed. */
export const COMPATIBLE_WITHIN_NS = 500_000;

/**
 * Joins streams of the same traffic class, port pair and periodicity whose bursts arrive within a time of each other (TS 23.501 5.27.2 and
 * Annex I). The arrival is the earliest of the set: grants that come before the data wait, data that comes before its grant is late. Bursts
 * are compared within the period, and each aggregate's spread stays within the bound from its first burst on.
 */
export function aggregate(bursts: readonly Burst[], withinNs: number = COMPATIBLE_WITHIN_NS): readonly Aggregate[] {
  const groups = Map.groupBy(bursts, (b) => [b.trafficClass, b.ingressPort, b.egressPort, b.periodicityNs].join(" "));
  return [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted(
      (a, b) => phaseOf(a) - phaseOf(b) || (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.tree - b.tree),
    );
    const sets: Burst[][] = [];
    for (const burst of ordered) {
      const open = sets.at(-1);
      const [first] = open ?? [];
      if (open !== undefined && first !== undefined && phaseOf(burst) - phaseOf(first) <= withinNs) open.push(burst);
      else sets.push([burst]);
    }
    return sets.flatMap(joined);
  });
}

const phaseOf = ({ burstArrivalNs, periodicityNs }: TrafficPattern): number => Number(burstArrivalNs % BigInt(periodicityNs));

function joined(set: readonly Burst[]): readonly Aggregate[] {
  const [first] = set;
  if (first === undefined) return [];
  const { trafficClass, ingressPort, egressPort, burstArrivalNs, periodicityNs } = first;
  return [
    {
      streams: set.map(({ stream, tree }) => ({ stream, tree })),
      trafficClass,
      ingressPort,
      egressPort,
      burstArrivalNs,
      periodicityNs,
      burstBytes: set.reduce((sum, { burstBytes }) => sum + burstBytes, 0),
    },
  ];
}

/** What the SMF makes of the container for the radio network (TS 23.501 5.27.2.4): the arrival at the gNB, in µs as NGAP has it. */
export interface RanTscai {
  readonly burstArrivalUs: bigint;
  readonly periodicityUs: number;
}

/** `delayNs`: of the core network for downlink, of UE and DS-TT for uplink. Clocks are taken to agree; where the UPF reports drift the SMF scales. */
export const ranTscai = ({ burstArrivalNs, periodicityNs }: TrafficPattern, delayNs: number): RanTscai => ({
  burstArrivalUs: (burstArrivalNs + BigInt(delayNs)) / 1000n,
  periodicityUs: periodicityNs / 1000,
});
