/** How far a counter went between two looks. One that is smaller than before began anew meanwhile: what it shows is what happened since. */
export const counterDelta = (before: number, now: number): number => (now < before ? now : now - before);

/** One RAPL domain of a package: microjoules, and where the counter wraps (`max_energy_range_uj` of the Linux powercap framework). */
export interface EnergyReading {
  readonly domain: string;
  readonly energyUj: number;
  readonly rangeUj: number;
}

/**
 * Microjoules between two looks at the same domains. The counter wraps at its range, once at most between two looks: who looks must come
 * again before it can wrap twice (a package of 200 W takes 20 minutes for the usual range). A domain that was not there before counts nothing.
 */
export function energySpentUj(before: readonly EnergyReading[], now: readonly EnergyReading[]): number {
  const earlier = new Map(before.map((reading) => [reading.domain, reading]));
  let spent = 0;
  for (const { domain, energyUj, rangeUj } of now) {
    const known = earlier.get(domain);
    if (known === undefined) continue;
    spent += energyUj >= known.energyUj ? energyUj - known.energyUj : rangeUj - known.energyUj + energyUj;
  }
  return spent;
}

/** What a node's interfaces carried, both ways. */
export interface TrafficReading {
  readonly linkBytes: number;
  readonly nodeBytes: number;
}

/** A link's share of its node's power: by its share of the bytes that the node moved. Undefined where nothing moved. */
export function linkPowerW(nodeW: number, before: TrafficReading, now: TrafficReading): number | undefined {
  const node = counterDelta(before.nodeBytes, now.nodeBytes);
  if (node <= 0) return undefined;
  return nodeW * Math.min(1, counterDelta(before.linkBytes, now.linkBytes) / node);
}

/**
 * The node's power in Kepler's exposition: `kepler_node_cpu_watts` of zone `package`, summed over packages. Its other zones overlap with that
 * one and are never added. Undefined where there is no such sample.
 */
export function keplerPackageW(exposition: string): number | undefined {
  let watts: number | undefined;
  for (const line of exposition.split("\n")) {
    const [, labels = "", value = ""] = /^kepler_node_cpu_watts\{([^}]*)\}\s+(\S+)/.exec(line) ?? [];
    if (!/(?:^|,)\s*zone="package"/.test(labels)) continue;
    const sample = Number(value);
    if (Number.isFinite(sample) && sample >= 0) watts = (watts ?? 0) + sample;
  }
  return watts;
}
