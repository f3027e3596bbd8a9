import type { ReachableController } from "../../controllers.ts";
import { type Pair, pairId, type ProbeNode } from "../../probe/model.ts";
import { type Age, isFresh } from "../../topology/cost-map.ts";
import type { LinkState, Reading } from "../../topology/model.ts";
import { type Limit, type Limits, thing } from "./limits.ts";

/** Where a measurement of a link is kept: under the cluster that it starts in, and the ends of the link. */
export interface LinkPlace {
  readonly cluster: string;
  readonly place: string;
}

const end = (text: string): Pick<ProbeNode, "cluster" | "node"> => {
  const slash = text.indexOf("/");
  return { cluster: text.slice(0, slash), node: text.slice(slash + 1) };
};

/** Which link's measurement tells what a way between two nodes carries, by a claim's `on`: the operator says where probes stand, nobody guesses. */
export function measurable(controllers: readonly Pick<ReachableController, "origin" | "probes">[]): ReadonlyMap<string, LinkPlace> {
  const places = new Map<string, LinkPlace>();
  for (const { origin, probes = {} } of controllers)
    for (const [from, source] of Object.entries(probes))
      for (const [to, destination] of Object.entries(probes)) {
        if (from === to) continue;
        const pair: Pair<Pick<ProbeNode, "cluster" | "node">> = { source: end(source), destination: end(destination) };
        places.set(thing.pathBandwidth(origin, from, to), { cluster: pair.source.cluster, place: pairId(pair) });
      }
  return places;
}

/** The middle of a test's stretches before its mean, which a stall lowers. */
const THROUGHPUT = ["tput:p50:forward", "tput:mean:forward"] as const;

/**
 * What a link was last seen to carry (Gbit/s). Undefined where nothing was measured or what was is stale (older than `age.staleAfterMs`), and
 * where nothing came through: that is a fault of that moment and no capacity.
 */
export function measuredCapacity({ readings }: Pick<LinkState, "readings">, age: Age): Limit | undefined {
  for (const name of THROUGHPUT) {
    const reading: Reading | undefined = readings[name];
    if (reading === undefined || !isFresh(reading, age)) continue;
    const { value } = reading.measurement;
    if (value !== null && value > 0) {
      const mbps = Number(value.toPrecision(4));
      return { capacity: mbps / 1000, source: "measured", reading: { mbps, at: reading.at } };
    }
  }
  return undefined;
}

/** What is declared, and where nothing is, what was measured. */
export const withMeasured = (declared: Limits, measured: ReadonlyMap<string, Limit>): Limits => ({
  of: (on) => declared.of(on) ?? measured.get(on),
  knows: (on) => declared.knows(on),
});
