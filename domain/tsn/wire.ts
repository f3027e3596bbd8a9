import type { GuardBand, Link, Semantics, Stream } from "./model.ts";

/*
 * What a message is on a wire. The verifier has its own reading of the same standards (verify/wire.ts): neither imports the other.
 */

/** Preamble and delimiter 8, addresses and type 14, VLAN tag 4, frame check sequence 4, gap 12 (IEEE 802.1Q-2018 35.2.2.8.4). */
export const OVERHEAD_BYTES = 42;
const SMALLEST_WIRE_BYTES = 84;
const MTU_BYTES = 1500;
/** What precedes and follows every frame that the MAC counts from address to check sequence. */
const PREAMBLE_AND_GAP_BYTES = 20;

/** Octets of each frame of one interval, with preamble and gap, in the order of transmission. */
export function framesOf(stream: Pick<Stream, "frameBytes" | "framesPerInterval">, size: Semantics["size"]): readonly number[] {
  if (size === "wire") return Array.from({ length: stream.framesPerInterval }, () => stream.frameBytes);
  const message: number[] = [];
  for (let left = stream.frameBytes; left > 0; left -= MTU_BYTES) {
    message.push(Math.max(Math.min(left, MTU_BYTES) + OVERHEAD_BYTES, SMALLEST_WIRE_BYTES));
  }
  return Array.from({ length: stream.framesPerInterval }, () => message).flat();
}

/** Time that so many octets take at a link's rate, rounded up to whole nanoseconds. */
export const bytesNs = (bytes: number, rateMbps: number): number => Math.ceil((bytes * 8000) / rateMbps);

/** How long a stream keeps a link busy in each interval: all its frames, back to back. */
export const transmissionNs = (stream: Stream, link: Pick<Link, "rateMbps">, size: Semantics["size"]): number =>
  framesOf(stream, size).reduce((sum, bytes) => sum + bytesNs(bytes, link.rateMbps), 0);

/** How long before a window best effort has to stop, so that nothing of it is on the wire when the window opens. */
export function guardBandNs(mode: GuardBand, link: Pick<Link, "rateMbps" | "preemption" | "bestEffortMaxFrameBytes">): number {
  switch (mode) {
    case "none":
      return 0;
    case "hold":
      return link.preemption?.holdAdvanceNs ?? frameNs(link);
    case "preempt":
      return link.preemption === undefined ? frameNs(link) : fragmentNs(link.rateMbps, link.preemption.addFragSize);
    case "frame":
      return frameNs(link);
    default:
      return mode satisfies never;
  }
}

const frameNs = (link: Pick<Link, "rateMbps" | "bestEffortMaxFrameBytes">): number =>
  bytesNs(link.bestEffortMaxFrameBytes + PREAMBLE_AND_GAP_BYTES, link.rateMbps);

/** The longest rest of a frame that cannot be cut any more: what is short of two fragments (IEEE 802.3br; 123 octets where fragments are 64). */
const fragmentNs = (rateMbps: number, addFragSize: number): number =>
  bytesNs(64 * (1 + addFragSize) + 59 + PREAMBLE_AND_GAP_BYTES, rateMbps);
