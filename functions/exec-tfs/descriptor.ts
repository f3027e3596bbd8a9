import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { tfsContext } from "./uuid.ts";

export type Side = L2vpn["source"];

/** D2.3 annex 9.1: TeraFlowSDN knows a router's interface by its place in the chassis and its name. */
export const endpointName = (side: Side): string => `0/0/1-${side.endpoint}`;

/** TeraFlowSDN reads constraint values as text; a whole number keeps its `.0`, as annex 9.1 writes it. */
const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

const serviceId = (service: string) => ({
  context_id: { context_uuid: { uuid: tfsContext } },
  service_uuid: { uuid: service },
});

const endpointId = (side: Side) => ({
  device_id: { device_uuid: { uuid: side.node } },
  endpoint_uuid: { uuid: endpointName(side) },
});

const constraint = (constraint_type: string, value: number) => ({ custom: { constraint_type, constraint_value: decimal(value) } });

/** CONSTRAINTACTION_DELETE: a constraint that is merely left out of an update stays. */
const noConstraint = (constraint_type: string) => ({ action: 2, custom: { constraint_type, constraint_value: "" } });

const slo = (name: string, constraintType: string, value: number | undefined, differs: readonly string[]) => {
  if (value !== undefined) return [constraint(constraintType, value)];
  return differs.includes(name) ? [noConstraint(constraintType)] : [];
};

const attachment = (wanted: L2vpn, side: Side, remote: Side) => ({
  action: 1,
  custom: {
    resource_key: `/device[${side.node}]/endpoint[${endpointName(side)}]/settings`,
    resource_value: {
      sub_interface_index: 0,
      ...(wanted.niName === undefined ? {} : { ni_name: wanted.niName }),
      vlan_id: wanted.vlanId,
      circuit_id: String(wanted.vlanId),
      remote_router: remote.node,
    },
  },
});

/** All that TeraFlowSDN accepts at creation: its Service component refuses endpoints, constraints and rules there. */
export const bareService = (service: string) => ({
  service_id: serviceId(service),
  service_type: "SERVICETYPE_L2NM",
  service_status: { service_status: "SERVICESTATUS_PLANNED" },
});

/** The whole service: the body of a PUT, and what the WebUI's descriptor lists. `differs`: what an update shall take away, if it is not wanted. */
export const fullService = (wanted: L2vpn, differs: readonly string[] = []) => ({
  service_id: serviceId(wanted.service),
  service_type: 2,
  service_status: { service_status: 1 },
  service_endpoint_ids: [endpointId(wanted.source), endpointId(wanted.destination)],
  service_constraints: [
    ...slo("bandwidth", "bandwidth[gbps]", wanted.bandwidthGbps, differs),
    ...slo("latency", "latency[ms]", wanted.latencyMs, differs),
  ],
  service_config: {
    config_rules: [
      { action: 1, custom: { resource_key: "/settings", resource_value: {} } },
      attachment(wanted, wanted.source, wanted.destination),
      attachment(wanted, wanted.destination, wanted.source),
    ],
  },
});

export const webuiDescriptor = (wanted: L2vpn, differs: readonly string[] = []) => ({ services: [fullService(wanted, differs)] });

/**
 * RFC 8466 has no place that TeraFlowSDN reads for an SLO or for the name of a network instance, and TeraFlowSDN takes a bearer's
 * device to end at the first colon.
 */
export const fitsRestconf = ({ bandwidthGbps, latencyMs, niName, source, destination }: L2vpn): boolean =>
  bandwidthGbps === undefined &&
  latencyMs === undefined &&
  niName === undefined &&
  ![source, destination].some(({ node }) => node.includes(":"));

const site = (wanted: L2vpn, side: Side, siteId: string) => ({
  "site-id": siteId,
  management: { type: "ietf-l2vpn-svc:provider-managed" },
  locations: { location: [{ "location-id": siteId }] },
  devices: { device: [{ "device-id": side.node, location: siteId }] },
  "default-ce-vlan-id": 1,
  "site-network-accesses": {
    "site-network-access": [
      {
        "network-access-id": endpointName(side),
        type: "ietf-l2vpn-svc:multipoint",
        "device-reference": side.node,
        "vpn-attachment": { "vpn-id": wanted.service, "site-role": "ietf-l2vpn-svc:any-to-any-role" },
        bearer: { "bearer-reference": `${side.node}:${endpointName(side)}` },
        // TeraFlowSDN merges both sites into one service-wide rule, so MTU and VLAN id are the same on both.
        service: { "svc-mtu": 1500 },
        connection: {
          "encapsulation-type": "vlan",
          "tagged-interface": { type: "ietf-l2vpn-svc:dot1q", "dot1q-vlan-tagged": { "cvlan-id": wanted.vlanId } },
          oam: { "md-name": "nemo", "md-level": 0 },
        },
      },
    ],
  },
});

/** RFC 8466 `l2vpn-svc`, as far as TeraFlowSDN implements it. The customer must not be called `osm`: that would make a layer-3 service. */
export const restconfBody = (wanted: L2vpn) => ({
  "ietf-l2vpn-svc:l2vpn-svc": {
    "vpn-services": {
      "vpn-service": [
        {
          "vpn-id": wanted.service,
          "vpn-svc-type": "vpws",
          "svc-topo": "any-to-any",
          "customer-name": "nemo",
          "ce-vlan-preservation": true,
          "ce-vlan-cos-preservation": true,
          "frame-delivery": { "multicast-gp-port-mapping": "ietf-l2vpn-svc:static-mapping" },
        },
      ],
    },
    sites: {
      site: [site(wanted, wanted.source, `${wanted.service}-source`), site(wanted, wanted.destination, `${wanted.service}-destination`)],
    },
  },
});
