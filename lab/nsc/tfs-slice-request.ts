import type { SliceService } from "./yang.ts";

export type Constraint =
  | { readonly sla_latency: { readonly e2e_latency_ms: number } }
  | { readonly sla_capacity: { readonly capacity_gbps: number } }
  | { readonly sla_availability: { readonly num_disjoint_paths: 1; readonly all_active: true; readonly availability: number } };

/** What the NBI's handler asks of a slice beyond the YANG module, in the order in which it trips over it. */
export function shapeFault(service: SliceService): string | undefined {
  const sdps = service.sdps?.sdp ?? [];
  if (sdps.length !== 2) return "Number of SDPs should be exactly 2";
  const groups = new Set<string>();
  for (const sdp of sdps) {
    const circuits = sdp["attachment-circuits"]?.["attachment-circuit"] ?? [];
    if (circuits.length !== 1) return "Each SDP must have exactly 1 attachment-circuit";
    if (sdp["node-id"] === undefined || circuits[0]?.["ac-tp-id"] === undefined) return "KeyError";
    const criteria = sdp["service-match-criteria"]?.["match-criterion"] ?? [];
    const [criterion] = criteria;
    if (criterion === undefined || criteria.length !== 1) return "Each SDP must have exactly 1 service-match-criteria/match-criterion";
    if (criterion["match-type"] === undefined) return "KeyError: match-type";
    groups.add(criterion["target-connection-group-id"]);
    if (sdp["sdp-ip-address"]?.length !== 1) return "Each SDP must have exactly 1 sdp-ip-address";
  }
  if (groups.size !== 1) return "SDPs do not share a common connection-group-id";
  const construct = service["connection-groups"]?.["connection-group"]?.[0]?.["connectivity-construct"]?.[0];
  return construct?.["p2p-sender-sdp"] === undefined ? "KeyError: p2p-sender-sdp" : undefined;
}

const delays: Readonly<Record<string, number>> = { nanoseconds: 1e6, microseconds: 1e3, milliseconds: 1 };
const rates: Readonly<Record<string, number>> = { bps: 1e9, Kbps: 1e6, Mbps: 1e3, Gbps: 1 };

/** Of the first construct alone; undefined where the handler raises: no policy there, or a metric or unit that it does not read. */
export function constraintsOf(service: SliceService): readonly Constraint[] | undefined {
  const construct = service["connection-groups"]?.["connection-group"]?.[0]?.["connectivity-construct"]?.[0];
  const bounds = construct?.["service-slo-sle-policy"]?.["slo-policy"]?.["metric-bound"];
  if (bounds === undefined) return undefined;
  const constraints: Constraint[] = [];
  for (const { "metric-type": type, "metric-unit": unit, "percentile-value": percentile, bound } of bounds) {
    const value = Number(bound);
    const delay = delays[unit];
    const rate = rates[unit];
    if (type === "ietf-network-slice-service:one-way-delay-maximum" && delay !== undefined && !Number.isNaN(value))
      constraints.push({ sla_latency: { e2e_latency_ms: value / delay } });
    else if (type === "ietf-network-slice-service:one-way-bandwidth" && rate !== undefined && !Number.isNaN(value))
      constraints.push({ sla_capacity: { capacity_gbps: value / rate } });
    else if (type === "ietf-network-slice-service:two-way-packet-loss" && unit === "percentage" && percentile !== undefined)
      constraints.push({ sla_availability: { num_disjoint_paths: 1, all_active: true, availability: 100 - Number(percentile) } });
    else return undefined;
  }
  return constraints;
}

export interface Endpoint {
  readonly node: string;
  readonly port: string;
  readonly address: string;
  readonly vlan: number | undefined;
}

export const endpointsOf = (service: SliceService): readonly Endpoint[] =>
  (service.sdps?.sdp ?? []).map((sdp) => {
    const matches = sdp["service-match-criteria"]?.["match-criterion"]?.[0]?.["match-type"] ?? [];
    // compared with the prefix and nothing else: an identity without it is no VLAN to TeraFlowSDN
    const vlan = matches.find(({ type }) => type === "ietf-network-slice-service:vlan")?.value?.[0];
    return {
      node: sdp["node-id"] ?? "",
      port: sdp["attachment-circuits"]?.["attachment-circuit"]?.[0]?.["ac-tp-id"] ?? "",
      address: sdp["sdp-ip-address"]?.[0] ?? "",
      vlan: vlan === undefined ? undefined : Number(vlan),
    };
  });
