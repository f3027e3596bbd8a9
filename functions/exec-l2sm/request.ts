import type { L2Network } from "../../domain/intent/catalogue/l2sm/payload.ts";
import type { NetworkRequest, Provider } from "./proto.ts";

export interface Credential {
  readonly name: string;
  /** The cluster's API as the intent names it: L2S-M's server calls it, not we. */
  readonly apiUrl: string;
  readonly token: string;
}

/** The body of CreateNetwork and of DeleteNetwork. `ranges`: the clusters' own shares of the network's addresses, where they are set. */
export function networkRequest(wanted: L2Network, clusters: readonly Credential[], ranges: readonly string[] = []): NetworkRequest {
  const { name, domain, sdnPort } = wanted.provider;
  const provider: Provider = sdnPort === undefined ? { name, domain } : { name, domain, sdn_port: sdnPort };
  return {
    network: {
      name: wanted.network,
      provider,
      pod_cidr: wanted.podCidr ?? "",
      type: wanted.type,
      clusters: clusters.map((cluster, i) => ({
        name: cluster.name,
        rest_config: { bearer_token: cluster.token, api_key: cluster.apiUrl },
        overlay: { provider, nodes: [], links: [] },
        ...(ranges[i] === undefined ? {} : { pod_address_pool: ranges[i] }),
      })),
    },
    namespace: wanted.namespace,
  };
}
