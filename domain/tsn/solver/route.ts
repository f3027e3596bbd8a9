import { type Block, blockOf, type Job, type Network } from "./network.ts";

/** A tree of links with the times of a frame that no bridge keeps longer than it must. Hop 0 is the talker's; a parent comes before its child. */
export interface Route {
  readonly links: readonly number[];
  readonly parents: readonly number[];
  /** Start on each link, counted from the start on the first. */
  readonly offsets: readonly number[];
  readonly txNs: readonly number[];
  /** How long before its start a frame may already be in the queue: delays that vary, and bursts that a fast link would outrun. */
  readonly holdNs: readonly number[];
  /** From the parent's start to the earliest start here. */
  readonly stepNs: readonly number[];
  /** From a last hop's start to the end of the latency; -1 at a hop that feeds others only. */
  readonly tailNs: readonly number[];
  /** Latency of the worst listener, counted from the start on the first link. */
  readonly spanNs: number;
}

/** When the block may start on the next link, so that none of its frames has to wait for octets; counted from its start on this one. */
const follow = (block: Block, next: Block): number => {
  let latest = 0;
  for (const [j, end] of block.ends.entries()) latest = Math.max(latest, end - (next.starts[j] ?? 0));
  return latest;
};

/** `parents[i]` is the hop that feeds hop i. Every listener of the job is at the end of one hop. */
export function timeRoute(network: Network, job: Job, links: readonly number[], parents: readonly number[]): Route {
  const { semantics } = network.problem;
  const offsets: number[] = [];
  const txNs: number[] = [];
  const holdNs: number[] = [];
  const stepNs: number[] = [];
  const tailNs: number[] = [];
  let spanNs = 0;
  for (const [i, link] of links.entries()) {
    const { rateMbps, propagationNs } = network.links[link] as { rateMbps: number; propagationNs: number };
    const block = blockOf(job, rateMbps);
    txNs.push(block.txNs);
    const parent = parents[i] ?? -1;
    const feeding = links[parent];
    if (feeding === undefined) {
      offsets.push(0);
      stepNs.push(0);
      holdNs.push(0);
    } else {
      const before = network.links[feeding] as { rateMbps: number; propagationNs: number };
      const sent = blockOf(job, before.rateMbps);
      const delay = network.delay(network.from[link] as number, feeding, link, job.stream.trafficClass);
      const step = follow(sent, block) + before.propagationNs + delay.maxNs;
      stepNs.push(step);
      offsets.push((offsets[parent] as number) + step);
      holdNs.push(step - ((sent.ends[0] as number) + before.propagationNs + delay.minNs));
    }
    const node = network.to[link] as number;
    const tail = job.listeners.includes(node)
      ? propagationNs +
        (semantics.latencyTo === "start-of-frame" ? (block.starts.at(-1) ?? 0) : block.txNs) +
        (semantics.latencyTo === "delivered" ? (network.nodes[node]?.processing.maxNs ?? 0) : 0)
      : -1;
    tailNs.push(tail);
    if (tail >= 0) spanNs = Math.max(spanNs, (offsets[i] as number) + tail);
  }
  return { links, parents, offsets, txNs, holdNs, stepNs, tailNs, spanNs };
}

/** A path, hop after hop. */
export const timePath = (network: Network, job: Job, links: readonly number[]): Route =>
  timeRoute(
    network,
    job,
    links,
    links.map((_, i) => i - 1),
  );
