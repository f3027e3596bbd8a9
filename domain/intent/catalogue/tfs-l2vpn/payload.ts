import { z } from "zod";

const Endpoint = z.strictObject({ node: z.string().min(1), endpoint: z.string().min(1) });

/** What exec-tfs is asked for: one point-to-point L2VPN. Each face of TeraFlowSDN encodes it in its own way. */
export const L2vpn = z.strictObject({
  /** The service's name on TeraFlowSDN: intent id and expectation id. */
  service: z.string().min(1),
  source: Endpoint,
  destination: Endpoint,
  vlanId: z.int().min(1).max(4094),
  niName: z.string().min(1).optional(),
  bandwidthGbps: z.number().positive().optional(),
  latencyMs: z.number().positive().optional(),
});
export type L2vpn = z.infer<typeof L2vpn>;
