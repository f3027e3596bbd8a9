import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { type MetricBound, NetworkSlice } from "./payload.ts";

type Sdp = NetworkSlice["sdps"][number];

const inGbps: Readonly<Record<string, number>> = { bps: 1e-9, Kbps: 1e-6, Mbps: 1e-3, Gbps: 1 };
const inMs: Readonly<Record<string, number>> = { nanoseconds: 1e-6, microseconds: 1e-3, milliseconds: 1 };

/** A demarcation point has its attachment circuit for itself: a VLAN of a port, the whole port without one, the node's address without a port. */
export const claims = {
  executioner: "nsc",
  of({ payload }: Order, origin: string): readonly OrderClaim[] {
    const { sdps } = NetworkSlice.parse(payload);
    return sdps.flatMap((sdp, expectation) =>
      [...attachment(sdp, origin), ...bounds(sdp, sdps, origin)].map((claim) => ({ ...claim, expectation })),
    );
  },
};

function attachment({ node, address, port, vlanId }: Sdp, origin: string): readonly OrderClaim[] {
  if (port === undefined)
    return [
      {
        kind: "SDP_TAKEN",
        on: thing.serviceDemarcation(origin, node, address),
        thing: `node ${node}`,
        wants: `the address ${address} as a demarcation point`,
        rule: { is: "whole", otherwise: "a port of the node, and a VLAN of it," },
      },
    ];
  return [
    {
      kind: "VLAN_TAKEN",
      on: thing.port(origin, node, port),
      thing: `port ${port} of ${node}`,
      wants: vlanId === undefined ? "the port as a whole" : `VLAN ${String(vlanId)}`,
      rule: { is: "number", ...(vlanId === undefined ? {} : { value: vlanId }), from: 1, to: 4094 },
    },
  ];
}

function bounds(sdp: Sdp, all: readonly Sdp[], origin: string): readonly OrderClaim[] {
  const value = (metric: MetricBound["metric"], factors: Readonly<Record<string, number>>): number | undefined => {
    const bound = sdp.bounds.find((b) => b.metric === metric);
    return bound === undefined ? undefined : Number((Number(bound.bound) * (factors[bound.unit] ?? Number.NaN)).toPrecision(12));
  };
  const gbps = value("one-way-bandwidth", inGbps);
  const delayMs = value("one-way-delay-maximum", inMs);
  return [
    ...(gbps === undefined || sdp.port === undefined
      ? []
      : [
          {
            kind: "BANDWIDTH_EXCEEDED" as const,
            on: thing.portBandwidth(origin, sdp.node, sdp.port),
            thing: `port ${sdp.port} of ${sdp.node}`,
            wants: `${String(gbps)} Gbit/s`,
            unit: "Gbit/s",
            target: "one-way-bandwidth",
            rule: { is: "share" as const, amount: gbps },
          },
        ]),
    ...(gbps === undefined
      ? []
      : all
          .filter((other) => other !== sdp && other.node !== sdp.node)
          .map((other) => ({
            kind: "BANDWIDTH_EXCEEDED" as const,
            on: thing.pathBandwidth(origin, sdp.node, other.node),
            thing: `the path from ${sdp.node} to ${other.node}`,
            wants: `${String(gbps)} Gbit/s`,
            unit: "Gbit/s",
            target: "one-way-bandwidth",
            rule: { is: "share" as const, amount: gbps },
          }))),
    ...(delayMs === undefined
      ? []
      : all
          .filter((other) => other !== sdp)
          .map((other) => ({
            kind: "LATENCY_UNREACHABLE" as const,
            on: thing.path(origin, sdp.node, other.node),
            thing: `the path from ${sdp.node} to ${other.node}`,
            wants: `at most ${String(delayMs)} ms`,
            unit: "ms",
            target: "one-way-delay-maximum",
            rule: { is: "bound" as const, atMost: delayMs },
          }))),
  ];
}
