import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { L2vpn } from "./payload.ts";

/** An L2VPN has a VLAN of each of its two ports for itself, a share of what they and the path between them carry, and no less delay than that path. */
export const claims = {
  executioner: "tfs",
  of({ payload }: Order, origin: string): readonly OrderClaim[] {
    const { source, destination, vlanId, bandwidthGbps, latencyMs } = L2vpn.parse(payload);
    const ports = [source, destination].flatMap(({ node, endpoint }): OrderClaim[] => {
      const port = `port ${endpoint} of ${node}`;
      return [
        {
          kind: "VLAN_TAKEN",
          on: thing.port(origin, node, endpoint),
          thing: port,
          wants: `VLAN ${String(vlanId)}`,
          rule: { is: "number", value: vlanId, from: 1, to: 4094 },
        },
        ...(bandwidthGbps === undefined
          ? []
          : [
              {
                kind: "BANDWIDTH_EXCEEDED" as const,
                on: thing.portBandwidth(origin, node, endpoint),
                thing: port,
                wants: `${String(bandwidthGbps)} Gbit/s`,
                unit: "Gbit/s",
                target: "bandwidth",
                rule: { is: "share" as const, amount: bandwidthGbps },
              },
            ]),
      ];
    });
    const ways = [
      { from: source.node, to: destination.node },
      { from: destination.node, to: source.node },
    ].flatMap(({ from, to }): OrderClaim[] =>
      bandwidthGbps === undefined || from === to
        ? []
        : [
            {
              kind: "BANDWIDTH_EXCEEDED",
              on: thing.pathBandwidth(origin, from, to),
              thing: `the path from ${from} to ${to}`,
              wants: `${String(bandwidthGbps)} Gbit/s`,
              unit: "Gbit/s",
              target: "bandwidth",
              rule: { is: "share", amount: bandwidthGbps },
            },
          ],
    );
    if (latencyMs === undefined) return [...ports, ...ways];
    const path: OrderClaim = {
      kind: "LATENCY_UNREACHABLE",
      on: thing.path(origin, source.node, destination.node),
      thing: `the path from ${source.node} to ${destination.node}`,
      wants: `at most ${String(latencyMs)} ms`,
      unit: "ms",
      target: "latency",
      rule: { is: "bound", atMost: latencyMs },
    };
    return [...ports, ...ways, path];
  },
};
