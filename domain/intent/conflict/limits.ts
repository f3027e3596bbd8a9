import { type ReachableController, vlanRanges } from "../../controllers.ts";

/** What the operator declared, or a probe measured, of a thing that intents make claims on. */
export interface Limit {
  /** At most so much in all, for shares. */
  readonly capacity?: number;
  /** Not below this, for bounds. */
  readonly least?: number;
  /** Only these, for numbers. */
  readonly allowed?: readonly (readonly [number, number])[];
  readonly source: "declared" | "measured";
  /** Of what is measured: what the probe said, and when (ISO 8601, UTC). */
  readonly reading?: { readonly mbps: number; readonly at: string };
}

/** By a claim's `on`. */
export interface Limits {
  of(on: string): Limit | undefined;
  /** Whether anything of this sort is declared at all, so that what is not among them is unknown. */
  knows(on: string): boolean;
}

/** How claims name things: every library and the limits build these names here, so that they meet. */
export const thing = {
  port: (origin: string, node: string, port: string) => `port ${origin} ${node} ${port}`,
  portBandwidth: (origin: string, node: string, port: string) => `bandwidth ${origin} ${node} ${port}`,
  /** Of one way: links are full duplex. */
  pathBandwidth: (origin: string, from: string, to: string) => `way ${origin} ${from} ${to}`,
  path: (origin: string, a: string, b: string) => `path ${origin} ${[a, b].toSorted().join(" ")}`,
  networkName: (cluster: string, namespace: string, name: string) => `network ${cluster} ${namespace}/${name}`,
  podAddresses: (cluster: string) => `pods ${cluster}`,
  provider: (origin: string, name: string) => `provider ${origin} ${name}`,
  serviceDemarcation: (origin: string, node: string, address: string) => `sdp ${origin} ${node} ${address}`,
  session: (origin: string, location: string, localIp: string, peerAsn: number) =>
    `session ${origin} ${location} ${localIp} ${String(peerAsn)}`,
  speaker: (origin: string, location: string, localIp: string) => `speaker ${origin} ${location} ${localIp}`,
  subscriber: (origin: string, supi: string) => `subscriber ${origin} ${supi}`,
  subscriberTraffic: (origin: string, supi: string) => `traffic ${origin} ${supi}`,
  subscriberCapacity: (origin: string, supi: string, way: "ul" | "dl") => `${way} ${origin} ${supi}`,
} as const;

/** The origin that an order goes to, in the words of the operator's list: an order without a url goes to its executioner's first one. */
export const originOf = (
  controllers: readonly Pick<ReachableController, "executioner" | "origin">[],
  executioner: string,
  url?: string,
): string => (url === undefined ? (controllers.find((c) => c.executioner === executioner)?.origin ?? executioner) : new URL(url).origin);

/** What the list of controllers says of ports, paths and subscribers. */
export function declaredLimits(controllers: readonly ReachableController[]): Limits {
  const limits = new Map<string, Limit>();
  const subscriberOrigins = new Set<string>();
  const declare = (on: string, limit: Omit<Limit, "source">): void => void limits.set(on, { ...limit, source: "declared" });
  for (const { origin, ports = [], paths = [], ues, ueCapacityMbps } of controllers) {
    for (const { node, port, bandwidthGbps, vlans } of ports) {
      if (vlans !== undefined) declare(thing.port(origin, node, port), { allowed: vlanRanges(vlans) });
      if (bandwidthGbps !== undefined) declare(thing.portBandwidth(origin, node, port), { capacity: bandwidthGbps });
    }
    for (const {
      between: [a, b],
      latencyMs,
      bandwidthGbps,
    } of paths) {
      if (latencyMs !== undefined) declare(thing.path(origin, a, b), { least: latencyMs });
      if (bandwidthGbps === undefined) continue;
      declare(thing.pathBandwidth(origin, a, b), { capacity: bandwidthGbps });
      declare(thing.pathBandwidth(origin, b, a), { capacity: bandwidthGbps });
    }
    if (ues === undefined) continue;
    subscriberOrigins.add(origin);
    for (const supi of Object.keys(ues)) {
      declare(thing.subscriber(origin, supi), {});
      for (const way of ["ul", "dl"] as const) {
        const capacity = ueCapacityMbps?.[way];
        if (capacity !== undefined) declare(thing.subscriberCapacity(origin, supi, way), { capacity });
      }
    }
  }
  return {
    of: (on) => limits.get(on),
    knows: (on) => {
      const [sort, origin = ""] = on.split(" ");
      return sort === "subscriber" && subscriberOrigins.has(origin);
    },
  };
}
