import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { L2Overlay } from "./payload.ts";

/** An overlay has its name in every cluster for itself. Networks are orders of the same executioner, and have claims of their own. */
export const claims = {
  executioner: "l2sm",
  of({ payload }: Order): readonly OrderClaim[] {
    const read = L2Overlay.safeParse(payload);
    if (!read.success) return [];
    const { overlay, namespace, clusters } = read.data;
    return clusters.map(({ name, apiUrl }, expectation) => ({
      kind: "NETWORK_NAME_TAKEN" as const,
      on: thing.networkName(apiUrl, namespace, `overlay ${overlay}`),
      thing: `cluster ${name}`,
      wants: `the overlay ${namespace}/${overlay}`,
      rule: { is: "whole" as const, otherwise: `another name, such as ${overlay}-2` },
      expectation,
    }));
  },
};
