import type { Delay, Link, Node, Problem, Stream } from "../model.ts";

/*
 * The verifier's own reading of the problem. It imports the model and nothing else of the scheduler: what both had wrong, neither would find.
 */

export interface Ground {
  readonly problem: Problem;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly links: ReadonlyMap<string, Link>;
  readonly streams: ReadonlyMap<string, Stream>;
  /** The worst error of any clock; a gate's granularity counts as one. */
  readonly clockErrorNs: number;
}

const byId = <T extends { readonly id: string }>(items: readonly T[]): ReadonlyMap<string, T> => new Map(items.map((i) => [i.id, i]));

export function groundOf(problem: Problem): Ground {
  const worst = (numbers: readonly number[]): number => {
    let most = 0;
    for (const n of numbers) most = n > most ? n : most;
    return most;
  };
  return {
    problem,
    nodes: byId(problem.nodes),
    links: byId(problem.links),
    streams: byId(problem.streams),
    clockErrorNs: worst(problem.nodes.map((n) => n.syncErrorNs)) + worst(problem.links.map((l) => l.gates.tickNs - 1)),
  };
}

/** When the first octet of each frame goes out and the last one is through, counted from the first frame's start. */
export interface Burst {
  readonly frames: readonly { readonly from: number; readonly to: number }[];
  readonly lengthNs: number;
}

/** Octets on the wire: 14 header + 4 tag + 4 check sequence + 8 preamble + 12 gap around at least 42 and at most 1500 of payload. */
export function burstOf(stream: Stream, rateMbps: number, size: "payload" | "wire"): Burst {
  const octets: number[] = [];
  for (let message = 0; message < stream.framesPerInterval; message++) {
    if (size === "wire") {
      octets.push(stream.frameBytes);
      continue;
    }
    const whole = Math.floor(stream.frameBytes / 1500);
    const rest = stream.frameBytes % 1500;
    for (let k = 0; k < whole; k++) octets.push(1542);
    if (rest > 0) octets.push(rest < 42 ? 84 : rest + 42);
  }
  let clock = 0;
  const frames = octets.map((n) => {
    const from = clock;
    clock += Number((BigInt(n) * 8000n + BigInt(rateMbps) - 1n) / BigInt(rateMbps));
    return { from, to: clock };
  });
  return { frames, lengthNs: clock };
}

/** The delay of the bridge between two links. */
export function bridgeDelay({ nodes }: Ground, ingress: Link, egress: Link, trafficClass: number): Delay {
  const bridge = nodes.get(egress.from);
  const pairs = (bridge?.portDelays ?? []).filter((p) => p.ingress === ingress.id && p.egress === egress.id);
  const exact = pairs.findLast((p) => p.trafficClass === trafficClass) ?? pairs.findLast((p) => p.trafficClass === undefined);
  return exact?.delay ?? bridge?.processing ?? { minNs: 0, maxNs: 0 };
}

/** Time that best effort needs to get out of the way. */
export function quietBefore({ problem }: Ground, link: Link): number {
  const ns = (octets: number): number => Number((BigInt(octets) * 8000n + BigInt(link.rateMbps) - 1n) / BigInt(link.rateMbps));
  const whole = ns(link.bestEffortMaxFrameBytes + 20);
  if (problem.guardBand === "none") return 0;
  if (link.preemption === undefined || problem.guardBand === "frame") return whole;
  if (problem.guardBand === "hold") return link.preemption.holdAdvanceNs;
  return ns(64 * (link.preemption.addFragSize + 1) + 79);
}
