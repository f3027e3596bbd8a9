import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeReflected,
  decodeSender,
  encodeReflected,
  encodeSender,
  type Hmac,
  ntpOf,
  PACKET_BYTES,
  type ReflectedPacket,
  unixNsOf,
} from "./stamp.ts";

const hmac: Hmac = (bytes) => createHmac("sha256", "k").update(bytes).digest();
const otherHmac: Hmac = (bytes) => createHmac("sha256", "j").update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const clock = fc.record({ isSynchronised: fc.boolean(), errorNs: fc.double({ min: 0, max: 1e15, noNaN: true }) });
const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const reflected = fc.record({
  sequence: u32,
  timestamp: u64,
  clock,
  sessionId: fc.nat({ max: 0xffff }),
  receivedAt: u64,
  senderSequence: u32,
  senderTimestamp: u64,
  senderClock: clock,
  senderTtl: fc.nat({ max: 255 }),
});
const key = fc.constantFrom(undefined, hmac);

const one: ReflectedPacket = {
  sequence: 0x01020304,
  timestamp: 0x1112131415161718n,
  clock: { isSynchronised: true, errorNs: 0 },
  sessionId: 0x2122,
  receivedAt: 0x3132333435363738n,
  senderSequence: 0x41424344,
  senderTimestamp: 0x5152535455565758n,
  senderClock: { isSynchronised: false, errorNs: 0 },
  senderTtl: 0x61,
};

describe("a test packet", () => {
  it("has its fields where RFC 8762 has them, in open mode", () => {
    expect(hex(encodeSender({ sequence: 1, timestamp: 2n, clock: one.clock, sessionId: 0x2122 }))).toBe(
      `00000001${"0000000000000002"}${"8001"}2122${"00".repeat(28)}`,
    );
    expect(hex(encodeReflected(one))).toBe(
      `01020304${"1112131415161718"}8001${"2122"}${"3132333435363738"}41424344${"5152535455565758"}0001${"0000"}61${"000000"}`,
    );
  });

  it("has its fields where RFC 8762 has them, in authenticated mode, and the HMAC over all of them last", () => {
    const bytes = encodeReflected(one, hmac);
    const fields = `01020304${"00".repeat(12)}11121314151617188001${"2122"}${"00".repeat(4)}3132333435363738${"00".repeat(8)}41424344${"00".repeat(12)}51525354555657580001${"00".repeat(6)}61${"00".repeat(15)}`;
    expect(hex(bytes.subarray(0, 96))).toBe(fields);
    expect(hex(bytes.subarray(96))).toBe(hex(hmac(Buffer.from(fields, "hex"))).slice(0, 32));
  });

  it("is as large in one direction as in the other, so that nothing is amplified", () => {
    for (const [mode, k] of [
      ["open", undefined],
      ["authenticated", hmac],
    ] as const) {
      expect(encodeReflected(one, k)).toHaveLength(PACKET_BYTES[mode]);
      expect(encodeSender({ ...one, sequence: 1 }, k)).toHaveLength(PACKET_BYTES[mode]);
    }
  });

  it("is read back as it was written, but for the error, which is never told smaller and at most a 127th larger", () => {
    fc.assert(
      fc.property(reflected, key, (packet, k) => {
        const read = decodeReflected(encodeReflected(packet, k), k);
        if (!read.ok) throw new Error(read.code);
        const { clock: told, senderClock: senderTold, ...rest } = read.value;
        const { clock: meant, senderClock: senderMeant, ...fields } = packet;
        expect(rest).toEqual(fields);
        for (const [is, was] of [
          [told, meant],
          [senderTold, senderMeant],
        ] as const) {
          expect(is.isSynchronised).toBe(was.isSynchronised);
          expect(is.errorNs).toBeGreaterThanOrEqual(was.errorNs * (1 - 1e-12));
          expect(is.errorNs).toBeLessThanOrEqual(was.errorNs * (1 + 1 / 127) + 0.25);
        }
        const sender = decodeSender(encodeSender({ ...packet, clock: meant }, k), k);
        expect(sender).toMatchObject({
          ok: true,
          value: { sequence: packet.sequence, timestamp: packet.timestamp, sessionId: packet.sessionId },
        });
      }),
    );
  });

  it("is not taken when it is too short, whatever its octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 43 }), (bytes) => {
        expect(decodeSender(bytes)).toMatchObject({ code: "STAMP_TRUNCATED" });
        expect(decodeReflected(bytes)).toMatchObject({ code: "STAMP_TRUNCATED" });
      }),
    );
    expect(decodeSender(new Uint8Array(111), hmac)).toMatchObject({ code: "STAMP_TRUNCATED" });
  });

  it("may be longer, with what RFC 8972 puts after it", () => {
    const bytes = Buffer.concat([encodeReflected(one), Buffer.alloc(20, 0xff)]);
    expect(decodeReflected(bytes)).toMatchObject({ ok: true, value: { sequence: one.sequence } });
    expect(decodeSender(Buffer.concat([encodeSender({ ...one, sequence: 7 }, hmac), Buffer.alloc(8)]), hmac)).toMatchObject({
      ok: true,
      value: { sequence: 7 },
    });
  });

  it("is not authentic when one bit is another, or the key is", () => {
    const good = encodeReflected(one, hmac);
    fc.assert(
      fc.property(fc.nat({ max: good.length * 8 - 1 }), (bit) => {
        const bad = Uint8Array.from(good);
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(decodeReflected(bad, hmac)).toMatchObject({ code: "STAMP_NOT_AUTHENTIC" });
      }),
    );
    expect(decodeReflected(good, otherHmac)).toMatchObject({ code: "STAMP_NOT_AUTHENTIC" });
  });

  it("is refused when its timestamps are in PTP's format, which would be taken for centuries", () => {
    const bytes = encodeReflected(one);
    bytes[12] = (bytes[12] ?? 0) | 0x40;
    expect(decodeReflected(bytes)).toMatchObject({ code: "STAMP_FORMAT_UNKNOWN" });
  });
});

describe("a timestamp", () => {
  it("is a nanosecond that comes back as the same one, until 2104", () => {
    const first = BigInt(Date.UTC(1970)) * 1_000_000n;
    const last = BigInt(Date.UTC(2104)) * 1_000_000n;
    fc.assert(
      fc.property(fc.bigInt({ min: first, max: last }), (ns) => {
        expect(unixNsOf(ntpOf(ns))).toBe(ns);
      }),
    );
  });

  it("is NTP's: seconds since 1900, and after 2036 those of the next era", () => {
    expect(ntpOf(0n)).toBe(2_208_988_800n << 32n);
    expect(ntpOf(500_000_000n) & 0xffff_ffffn).toBe(0x8000_0000n);
    const rollOver = BigInt(Date.UTC(2036, 1, 7, 6, 28, 16)) * 1_000_000n;
    expect(ntpOf(rollOver)).toBe(0n);
    expect(unixNsOf(0n)).toBe(rollOver);
  });
});
