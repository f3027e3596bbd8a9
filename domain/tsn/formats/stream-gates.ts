import type { Link, Node, Problem, Stream } from "../model.ts";
import type { Schedule } from "../schedule.ts";
import { transmissionNs } from "../wire.ts";

/** One entry of a stream gate's control list (IEEE 802.1Q 8.6.5.4). */
export interface StreamGateEntry {
  readonly isOpen: boolean;
  readonly intervalNs: number;
}

/** What Per-Stream Filtering and Policing lets into a bridge of one member stream, and when. */
export interface StreamGate {
  readonly stream: string;
  /** Place of the copy among the stream's members: those of several listeners may have the same tree number. */
  readonly tree: number;
  readonly node: string;
  readonly ingress: string;
  /** The queue that frames wait in behind the gate, which is their internal priority (IPV). */
  readonly queue: number;
  /** When the list begins, from the start of an interval. */
  readonly baseNs: number;
  readonly cycleNs: number;
  readonly entries: readonly StreamGateEntry[];
  /** Octets of payload in one interval, and in the largest frame. */
  readonly burstBytes: number;
  readonly maxSduBytes: number;
}

const MTU_BYTES = 1500;

/** The largest payload of one frame, and of all frames of an interval. */
export function payloadOf(
  { frameBytes, framesPerInterval }: Stream,
  size: Problem["semantics"]["size"],
): { readonly sdu: number; readonly burst: number } {
  return { sdu: size === "payload" ? Math.min(frameBytes, MTU_BYTES) : frameBytes, burst: frameBytes * framesPerInterval };
}

/**
 * A gate for each stream at each bridge that it comes into: open from the earliest moment that its first octet may arrive to the latest that
 * its last may, with the clocks of both ends and the talker's jitter against it.
 */
export function streamGates(problem: Problem, schedule: Schedule): readonly StreamGate[] {
  const nodes = new Map(problem.nodes.map((node) => [node.id, node]));
  const links = new Map(problem.links.map((link) => [link.id, link]));
  const streams = new Map(problem.streams.map((stream) => [stream.id, stream]));
  return schedule.streams.flatMap(({ id, members }) => {
    const stream = streams.get(id);
    if (stream === undefined) return [];
    return members.flatMap(({ hops }, tree) =>
      hops.flatMap((hop) => {
        const link = links.get(hop.link);
        const node = link === undefined ? undefined : nodes.get(link.to);
        if (link === undefined || node === undefined || node.kind === "end-station") return [];
        const onward = hops.find(({ link: next }) => links.get(next)?.from === node.id);
        const { sdu, burst } = payloadOf(stream, problem.semantics.size);
        return {
          stream: id,
          tree,
          node: node.id,
          ingress: link.id,
          queue: onward?.queue ?? stream.trafficClass,
          ...listOf(stream, windowOf(stream, hop.startNs, { link, from: nodes.get(link.from), to: node, size: problem.semantics.size })),
          burstBytes: burst,
          maxSduBytes: sdu,
        };
      }),
    );
  });
}

interface Window {
  readonly fromNs: number;
  readonly lengthNs: number;
}

interface Crossing {
  readonly link: Link;
  readonly from: Node | undefined;
  readonly to: Node;
  readonly size: Problem["semantics"]["size"];
}

function windowOf(stream: Stream, startNs: number, { link, from, to, size }: Crossing): Window {
  const jitterNs = link.from === stream.talker ? stream.talkerJitterNs : 0;
  const marginNs = (from?.syncErrorNs ?? 0) + to.syncErrorNs + jitterNs;
  return { fromNs: startNs + link.propagationNs - marginNs, lengthNs: transmissionNs(stream, link, size) + 2 * marginNs };
}

/** A window that would cross the end of the cycle begins the list instead, so that no list has it in two pieces. */
function listOf({ intervalNs }: Stream, { fromNs, lengthNs }: Window): Pick<StreamGate, "baseNs" | "cycleNs" | "entries"> {
  if (lengthNs >= intervalNs) return { baseNs: 0, cycleNs: intervalNs, entries: [{ isOpen: true, intervalNs }] };
  const fromStartNs = ((fromNs % intervalNs) + intervalNs) % intervalNs;
  const crosses = fromStartNs + lengthNs > intervalNs;
  const baseNs = crosses ? fromStartNs : 0;
  const entries = [
    { isOpen: false, intervalNs: fromStartNs - baseNs },
    { isOpen: true, intervalNs: lengthNs },
    { isOpen: false, intervalNs: intervalNs - (fromStartNs - baseNs) - lengthNs },
  ];
  return { baseNs, cycleNs: intervalNs, entries: entries.filter((entry) => entry.intervalNs > 0) };
}
