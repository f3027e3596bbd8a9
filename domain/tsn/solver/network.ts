import { ok, type Outcome, refuse } from "../../outcome.ts";
import type { Delay, Link, Node, Problem, Stream } from "../model.ts";
import type { TsnRefusal } from "../options.ts";
import { bytesNs, framesOf } from "../wire.ts";
import { lcm } from "./arithmetic.ts";

/** The problem with numbers for names. */
export interface Network {
  readonly problem: Problem;
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Links that leave a node. */
  readonly out: readonly (readonly number[])[];
  readonly forwards: readonly boolean[];
  readonly nodeOf: ReadonlyMap<string, number>;
  readonly linkOf: ReadonlyMap<string, number>;
  /** How far any clock may be from true time, with the granularity of the gates, which has the same effect. */
  readonly clockErrorNs: number;
  delay(node: number, ingress: number, egress: number, trafficClass: number): Delay;
}

/** Frames of a stream on links of one rate, sent back to back. */
export interface Block {
  readonly txNs: number;
  /** When each frame's last octet is out, and its first one in, from the block's start. */
  readonly ends: readonly number[];
  readonly starts: readonly number[];
}

/** What has to be placed as one: a stream's tree to these listeners. */
export interface Job {
  readonly index: number;
  readonly stream: Stream;
  readonly tree: number;
  readonly talker: number;
  readonly listeners: readonly number[];
  readonly periodNs: number;
  /** What is kept free on either side of its frames: two clocks may be off, and the talker may be. */
  readonly padNs: number;
  readonly frames: readonly number[];
  readonly blocks: Map<number, Block>;
}

export function compile(problem: Problem): Outcome<Network, TsnRefusal> {
  const { nodes, links } = problem;
  const nodeOf = new Map(nodes.map((n, i) => [n.id, i]));
  const linkOf = new Map(links.map((l, i) => [l.id, i]));
  const invalid = (reason: string, path: string) => refuse("TSN_PROBLEM_INVALID" as const, reason, path);
  if (nodeOf.size < nodes.length) return invalid("two nodes have one id", "/nodes");
  if (linkOf.size < links.length) return invalid("two links have one id", "/links");
  const from = new Int32Array(links.length);
  const to = new Int32Array(links.length);
  const out: number[][] = nodes.map(() => []);
  for (const [i, link] of links.entries()) {
    const ends = [nodeOf.get(link.from), nodeOf.get(link.to)] as const;
    if (ends[0] === undefined || ends[1] === undefined || ends[0] === ends[1])
      return invalid(`link ${link.id} does not join two nodes of the network`, `/links/${String(i)}`);
    [from[i], to[i]] = [ends[0], ends[1]];
    out[ends[0]]?.push(i);
  }
  const streamFault = firstStreamFault(problem, nodeOf);
  if (streamFault !== undefined) return streamFault;
  const pairs = portPairs(problem, linkOf);
  if (!pairs.ok) return pairs;
  const sync = nodes.reduce((worst, n) => Math.max(worst, n.syncErrorNs), 0);
  const tick = links.reduce((worst, l) => Math.max(worst, l.gates.tickNs), 1);
  return ok({
    problem,
    nodes,
    links,
    from,
    to,
    out,
    forwards: nodes.map((n) => n.kind !== "end-station"),
    nodeOf,
    linkOf,
    clockErrorNs: sync + tick - 1,
    delay: (node, ingress, egress, trafficClass) => {
      const at = pairs.value.size === 0 ? undefined : pairs.value.get(`${String(ingress)} ${String(egress)}`);
      return (at?.get(trafficClass) ?? at?.get(-1) ?? nodes[node]?.processing) as Delay;
    },
  });
}

function firstStreamFault(problem: Problem, nodeOf: ReadonlyMap<string, number>) {
  const seen = new Set<string>();
  let hyperperiod = 1;
  for (const [i, s] of problem.streams.entries()) {
    const invalid = (reason: string) => refuse("TSN_PROBLEM_INVALID" as const, `stream ${s.id} ${reason}`, `/streams/${String(i)}`);
    if (seen.has(s.id)) return invalid("is there twice");
    seen.add(s.id);
    const unknown = [s.talker, ...s.listeners].find((id) => !nodeOf.has(id));
    if (unknown !== undefined) return invalid(`names ${unknown}, which is no node`);
    if (s.listeners.includes(s.talker)) return invalid("listens to itself");
    if (new Set(s.listeners).size < s.listeners.length) return invalid("names a listener twice");
    if (!problem.scheduledClasses.includes(s.trafficClass))
      return invalid(`has traffic class ${String(s.trafficClass)}, which is not among the scheduled ones`);
    const latest = s.latestOffsetNs ?? s.intervalNs - 1;
    if (latest >= s.intervalNs || s.earliestOffsetNs > latest) return invalid("has no transmission window inside its interval");
    const period = hyperperiod;
    hyperperiod = lcm(period, s.intervalNs);
    if (!Number.isFinite(hyperperiod)) return invalid("makes the least common multiple of all intervals exceed 2^53 ns");
  }
  return undefined;
}

type PairDelays = ReadonlyMap<string, ReadonlyMap<number, Delay>>;

function portPairs(problem: Problem, linkOf: ReadonlyMap<string, number>): Outcome<PairDelays, TsnRefusal> {
  const pairs = new Map<string, Map<number, Delay>>();
  for (const [i, node] of problem.nodes.entries()) {
    for (const [k, { ingress, egress, trafficClass, delay }] of node.portDelays.entries()) {
      const [a, b] = [linkOf.get(ingress), linkOf.get(egress)];
      const path = `/nodes/${String(i)}/portDelays/${String(k)}`;
      if (a === undefined || b === undefined || problem.links[a]?.to !== node.id || problem.links[b]?.from !== node.id)
        return refuse("TSN_PROBLEM_INVALID", `${node.id} has no ports at which ${ingress} ends and ${egress} starts`, path);
      const key = `${String(a)} ${String(b)}`;
      pairs.set(key, (pairs.get(key) ?? new Map<number, Delay>()).set(trafficClass ?? -1, delay));
    }
  }
  return ok(pairs);
}

/** One job a tree; a redundant stream with several listeners has one for each of them, so that each has its disjoint paths. */
export function jobsOf(network: Network, streams: readonly Stream[]): readonly Job[] {
  const jobs: Job[] = [];
  const blocks = new Map<string, Map<number, Block>>();
  const node = (id: string): number => network.nodeOf.get(id) ?? -1;
  for (const stream of streams) {
    const frames = framesOf(stream, network.problem.semantics.size);
    const shape = `${String(stream.frameBytes)} ${String(stream.framesPerInterval)}`;
    const shared = blocks.get(shape) ?? new Map<number, Block>();
    blocks.set(shape, shared);
    const groups = stream.trees === 1 ? [stream.listeners] : stream.listeners.map((l) => [l]);
    for (const listeners of groups) {
      for (let tree = 0; tree < stream.trees; tree++) {
        jobs.push({
          index: jobs.length,
          stream,
          tree,
          talker: node(stream.talker),
          listeners: listeners.map(node),
          periodNs: stream.intervalNs,
          padNs: network.clockErrorNs + stream.talkerJitterNs,
          frames,
          blocks: shared,
        });
      }
    }
  }
  return jobs;
}

export function blockOf(job: Pick<Job, "frames" | "blocks">, rateMbps: number): Block {
  const known = job.blocks.get(rateMbps);
  if (known !== undefined) return known;
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const bytes of job.frames) {
    starts.push(at);
    at += bytesNs(bytes, rateMbps);
    ends.push(at);
  }
  const block = { txNs: at, starts, ends };
  job.blocks.set(rateMbps, block);
  return block;
}
