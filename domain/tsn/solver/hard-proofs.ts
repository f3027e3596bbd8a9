import type { Certificate } from "../schedule.ts";
import { gcd } from "./arithmetic.ts";
import { accessCuts, type Cut, innerCuts } from "./cuts.ts";
import { chainsOf, type Load, packHarmonic } from "./harmonic.ts";
import { blockOf, type Job, type Network } from "./network.ts";
import { onePerStream } from "./preflight.ts";
import { refute } from "./refute.ts";
import type { Route } from "./route.ts";
import type { Routing } from "./routing.ts";

/*
 * Proofs by exhaustion, for what is left when the search has failed: small parts of the problem, which are then made as small as they can be.
 */

const PACKING_NODES = 20_000;
/** Below this share of a link, a packing that fails is too rare to look for. */
const CROWDED = 0.7;

/** A link that all of these jobs pass, and no way to pack their frames. */
export function packingProof(network: Network, jobs: readonly Job[], routing: Routing): Certificate | undefined {
  for (const cut of singleCuts(network, jobs, routing)) {
    const link = network.links[cut.links[0] as number];
    if (link === undefined) continue;
    for (const chain of chainsOf(cut.jobs.map((j) => j.periodNs))) {
      const loads = onePerStream(cut.jobs)
        .filter((j) => chain.includes(j.periodNs))
        .map((job) => ({ job, ...loadOf(job, link.rateMbps) }));
      if (loads.reduce((sum, l) => sum + l.occupancyNs / l.period, 0) < CROWDED) continue;
      if (packHarmonic(loads, PACKING_NODES) !== "impossible") continue;
      const least = minimal(loads, (some) => packHarmonic(some, PACKING_NODES) === "impossible");
      return {
        kind: "harmonic-packing",
        model: "strictly-periodic",
        link: link.id,
        streams: [...new Set(least.map((l) => l.job.stream.id))],
        reason: `no way to deal ${String(least.length)} frames out to the turns of the shortest interval`,
      };
    }
  }
  return undefined;
}

const loadOf = (job: Job, rateMbps: number): Load => ({ period: job.periodNs, occupancyNs: blockOf(job, rateMbps).txNs + 2 * job.padNs });

function* singleCuts(network: Network, jobs: readonly Job[], routing: Routing): Generator<Cut> {
  for (const cut of accessCuts(network, jobs)) yield cut;
  for (const cut of innerCuts(network, jobs, routing)) if (cut.links.length === 1) yield cut;
}

/** Leaves out one after the other what the proof does not need. */
function minimal<T>(items: readonly T[], isEnough: (some: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  for (const item of items) {
    const fewer = kept.filter((other) => other !== item);
    if (isEnough(fewer)) kept = fewer;
  }
  return kept;
}

const CORE = 9;
const CENTRES = 12;
const CORE_NODES = 1500;

/** A few jobs around one that keeps failing, for which exhaustive search finds no schedule. */
export function coreProof(network: Network, jobs: readonly Job[], routing: Routing, weights: Float64Array): Certificate | undefined {
  const weightOf = (job: Job): number => weights[job.index] as number;
  const heaviest = jobs.toSorted((a, b) => weightOf(b) - weightOf(a) || a.index - b.index);
  const routesOf = (job: Job): readonly Route[] | undefined => {
    const [listener] = job.listeners;
    return listener === undefined || routing.paths(job.talker, listener) === undefined ? undefined : routing.all(job);
  };
  const isRefuted = (core: readonly Job[]): boolean => refute(network, core, routesOf, CORE_NODES) === "refuted";
  for (const centre of heaviest.slice(0, CENTRES)) {
    if (weightOf(centre) <= 1) break;
    for (const core of coresAround(centre, heaviest, routing, weightOf)) {
      if (!isRefuted(core)) continue;
      const least = minimal(core, isRefuted);
      const links = new Set(least.flatMap((j) => routing.all(j)[0]?.links ?? []));
      return {
        kind: "conflict-set",
        model: "strictly-periodic",
        streams: least.map((j) => j.stream.id),
        links: [...links].map((l) => network.links[l]?.id ?? ""),
        reason: `exhaustive search finds no schedule for these ${String(least.length)} streams alone`,
      };
    }
  }
  return undefined;
}

/** Those that fail most among its neighbours, and those that leave it the least choice. */
function coresAround(centre: Job, jobs: readonly Job[], routing: Routing, weightOf: (job: Job) => number): readonly (readonly Job[])[] {
  const near = jobs
    .filter((j) => j !== centre)
    .map((job) => ({ job, tightness: tightnessOf(centre, job, routing) }))
    .filter((n) => n.tightness > 0);
  const by = (compare: (a: (typeof near)[number], b: (typeof near)[number]) => number): readonly Job[] => [
    centre,
    ...near
      .toSorted((a, b) => compare(a, b) || a.job.index - b.job.index)
      .slice(0, CORE - 1)
      .map((n) => n.job),
  ];
  return [by((a, b) => weightOf(b.job) - weightOf(a.job)), by((a, b) => b.tightness - a.tightness)];
}

/** Share of the offsets to each other at which two jobs would meet, over all links that they have in common. */
function tightnessOf(a: Job, b: Job, routing: Routing): number {
  const [first] = routing.all(a);
  const [second] = routing.all(b);
  const g = gcd(a.periodNs, b.periodNs);
  let taken = 0;
  for (const [i, link] of (first?.links ?? []).entries()) {
    const k = second?.links.indexOf(link) ?? -1;
    if (k >= 0) taken += ((first?.txNs[i] ?? 0) + (second?.txNs[k] ?? 0)) / g;
  }
  return taken;
}
