import type { Link, Stream } from "../model.ts";
import type { Fault, MemberSchedule, StreamSchedule } from "../schedule.ts";
import type { Ground } from "./network.ts";

/** A hop with the one that feeds it. */
export interface Step {
  readonly link: Link;
  readonly startNs: number;
  readonly queue: number;
  readonly feeder: Step | undefined;
}

export interface Walk {
  readonly stream: Stream;
  readonly tree: number;
  readonly steps: readonly Step[];
}

/** Follows a member's hops from the talker on; says where they are no tree that leads from there to listeners. */
export function walkMember(
  ground: Ground,
  stream: Stream,
  member: MemberSchedule,
): { readonly walk: Walk; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const steps: Step[] = [];
  const intoNode = new Map<string, Step | undefined>([[stream.talker, undefined]]);
  const fault = (reason: string, link: string): void => void faults.push({ kind: "route-broken", stream: stream.id, link, reason });
  for (const hop of member.hops) {
    const link = ground.links.get(hop.link);
    if (link === undefined) {
      fault(`${hop.link} is no link of the network`, hop.link);
      continue;
    }
    if (!intoNode.has(link.from)) fault(`no earlier link brings the frame to ${link.from}`, link.id);
    if (intoNode.has(link.to)) fault(`the frame comes to ${link.to} twice`, link.id);
    if (link.from !== stream.talker && ground.nodes.get(link.from)?.kind === "end-station")
      fault(`${link.from} is an end station and forwards nothing`, link.id);
    const step: Step = { link, startNs: hop.startNs, queue: hop.queue, feeder: intoNode.get(link.from) };
    intoNode.set(link.to, step);
    steps.push(step);
  }
  const feeders = new Set(steps.map((s) => s.feeder));
  for (const step of steps) {
    if (!feeders.has(step) && !stream.listeners.includes(step.link.to))
      fault(`the route ends at ${step.link.to}, which does not listen`, step.link.id);
  }
  return { walk: { stream, tree: member.tree, steps }, faults };
}

/** The links from the talker to a listener. */
export function wayTo(walk: Walk, listener: string): readonly Link[] | undefined {
  const links: Link[] = [];
  for (let step = walk.steps.find((s) => s.link.to === listener); step !== undefined; step = step.feeder) links.unshift(step.link);
  return links.length === 0 ? undefined : links;
}

/** Every listener gets every tree once, over ways that share only what no way can do without. */
export function checkRedundancy(ground: Ground, stream: Stream, scheduled: StreamSchedule, walks: readonly Walk[]): readonly Fault[] {
  const faults: Fault[] = [];
  for (const listener of stream.listeners) {
    const ways: (readonly Link[])[] = [];
    for (let tree = 0; tree < stream.trees; tree++) {
      const found = walks.filter((w) => w.tree === tree).flatMap((w) => wayTo(w, listener) ?? []);
      const carriers = walks.filter((w) => w.tree === tree && wayTo(w, listener) !== undefined);
      if (carriers.length !== 1)
        faults.push({
          kind: "route-broken",
          stream: scheduled.id,
          reason: `tree ${String(tree)} brings the frame to ${listener} ${String(carriers.length)} times`,
        });
      else ways.push(found);
    }
    for (const [i, way] of ways.entries()) {
      for (const other of ways.slice(i + 1)) faults.push(...sharedInVain(ground, stream, listener, way, other, ways.length));
    }
  }
  return faults;
}

/** By Menger's theorem two ways need to share exactly the links and bridges without which the listener is out of reach. */
function sharedInVain(
  ground: Ground,
  stream: Stream,
  listener: string,
  way: readonly Link[],
  other: readonly Link[],
  trees: number,
): readonly Fault[] {
  if (trees > 2 && fewestWays(ground, stream.talker, listener) < trees) return [];
  const faults: Fault[] = [];
  const report = (what: string, link: Link): void =>
    void faults.push({
      kind: "route-not-disjoint",
      stream: stream.id,
      link: link.id,
      reason: `two trees to ${listener} share ${what} without need`,
    });
  for (const link of way) {
    if (other.some((l) => l.id === link.id) && reaches(ground, stream.talker, listener, { link: link.id })) report(link.id, link);
    const node = link.to;
    if (node !== listener && other.some((l) => l.to === node) && reaches(ground, stream.talker, listener, { node })) report(node, link);
  }
  return faults;
}

export interface Without {
  readonly link?: string;
  readonly node?: string;
  readonly links?: ReadonlySet<string>;
}

/** True where a frame can get from one node to the other without that link, those links or that node. */
export function reaches(ground: Ground, from: string, to: string, without: Without): boolean {
  const seen = new Set([from]);
  const queue = [from];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (node === to) return true;
    if (node !== from && ground.nodes.get(node)?.kind === "end-station") continue;
    for (const link of ground.problem.links) {
      if (link.from !== node || link.id === without.link || without.links?.has(link.id) === true) continue;
      if (link.to === without.node || seen.has(link.to)) continue;
      seen.add(link.to);
      queue.push(link.to);
    }
  }
  return false;
}

/** Link-disjoint ways between two nodes, counted by taking a way, reversing it, and looking for another (Ford–Fulkerson). */
function fewestWays(ground: Ground, from: string, to: string): number {
  const used = new Set<string>();
  for (let count = 0; ; count++) {
    const via = new Map<string, { readonly link: Link; readonly back: boolean }>();
    const queue = [from];
    while (queue.length > 0 && !via.has(to)) {
      const node = queue.shift() as string;
      for (const link of ground.problem.links) {
        const forward = link.from === node && !used.has(link.id);
        const back = link.to === node && used.has(link.id);
        const next = forward ? link.to : link.from;
        if ((!forward && !back) || next === from || via.has(next)) continue;
        if (next !== to && ground.nodes.get(next)?.kind === "end-station") continue;
        via.set(next, { link, back });
        queue.push(next);
      }
    }
    if (!via.has(to)) return count;
    for (let node = to; node !== from;) {
      const { link, back } = via.get(node) as { link: Link; back: boolean };
      if (back) used.delete(link.id);
      else used.add(link.id);
      node = back ? link.to : link.from;
    }
  }
}
