import { z } from "zod";

/** What exec-5g is asked for: quality for one data flow of one subscriber. Each interface of the 5G core encodes it in its own way. */
export const Flow5g = z.strictObject({
  /** By which the flow is found again: intent id and expectation id. */
  name: z.string().min(1),
  /** Subscriber: 3GPP TS 23.003 2.2A, of the kind IMSI. Which address it has, the operator's controllers say. */
  supi: z.string().regex(/^imsi-\d{15}$/),
  /** A QoS profile that the core knows. */
  profile: z.string().min(1),
  /** The other end of the flow. */
  remote: z.strictObject({
    /** An IPv4 address, a prefix, or `any`. */
    address: z.string().min(1),
    protocol: z.enum(["TCP", "UDP", "ANY"]),
    /** `36000` or `1000-1005`; empty: every port. */
    ports: z.array(z.string().regex(/^\d+(?:-\d+)?$/)),
  }),
  /** In D2.3's words, which are Cumucore's: IN goes towards the subscriber, OUT comes from it. */
  direction: z.enum(["IN", "OUT", "BOTH"]),
  ulCapacityMbps: z.number().positive().optional(),
  dlCapacityMbps: z.number().positive().optional(),
  /** How often the core is to report on the flow. */
  reportPeriodS: z.int().positive().optional(),
  /** UTC. */
  startTime: z.iso.datetime().optional(),
  stopTime: z.iso.datetime().optional(),
  /** From start to stop, where both are given. */
  qosDurationS: z.int().positive().optional(),
});
export type Flow5g = z.infer<typeof Flow5g>;
