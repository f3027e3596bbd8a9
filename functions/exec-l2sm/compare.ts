import { z } from "zod";
import type { L2Network } from "../../domain/intent/catalogue/l2sm/payload.ts";

/** The L2Network resource, as far as a network is told by it. */
export const NetworkResource = z.object({
  metadata: z.object({ deletionTimestamp: z.string().optional() }),
  spec: z.object({
    type: z.string().optional(),
    config: z.string().optional(),
    provider: z
      .object({
        name: z.string(),
        // one text up to v1.2.8, a list from v1.2.12
        domain: z.union([z.string(), z.array(z.string())]),
        sdnPort: z.string().optional(),
      })
      .optional(),
    podAddressRange: z.string().optional(),
  }),
  status: z.object({ internalConnectivity: z.string().optional(), providerConnectivity: z.string().optional() }).default({}),
});
export type NetworkResource = z.infer<typeof NetworkResource>;

type Wanted = Pick<L2Network, "provider" | "type" | "podCidr">;

/** Names, in the intent's words, of what a cluster's network has otherwise than wanted. */
export function networkDifferences({ spec }: NetworkResource, wanted: Wanted): readonly string[] {
  const differs: string[] = [];
  if ((spec.type ?? "vnet") !== wanted.type) differs.push("type");
  if (spec.provider?.name !== wanted.provider.name) differs.push("providerName");
  const domain = spec.provider?.domain;
  if ([domain].flat().join() !== wanted.provider.domain) differs.push("domain");
  // A server that writes no list knows no ports either, and the operator's default port stands there whatever was asked.
  const { sdnPort } = wanted.provider;
  if (sdnPort !== undefined && Array.isArray(domain) && spec.provider?.sdnPort !== sdnPort) differs.push("sdnPort");
  if ((spec.config ?? "") !== (wanted.podCidr ?? "")) differs.push("podCidr");
  return differs;
}

/** The operator has connected the network's pods and its provider. */
export const isConnected = ({ metadata, spec, status }: NetworkResource): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.internalConnectivity === "Available" &&
  (spec.provider === undefined || status.providerConnectivity === "Available");
