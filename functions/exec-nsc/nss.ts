import type { MetricBound, NetworkSlice, Sdp } from "../../domain/intent/catalogue/network-slice/payload.ts";

/*
 * A slice in the words of the YANG module ietf-network-slice-service@2024-08-28 (draft-ietf-teas-ietf-network-slice-nbi-yang), as
 * RFC 7951 JSON: identities with their module's name, a uint64 as text.
 */

export const yangModule = "ietf-network-slice-service";

/** All SDPs are in one connection group. */
const group = "cg1";

const identity = (name: string): string => `${yangModule}:${name}`;

const sloPolicy = (bounds: readonly MetricBound[]) => ({
  "slo-policy": {
    "metric-bound": bounds.map(({ metric, unit, bound }) => ({ "metric-type": identity(metric), "metric-unit": unit, bound })),
  },
});

/** Nothing said means that the policy of the slice holds. */
const policyOf = ({ bounds }: Sdp) => (bounds.length === 0 ? {} : { "service-slo-sle-policy": sloPolicy(bounds) });

const sdpOf = ({ id, node, address, port, vlanId }: Sdp) => ({
  id,
  "node-id": node,
  "sdp-ip-address": [address],
  "service-match-criteria": {
    "match-criterion": [
      {
        index: 1,
        "match-type": [vlanId === undefined ? { type: identity("any") } : { type: identity("vlan"), value: [String(vlanId)] }],
        "target-connection-group-id": group,
      },
    ],
  },
  ...(port === undefined
    ? {}
    : { "attachment-circuits": { "attachment-circuit": [{ id: `ac-${id}`, "ac-node-id": node, "ac-tp-id": port }] } }),
});

const oneWay = (id: string, sender: Sdp, receiver: Sdp, policy: object) => ({
  id,
  "p2p-sender-sdp": sender.id,
  "p2p-receiver-sdp": receiver.id,
  ...policy,
});

const connectionGroup = (type: string, constructs: readonly object[]) => ({
  "connection-group": [{ id: group, "connectivity-type": identity(type), "connectivity-construct": constructs }],
});

/**
 * Two SDPs: a construct each way, under what its sender was asked for. More: one any-to-any construct, in which the model has a policy
 * for each SDP. Point-to-point constructs between all pairs would say the same in n·(n-1) constructs, and promise each pair the whole bound.
 */
function constructs(sdps: readonly Sdp[]) {
  const [first, second, ...more] = sdps;
  if (first === undefined || second === undefined) throw new Error("a slice has at least two SDPs");
  if (more.length === 0)
    return connectionGroup("point-to-point", [oneWay("1", first, second, policyOf(first)), oneWay("2", second, first, policyOf(second))]);
  return connectionGroup("multipoint-to-multipoint", [{ id: "1", "a2a-sdp": sdps.map((sdp) => ({ "sdp-id": sdp.id, ...policyOf(sdp) })) }]);
}

/** The model has no place for a network instance's name at an SDP; an opaque tag of the service keeps it visible. */
function tagsOf(sdps: readonly Sdp[]) {
  const values = sdps.flatMap(({ id, niName }) => (niName === undefined ? [] : [`${id}=${niName}`]));
  return values.length === 0 ? {} : { "service-tags": { "tag-type": [{ "tag-type": identity("opaque"), value: values }] } };
}

const service = ({ slice, sdps }: NetworkSlice, policy: object, connectionGroups: object) => ({
  id: slice,
  ...tagsOf(sdps),
  ...policy,
  sdps: { sdp: sdps.map(sdpOf) },
  "connection-groups": connectionGroups,
});

/**
 * The body of a PUT of one slice service (RFC 8040 section 4.5). Where the controller has a template of the policy's name the slice
 * refers to it; where it has none, the slice says the name itself, so that nothing is left behind that outlives it.
 */
export const sliceServiceBody = (wanted: NetworkSlice, hasTemplate: boolean) => ({
  [`${yangModule}:slice-service`]: [
    service(
      wanted,
      hasTemplate ? { "slo-sle-template": wanted.policy } : { "service-slo-sle-policy": { description: wanted.policy } },
      constructs(wanted.sdps),
    ),
  ],
});

/**
 * What TeraFlowSDN takes: the same module, without its name at the top, the template in the same body, and one construct, whose policy
 * must be there even when it is empty.
 */
export function tfsBody(wanted: NetworkSlice) {
  const [first, second] = wanted.sdps;
  if (first === undefined || second === undefined) throw new Error("a slice has at least two SDPs");
  const construct = oneWay("1", first, second, { "service-slo-sle-policy": sloPolicy(first.bounds) });
  return {
    "network-slice-services": {
      "slo-sle-templates": { "slo-sle-template": [{ id: wanted.policy, ...sloPolicy(first.bounds) }] },
      "slice-service": [service(wanted, { "slo-sle-template": wanted.policy }, connectionGroup("point-to-point", [construct]))],
    },
  };
}
