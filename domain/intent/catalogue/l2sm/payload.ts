import { z } from "zod";

/** A cluster that joins the network. `tokenRef` is the reference of a sealed bearer token, `apiUrl` the origin of the cluster's Kubernetes API. */
const MemberCluster = z.strictObject({ name: z.string().min(1), apiUrl: z.string().min(1), tokenRef: z.string().min(1) });
export type MemberCluster = z.infer<typeof MemberCluster>;

/** What exec-l2sm is asked for: one L2 network over clusters, as L2S-M's CreateNetwork takes it. */
export const L2Network = z.strictObject({
  /** RFC 1123 label: the name of the L2Network resource in every cluster. */
  network: z.string().min(1).max(63),
  namespace: z.string().min(1).default("default"),
  provider: z.strictObject({ name: z.string().min(1), domain: z.string().min(1), sdnPort: z.string().optional() }),
  type: z.enum(["vnet", "ext-vnet", "vlink"]).default("vnet"),
  podCidr: z.string().optional(),
  clusters: z.array(MemberCluster).min(1),
});
export type L2Network = z.infer<typeof L2Network>;
