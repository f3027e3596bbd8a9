import type { Stream } from "../model.ts";
import type { FrameIdentity } from "./mac-address.ts";
import type { TsnInput } from "./network.ts";

const FIRST_VLAN = 100;
const MAX_VLAN = 4094;

/** Six octets of which the low four count; the first says what the address is. */
const address = (first: number, n: number): string =>
  [first, 0, ...[24, 16, 8, 0].map((shift) => (n >>> shift) & 255)]
    .map((octet) => octet.toString(16).padStart(2, "0").toUpperCase())
    .join("-");

/**
 * What tells a member stream from all others: what the stream came with, else a locally administered group address by its place in the
 * problem. Each tree has a VLAN of its own, so that bridges forward the copies apart.
 */
export function frameIdentities({ problem, frames, macAddresses }: TsnInput): (stream: Stream["id"], tree: number) => FrameIdentity {
  const places = new Map(problem.streams.map((stream, i) => [stream.id, { stream, i }]));
  return (id, tree) => {
    const { stream, i } = places.get(id) ?? { stream: undefined, i: places.size };
    const sourceMac = stream === undefined ? undefined : macAddresses[stream.talker];
    const known = frames[id] ?? {
      destinationMac: address(0x03, i),
      ...(sourceMac === undefined ? {} : { sourceMac }),
      vlanId: FIRST_VLAN,
      priority: stream?.trafficClass ?? 7,
    };
    // Round the end of the range, past 0 and 4095, which are nobody's.
    return { ...known, vlanId: ((known.vlanId - 1 + tree) % MAX_VLAN) + 1 };
  };
}

/** The address of a bridge that has none, by its place: locally administered. */
export const bridgeAddress = (place: number): string => address(0x02, place);
