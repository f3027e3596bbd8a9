import { z } from "zod";

/** Metric and unit in the words of draft-ietf-teas-ietf-network-slice-nbi-yang. */
export const MetricBound = z.strictObject({
  metric: z.enum(["one-way-bandwidth", "one-way-delay-maximum"]),
  unit: z.enum(["bps", "Kbps", "Mbps", "Gbps", "nanoseconds", "microseconds", "milliseconds"]),
  /** A uint64, which JSON carries as text (RFC 7951 section 6.1). Never 0: that would mean unbounded. */
  bound: z.string().regex(/^[1-9]\d{0,19}$/),
});
export type MetricBound = z.infer<typeof MetricBound>;

const Sdp = z.strictObject({
  id: z.string().min(1),
  node: z.string().min(1),
  /** IPv4, or IPv6 in the form of RFC 5952. */
  address: z.string().min(1),
  /** The attachment circuit's termination point on the node. */
  port: z.string().min(1).optional(),
  vlanId: z.int().min(1).max(4094).optional(),
  niName: z.string().min(1).optional(),
  /** What holds for the traffic that this SDP sends; at most one bound a metric. */
  bounds: z.array(MetricBound).max(2),
});
export type Sdp = z.infer<typeof Sdp>;

/** What exec-nsc is asked for: one slice service over all its service demarcation points (RFC 9543), in the order of the intent. */
export const NetworkSlice = z.strictObject({
  /** The slice service's id on the controller. */
  slice: z.string().min(1),
  /** The name of the SLO and SLE policy that the slice follows as a whole. */
  policy: z.string().min(1),
  sdps: z.array(Sdp).min(2),
});
export type NetworkSlice = z.infer<typeof NetworkSlice>;
