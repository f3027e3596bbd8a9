import type { FiveGsBridge } from "./bridge.ts";
import type { TsnInput } from "../formats/network.ts";

/*
 * Who is next to the ports of a 5GS bridge (3GPP TS 23.501 5.28.3, TS 23.502 F.1). A translator that does LLDP reports its own neighbours. For
 * a DS-TT that does not, the NW-TT sends and takes LLDP frames through the UE's PDU session, and reports in its place.
 */

export interface NeighbourReport {
  readonly portNumber: number;
  readonly portMac: string;
  readonly side: "ds-tt" | "nw-tt";
  readonly neighbour: string;
  /** Of the neighbour, where the network knows it. */
  readonly neighbourMac: string | undefined;
  /** Who speaks LLDP at the port. */
  readonly discoveredBy: "ds-tt" | "nw-tt" | "nw-tt-in-place-of-ds-tt";
  /** The frame that goes out by the port, where the NW-TT has to make it: octets in hexadecimal. */
  readonly frame?: string;
}

export const neighbourReports = (bridge: FiveGsBridge, { macAddresses }: Pick<TsnInput, "macAddresses">): readonly NeighbourReport[] =>
  bridge.ports.map(({ portNumber, macAddress, side, neighbour, lldp }) => {
    const inPlace = side === "ds-tt" && !lldp;
    return {
      portNumber,
      portMac: macAddress,
      side,
      neighbour,
      neighbourMac: macAddresses[neighbour],
      discoveredBy: inPlace ? ("nw-tt-in-place-of-ds-tt" as const) : side,
      ...(inPlace ? { frame: lldpFrame({ sourceMac: macAddress, chassis: bridge.bridgeId, port: String(portNumber) }) } : {}),
    };
  });

export interface LldpIdentity {
  readonly sourceMac: string;
  /** Locally assigned chassis id: a 5GS bridge's is its bridge id. */
  readonly chassis: string;
  /** Locally assigned port id. */
  readonly port: string;
}

const TTL_SECONDS = 120;
const NEAREST_BRIDGE = "0180C200000E";
const ETHERTYPE = "88CC";
const LOCALLY_ASSIGNED = 7;

/** IEEE 802.1AB: chassis id (TLV 1, subtype 7), port id (TLV 2, subtype 7), time to live (TLV 3), end (TLV 0), to the nearest bridge. */
export function lldpFrame({ sourceMac, chassis, port }: LldpIdentity): string {
  const tlvs = [
    tlv(1, [LOCALLY_ASSIGNED, ...textOctets(chassis)]),
    tlv(2, [LOCALLY_ASSIGNED, ...textOctets(port)]),
    tlv(3, [TTL_SECONDS >> 8, TTL_SECONDS & 255]),
    tlv(0, []),
  ];
  return `${NEAREST_BRIDGE}${sourceMac.replaceAll("-", "")}${ETHERTYPE}${hex(tlvs.flat())}`;
}

/** Seven bits of type, nine of length. */
const tlv = (type: number, value: readonly number[]): readonly number[] => [
  (type << 1) | (value.length >> 8),
  value.length & 255,
  ...value,
];

const textOctets = (text: string): readonly number[] => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i) & 127);
const hex = (octets: readonly number[]): string => octets.map((octet) => octet.toString(16).toUpperCase().padStart(2, "0")).join("");
