import { ok, type Outcome, refuse } from "../outcome.ts";

/**
 * Test packets of the Simple Two-way Active Measurement Protocol: RFC 8762 sections 4.2 (sender) and 4.3 (reflector), with the session
 * identifier of RFC 8972 section 3. Both directions have one size, so that a reflector amplifies nothing.
 */
export const STAMP_PORT = 862;

/** Octets of a packet in either mode: without authentication, and with an HMAC over everything before it. */
export const PACKET_BYTES = { open: 44, authenticated: 112 } as const;
const HMAC_BYTES = 16;

/** HMAC-SHA-256 (RFC 8762 section 4.4) of some bytes, under the key that both ends have. The domain has no cryptography of its own. */
export type Hmac = (bytes: Uint8Array) => Uint8Array;

/** How well a clock follows UTC: RFC 4656 section 4.1.2. `errorNs` is the bound of its error, told as Multiplier × 2^(Scale − 32) s. */
export interface ClockError {
  readonly isSynchronised: boolean;
  readonly errorNs: number;
}

export interface SenderPacket {
  readonly sequence: number;
  /** NTP timestamp, 64 bits. */
  readonly timestamp: bigint;
  readonly clock: ClockError;
  readonly sessionId: number;
}

export interface ReflectedPacket {
  /** The reflector's own count of what it got in this session (stateful mode). */
  readonly sequence: number;
  /** When the reflection left. */
  readonly timestamp: bigint;
  readonly clock: ClockError;
  readonly sessionId: number;
  /** When the sender's packet came. */
  readonly receivedAt: bigint;
  readonly senderSequence: number;
  readonly senderTimestamp: bigint;
  readonly senderClock: ClockError;
  readonly senderTtl: number;
}

export type StampRefusal = "STAMP_TRUNCATED" | "STAMP_FORMAT_UNKNOWN" | "STAMP_NOT_AUTHENTIC";

/** Where each field stands in either mode. */
const open = { sequence: 0, timestamp: 4, error: 12, ssid: 14, received: 16, sSequence: 24, sTimestamp: 28, sError: 36, ttl: 40 } as const;
const authenticated = {
  sequence: 0,
  timestamp: 16,
  error: 24,
  ssid: 26,
  received: 32,
  sSequence: 48,
  sTimestamp: 64,
  sError: 72,
  ttl: 80,
} as const;

const SYNCHRONISED = 0x8000;
const PTP_FORMAT = 0x4000;

/** Seconds from the era of NTP, 1900, to that of Unix. */
const NTP_OFFSET_S = 2_208_988_800n;
const NS = 1_000_000_000n;
const ERA_S = 1n << 32n;

export function ntpOf(unixNs: bigint): bigint {
  const seconds = (unixNs / NS + NTP_OFFSET_S) % ERA_S;
  // Rounded up, so that there and back is the same nanosecond: a fraction's unit is 0.23 ns.
  return (seconds << 32n) | (((unixNs % NS) * ERA_S + NS - 1n) / NS);
}

/** Timestamps of small seconds are of the era that begins in 2036 (RFC 4330 section 3). */
export function unixNsOf(ntp: bigint): bigint {
  const seconds = ntp >> 32n;
  const era = seconds >> 31n === 0n ? ERA_S : 0n;
  return (seconds + era - NTP_OFFSET_S) * NS + (((ntp & (ERA_S - 1n)) * NS) >> 32n);
}

/** The least scale in which the multiplier fits its octet, rounded up: an error is never told smaller than it is. */
function errorField({ isSynchronised, errorNs }: ClockError): number {
  const units = (errorNs / 1e9) * 2 ** 32;
  const scale = Math.min(63, Math.max(0, Math.ceil(Math.log2(units / 255))));
  // RFC 4656: the multiplier must not be zero.
  const multiplier = Math.min(255, Math.max(1, Math.ceil(units / 2 ** scale)));
  return (isSynchronised ? SYNCHRONISED : 0) | (scale << 8) | multiplier;
}

const errorOf = (field: number): ClockError => ({
  isSynchronised: (field & SYNCHRONISED) !== 0,
  errorNs: ((field & 0xff) * 2 ** ((field >> 8) & 0x3f) * 1e9) / 2 ** 32,
});

export function encodeSender(packet: SenderPacket, hmac?: Hmac): Uint8Array {
  const at = hmac === undefined ? open : authenticated;
  const { bytes, view } = blank(hmac);
  view.setUint32(at.sequence, packet.sequence);
  view.setBigUint64(at.timestamp, packet.timestamp);
  view.setUint16(at.error, errorField(packet.clock));
  view.setUint16(at.ssid, packet.sessionId);
  return sealed(bytes, hmac);
}

export function encodeReflected(packet: ReflectedPacket, hmac?: Hmac): Uint8Array {
  const at = hmac === undefined ? open : authenticated;
  const { bytes, view } = blank(hmac);
  view.setUint32(at.sequence, packet.sequence);
  view.setBigUint64(at.timestamp, packet.timestamp);
  view.setUint16(at.error, errorField(packet.clock));
  view.setUint16(at.ssid, packet.sessionId);
  view.setBigUint64(at.received, packet.receivedAt);
  view.setUint32(at.sSequence, packet.senderSequence);
  view.setBigUint64(at.sTimestamp, packet.senderTimestamp);
  view.setUint16(at.sError, errorField(packet.senderClock));
  view.setUint8(at.ttl, packet.senderTtl);
  return sealed(bytes, hmac);
}

/** What a reflector makes of a datagram. Longer packets are taken (extensions of RFC 8972 follow the base packet), shorter ones are not. */
export function decodeSender(bytes: Uint8Array, hmac?: Hmac): Outcome<SenderPacket, StampRefusal> {
  const opened = openPacket(bytes, hmac);
  if (!opened.ok) return opened;
  const { view, at } = opened.value;
  return ok({
    sequence: view.getUint32(at.sequence),
    timestamp: view.getBigUint64(at.timestamp),
    clock: errorOf(view.getUint16(at.error)),
    sessionId: view.getUint16(at.ssid),
  });
}

export function decodeReflected(bytes: Uint8Array, hmac?: Hmac): Outcome<ReflectedPacket, StampRefusal> {
  const opened = openPacket(bytes, hmac);
  if (!opened.ok) return opened;
  const { view, at } = opened.value;
  if ((view.getUint16(at.error) & PTP_FORMAT) !== 0) return refuse("STAMP_FORMAT_UNKNOWN", "timestamps of PTP are not read, only NTP's");
  return ok({
    sequence: view.getUint32(at.sequence),
    timestamp: view.getBigUint64(at.timestamp),
    clock: errorOf(view.getUint16(at.error)),
    sessionId: view.getUint16(at.ssid),
    receivedAt: view.getBigUint64(at.received),
    senderSequence: view.getUint32(at.sSequence),
    senderTimestamp: view.getBigUint64(at.sTimestamp),
    senderClock: errorOf(view.getUint16(at.sError)),
    senderTtl: view.getUint8(at.ttl),
  });
}

function blank(hmac: Hmac | undefined): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(PACKET_BYTES[hmac === undefined ? "open" : "authenticated"]);
  return { bytes, view: new DataView(bytes.buffer) };
}

function sealed(bytes: Uint8Array, hmac: Hmac | undefined): Uint8Array {
  if (hmac !== undefined) bytes.set(hmac(bytes.subarray(0, -HMAC_BYTES)).subarray(0, HMAC_BYTES), bytes.length - HMAC_BYTES);
  return bytes;
}

type Layout = typeof open | typeof authenticated;

function openPacket(bytes: Uint8Array, hmac: Hmac | undefined): Outcome<{ view: DataView; at: Layout }, StampRefusal> {
  const size = PACKET_BYTES[hmac === undefined ? "open" : "authenticated"];
  if (bytes.length < size) return refuse("STAMP_TRUNCATED", `${String(bytes.length)} octets are no test packet`);
  if (hmac !== undefined && !isSealed(bytes.subarray(0, size), hmac)) return refuse("STAMP_NOT_AUTHENTIC", "the HMAC is not the key's");
  return ok({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: hmac === undefined ? open : authenticated });
}

/** Looks at every octet, however early one differs: the time it takes tells a forger nothing. */
function isSealed(bytes: Uint8Array, hmac: Hmac): boolean {
  const right = hmac(bytes.subarray(0, -HMAC_BYTES));
  let differs = 0;
  for (const [i, octet] of bytes.subarray(-HMAC_BYTES).entries()) differs |= octet ^ (right[i] ?? 0);
  return differs === 0;
}
