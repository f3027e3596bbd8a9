import { z } from "zod";

/**
 * The throughput test's protocol, over one TCP connection. The sink writes a challenge; the flooder answers with an HMAC of it and its caps; the
 * sink says in one octet whether it is ready; then it is flooded, until it has seen enough or a cap is reached; last it writes a report.
 */
export const CHALLENGE_BYTES = 16;
const HMAC_BYTES = 32;
export const REQUEST_BYTES = HMAC_BYTES + 8;

/** The sink's one octet. */
export const ANSWER = { ready: 1, busy: 2, spent: 3, denied: 4 } as const;

export interface Caps {
  readonly ms: number;
  readonly bytes: number;
}

/** Of one test; the hard limits that a sink sets to anybody are twice these. */
export const CAPS: Caps = { ms: 2_000, bytes: 128 * 1024 * 1024 };

export const SinkReport = z.strictObject({
  bytes: z.int().nonnegative(),
  bins: z.array(z.strictObject({ ms: z.number().nonnegative(), bytes: z.int().nonnegative() })).max(10_000),
});
export type SinkReport = Readonly<z.infer<typeof SinkReport>>;

/** A report of 10,000 bins is less. */
export const REPORT_LIMIT = 1024 * 1024;

const KIB = 1024;

export function encodeRequest(proof: Uint8Array, { ms, bytes }: Caps): Buffer {
  const request = Buffer.alloc(REQUEST_BYTES);
  request.set(proof.subarray(0, HMAC_BYTES));
  request.writeUInt32BE(ms, HMAC_BYTES);
  request.writeUInt32BE(Math.ceil(bytes / KIB), HMAC_BYTES + 4);
  return request;
}

export const decodeRequest = (request: Buffer): { readonly proof: Buffer; readonly caps: Caps } => ({
  proof: request.subarray(0, HMAC_BYTES),
  caps: { ms: request.readUInt32BE(HMAC_BYTES), bytes: request.readUInt32BE(HMAC_BYTES + 4) * KIB },
});
