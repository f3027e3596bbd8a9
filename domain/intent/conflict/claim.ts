import { z } from "zod";

/**
 * What is wrong when two claims, or a claim and what the operator declared, do not go together. Each is a row of docs/conflicts.md and a code
 * of docs/errors.md.
 */
export const ConflictKind = z.enum([
  "VLAN_TAKEN",
  "PORT_TAKEN",
  "VLAN_NOT_ALLOWED",
  "BANDWIDTH_EXCEEDED",
  "LATENCY_UNREACHABLE",
  "NETWORK_NAME_TAKEN",
  "NETWORK_RANGE_OVERLAP",
  "PROVIDER_CONTRADICTION",
  "SDP_TAKEN",
  "SESSION_TAKEN",
  "ASN_CONTRADICTION",
  "FLOW_OVERLAP",
  "SUBSCRIBER_CAPACITY_EXCEEDED",
  "SUBSCRIBER_UNKNOWN",
]);
export type ConflictKind = z.infer<typeof ConflictKind>;

const range = z.tuple([z.number(), z.number()]);

/** Traffic of one subscriber: two of these meet when one packet could be of both. */
const Filter = z.strictObject({
  direction: z.enum(["IN", "OUT", "BOTH"]),
  protocol: z.enum(["TCP", "UDP", "ANY"]),
  /** IPv4 as whole numbers, both ends included. */
  addresses: range,
  /** Of the remote end, both ends included. */
  ports: z.array(range).min(1),
});
export type Filter = z.infer<typeof Filter>;

/** How claims on the same thing relate. */
const Rule = z.discriminatedUnion("is", [
  /** One of the numbers from `from` to `to`, for itself alone; absent: all of them. */
  z.strictObject({ is: z.literal("number"), value: z.int().optional(), from: z.int(), to: z.int() }),
  /** The thing itself, for itself alone; `otherwise` is what to ask for instead. */
  z.strictObject({ is: z.literal("whole"), otherwise: z.string().optional() }),
  /** Numbers from `range[0]` to `range[1]`, for itself alone, such as the addresses of a prefix; `block` is how many they are. */
  z.strictObject({ is: z.literal("range"), range, within: range }),
  /** What everybody who speaks of it has to say alike. */
  z.strictObject({ is: z.literal("fact"), value: z.string() }),
  /** Part of a capacity, next to other parts. */
  z.strictObject({ is: z.literal("share"), amount: z.number().positive() }),
  /** At most so much of something that has a least. */
  z.strictObject({ is: z.literal("bound"), atMost: z.number().positive() }),
  z.strictObject({ is: z.literal("filter"), filter: Filter }),
  /** Something that must be declared by the operator. */
  z.strictObject({ is: z.literal("known") }),
]);
export type Rule = z.infer<typeof Rule>;

/** What an order takes of something that others may want too: a VLAN of a port, a name in a cluster, a share of a link. */
export const Claim = z.strictObject({
  kind: ConflictKind,
  /** The thing, as text to compare: `port http://tfs/3.3.3.3/eth0`. */
  on: z.string().min(1),
  /** The thing in words: `port eth0 of 3.3.3.3`. */
  thing: z.string().min(1),
  /** What is wanted of it in words: `VLAN 999`. */
  wants: z.string().min(1),
  unit: z.string().default(""),
  rule: Rule,
  /** The target of the expectation that asks for it, where one does. */
  target: z.string().optional(),
  /** ISO 8601, UTC; claims whose times do not meet do not either. */
  from: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
});
export type Claim = z.infer<typeof Claim>;
export type ClaimInput = z.input<typeof Claim>;

/** A claim and whose it is. */
export const Held = z.strictObject({
  intentId: z.string(),
  /** The first expectation of the order. */
  expectationId: z.string(),
  priority: z.int(),
  claim: Claim,
});
export type Held = z.infer<typeof Held>;

/** Every IPv4 address, as numbers. */
export const IPV4: readonly [number, number] = [0, 4_294_967_295];

/** The first and the last address of an IPv4 prefix, or of an address alone; undefined where it is neither. */
export function prefixRange(text: string): readonly [number, number] | undefined {
  const [address = "", length = "32"] = text.split("/");
  const bytes = address.split(".").map(Number);
  const bits = Number(length);
  if (bytes.length !== 4 || bytes.some((b) => !Number.isInteger(b) || b < 0 || b > 255) || !Number.isInteger(bits) || bits < 0 || bits > 32)
    return undefined;
  const size = 2 ** (32 - bits);
  const first = Math.floor(bytes.reduce((sum, b) => sum * 256 + b, 0) / size) * size;
  return [first, first + size - 1];
}

export const addressOf = (n: number): string => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join(".");

/** `36000`, `1000-1005`; none: every port. */
export const portRange = (text: string): readonly [number, number] => {
  const [first = 0, last = first] = text.split("-").map(Number);
  return [first, last];
};
