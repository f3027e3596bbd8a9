import { z } from "zod";
import { ok, type Outcome, refuse } from "../../outcome.ts";
import { MacAddress } from "../formats/mac-address.ts";
import { Delay, type Link, type PortPairDelay } from "../model.ts";

/*
 * A 5G system as a bridge (3GPP TS 23.501 5.28): UEs with a device-side translator (DS-TT) are ports on one side, the UPF's network-side
 * translator (NW-TT) has the ports on the other.
 */

const trafficClass = z.int().min(0).max(7);

export const FiveGsPort = z.strictObject({
  /** The node at the other end of the port's cable. */
  neighbour: z.string().min(1).max(128),
  side: z.enum(["ds-tt", "nw-tt"]),
  portNumber: z.int().min(1).max(65_535),
  /** Of a DS-TT port it is the MAC address of its PDU session, too. */
  macAddress: MacAddress,
  /** UE-DS-TT residence time: between the UE and the port, both ways. */
  residenceNs: z.int().nonnegative().max(1_000_000_000).default(0),
  /** Whether the port's translator does LLDP itself; where it does not, the NW-TT does it in its place (TS 23.502 F.1). */
  lldp: z.boolean().default(true),
});
export type FiveGsPort = z.infer<typeof FiveGsPort>;

export const FiveGsBridge = z.strictObject({
  /** The node of kind `5gs` in the network. */
  node: z.string().min(1).max(128),
  /** 64 bits, so it is text. */
  bridgeId: z
    .string()
    .regex(/^\d{1,20}$/, "expected a whole number as text")
    .refine((text) => !/^\d{1,20}$/.test(text) || BigInt(text) < 1n << 64n, { error: "expected at most 64 bits" }),
  ports: z.array(FiveGsPort).min(2).max(1024),
  /** Preconfigured delay between UE and UPF, by direction; without a class it holds for those that have none. */
  delays: z
    .array(z.strictObject({ direction: z.enum(["uplink", "downlink"]), trafficClass: trafficClass.optional(), delay: Delay }))
    .min(2)
    .max(16),
  /** Who asks the PCF, and where it is to answer. */
  af: z.strictObject({
    afAppId: z.string().min(1).max(256).default("nemo-tsn-af"),
    notifUri: z.url(),
    tscNotifUri: z.url().optional(),
    dnn: z.string().min(1).max(256).optional(),
  }),
  /** `tscaiTimeDom`: the time domain that burst arrival times are told in. */
  timeDomain: z.int().min(0).max(127).default(0),
  /** Messages in a row that the application bears the loss of. */
  survivalMessages: z.int().positive().max(1_000).optional(),
});
export type FiveGsBridge = z.infer<typeof FiveGsBridge>;

export type Direction = "uplink" | "downlink";

/** One way through the bridge; two DS-TTs have the way up and the way down again. */
export interface PortPair {
  readonly ingress: FiveGsPort;
  readonly egress: FiveGsPort;
}

/** Up to the UPF from a DS-TT, down from it to a DS-TT. */
export const directionsOf = ({ ingress, egress }: PortPair): readonly Direction[] => [
  ...(ingress.side === "ds-tt" ? (["uplink"] as const) : []),
  ...(egress.side === "ds-tt" ? (["downlink"] as const) : []),
];

/**
 * TS 23.501 5.27.5: independentDelay of a pair of ports is the UE-DS-TT residence time and the preconfigured delay between UE and UPF; between
 * two DS-TTs it is both legs. In ns.
 */
export function independentDelay(bridge: FiveGsBridge, pair: PortPair, tc: number): Outcome<Delay, "FIVEGS_DELAY_UNKNOWN"> {
  const legs = directionsOf(pair).map((direction) => {
    const own = bridge.delays.filter((d) => d.direction === direction);
    return (own.find((d) => d.trafficClass === tc) ?? own.find((d) => d.trafficClass === undefined))?.delay;
  });
  if (legs.includes(undefined))
    return refuse("FIVEGS_DELAY_UNKNOWN", `5GS bridge ${bridge.node} has no delay for traffic class ${String(tc)}`);
  const residenceNs = [pair.ingress, pair.egress].reduce((sum, port) => sum + (port.side === "ds-tt" ? port.residenceNs : 0), 0);
  const sum = (bound: keyof Delay): number => legs.reduce((total, leg) => total + (leg?.[bound] ?? 0), residenceNs);
  return ok({ minNs: sum("minNs"), maxNs: sum("maxNs") });
}

/** dependentDelay: the time that an octet takes to be received, in picoseconds (IEEE 802.1Q 12.32.1.2). */
export const dependentDelayPsPerOctet = (rateMbps: number): number => Math.round(8_000_000 / rateMbps);

export interface ReportedDelay {
  readonly ingressPort: number;
  readonly egressPort: number;
  readonly trafficClass: number;
  readonly independentDelayMinNs: number;
  readonly independentDelayMaxNs: number;
  readonly dependentDelayPsPerOctet: number;
}

/** What the TSN AF tells the CNC of its bridge (TS 23.501 5.27.5): every pair of ports in either direction, for each of the classes. */
export function bridgeReport(bridge: FiveGsBridge, links: readonly Link[], classes: readonly number[]): readonly ReportedDelay[] {
  return pairsOf(bridge, links).flatMap(({ pair, ingressLink }) =>
    classes.flatMap((tc) => {
      const delay = independentDelay(bridge, pair, tc);
      if (!delay.ok) return [];
      return {
        ingressPort: pair.ingress.portNumber,
        egressPort: pair.egress.portNumber,
        trafficClass: tc,
        independentDelayMinNs: delay.value.minNs,
        independentDelayMaxNs: delay.value.maxNs,
        dependentDelayPsPerOctet: dependentDelayPsPerOctet(ingressLink.rateMbps),
      };
    }),
  );
}

/** The same as the scheduler reads it: between the link that leads in and the one that leads out. */
export function portDelaysOf(bridge: FiveGsBridge, links: readonly Link[], classes: readonly number[]): readonly PortPairDelay[] {
  return pairsOf(bridge, links).flatMap(({ pair, ingressLink, egressLink }) =>
    classes.flatMap((tc) => {
      const delay = independentDelay(bridge, pair, tc);
      return delay.ok ? { ingress: ingressLink.id, egress: egressLink.id, trafficClass: tc, delay: delay.value } : [];
    }),
  );
}

function pairsOf(bridge: FiveGsBridge, links: readonly Link[]) {
  const own = links.filter((l) => l.from === bridge.node || l.to === bridge.node);
  return bridge.ports.flatMap((ingress) =>
    bridge.ports.flatMap((egress) => {
      if (ingress === egress) return [];
      const ingressLink = own.find((l) => l.from === ingress.neighbour);
      const egressLink = own.find((l) => l.to === egress.neighbour);
      return ingressLink === undefined || egressLink === undefined ? [] : [{ pair: { ingress, egress }, ingressLink, egressLink }];
    }),
  );
}
