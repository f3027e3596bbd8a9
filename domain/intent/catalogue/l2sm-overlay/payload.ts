import { z } from "zod";

const Member = z.strictObject({
  name: z.string().min(1),
  /** The origin of the cluster's Kubernetes API, and the reference of a sealed bearer token for it. */
  apiUrl: z.string().min(1),
  tokenRef: z.string().min(1),
  /** Its nodes that get a switch of the overlay. */
  nodes: z.array(z.string().min(1)).min(1),
  /** The node that its network edge device runs on, where other clusters reach it. */
  gateway: z.strictObject({ node: z.string().min(1), address: z.string().min(1) }),
});
export type OverlayMember = z.infer<typeof Member>;

/** What exec-l2sm is asked for: the switches of one provider's slice in every cluster, and the edge devices between the clusters. */
export const L2Overlay = z.strictObject({
  /** RFC 1123 label: the name of the Overlay resource in every cluster, and with `-ned` behind it of the NetworkEdgeDevice. */
  overlay: z.string().min(1).max(59),
  namespace: z.string().min(1).default("default"),
  provider: z.strictObject({ name: z.string().min(1), domain: z.string().min(1) }),
  clusters: z.array(Member).min(1),
});
export type L2Overlay = z.infer<typeof L2Overlay>;
