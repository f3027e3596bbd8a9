import { IPV4, prefixRange } from "../../conflict/claim.ts";
import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { L2Network } from "./payload.ts";

/** A network has its name in every cluster for itself, and the addresses of its pods; all networks of a provider agree on where it answers. */
export const claims = {
  executioner: "l2sm",
  of({ payload }: Order, origin: string): readonly OrderClaim[] {
    const read = L2Network.safeParse(payload);
    // An overlay is an order of the same executioner, and has claims of its own.
    if (!read.success) return [];
    const { network, namespace, provider, podCidr, clusters } = read.data;
    const range = podCidr === undefined ? undefined : prefixRange(podCidr);
    const inClusters = clusters.flatMap(({ name, apiUrl }, i): OrderClaim[] => [
      {
        kind: "NETWORK_NAME_TAKEN",
        on: thing.networkName(apiUrl, namespace, network),
        thing: `cluster ${name}`,
        wants: `the name ${namespace}/${network}`,
        rule: { is: "whole", otherwise: `another name, such as ${network}-2` },
        expectation: i + 1,
      },
      ...(range === undefined
        ? []
        : [
            {
              kind: "NETWORK_RANGE_OVERLAP" as const,
              on: thing.podAddresses(apiUrl),
              thing: `the pods' addresses in cluster ${name}`,
              wants: podCidr ?? "",
              rule: { is: "range" as const, range: [...range] as [number, number], within: [...IPV4] as [number, number] },
            },
          ]),
    ]);
    const fact: OrderClaim = {
      kind: "PROVIDER_CONTRADICTION",
      on: thing.provider(origin, provider.name),
      thing: `provider ${provider.name}`,
      wants: `the address ${provider.domain}`,
      // Where it answers, not on which port: some name the port and some leave it to L2S-M.
      rule: { is: "fact", value: provider.domain.split(":")[0] ?? provider.domain },
    };
    return [...inClusters, fact];
  },
};
