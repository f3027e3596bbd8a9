import { expect, it } from "vitest";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { bareService, fitsRestconf, fullService, restconfBody, webuiDescriptor } from "./descriptor.ts";

const endpoint = "GigabitEthernet0/0/0/1";
const annex: L2vpn = {
  service: "new_intent_2-1",
  source: { node: "3.3.3.3", endpoint },
  destination: { node: "5.5.5.5", endpoint },
  vlanId: 999,
  niName: "ninametfs",
  bandwidthGbps: 10,
  latencyMs: 15.2,
};
const { bandwidthGbps: _b, latencyMs: _l, niName: _n, ...plain } = annex;

it("writes the descriptor of D2.3 annex 9.1", () => {
  const settings = (remote_router: string) => ({
    sub_interface_index: 0,
    ni_name: "ninametfs",
    vlan_id: 999,
    circuit_id: "999",
    remote_router,
  });
  expect(webuiDescriptor(annex)).toEqual({
    services: [
      {
        service_id: { context_id: { context_uuid: { uuid: "admin" } }, service_uuid: { uuid: "new_intent_2-1" } },
        service_type: 2,
        service_status: { service_status: 1 },
        service_endpoint_ids: [
          { device_id: { device_uuid: { uuid: "3.3.3.3" } }, endpoint_uuid: { uuid: "0/0/1-GigabitEthernet0/0/0/1" } },
          { device_id: { device_uuid: { uuid: "5.5.5.5" } }, endpoint_uuid: { uuid: "0/0/1-GigabitEthernet0/0/0/1" } },
        ],
        service_constraints: [
          { custom: { constraint_type: "bandwidth[gbps]", constraint_value: "10.0" } },
          { custom: { constraint_type: "latency[ms]", constraint_value: "15.2" } },
        ],
        service_config: {
          config_rules: [
            { action: 1, custom: { resource_key: "/settings", resource_value: {} } },
            {
              action: 1,
              custom: {
                resource_key: "/device[3.3.3.3]/endpoint[0/0/1-GigabitEthernet0/0/0/1]/settings",
                resource_value: settings("5.5.5.5"),
              },
            },
            {
              action: 1,
              custom: {
                resource_key: "/device[5.5.5.5]/endpoint[0/0/1-GigabitEthernet0/0/0/1]/settings",
                resource_value: settings("3.3.3.3"),
              },
            },
          ],
        },
      },
    ],
  });
});

it("creates with a name, a type and a status, and nothing else", () => {
  expect(bareService("new_intent_2-1")).toEqual({
    service_id: { context_id: { context_uuid: { uuid: "admin" } }, service_uuid: { uuid: "new_intent_2-1" } },
    service_type: "SERVICETYPE_L2NM",
    service_status: { service_status: "SERVICESTATUS_PLANNED" },
  });
});

it("deletes the constraint that an update no longer wants, and only that one", () => {
  expect(fullService({ ...plain, latencyMs: 3 }, ["bandwidth", "latency"]).service_constraints).toEqual([
    { action: 2, custom: { constraint_type: "bandwidth[gbps]", constraint_value: "" } },
    { custom: { constraint_type: "latency[ms]", constraint_value: "3.0" } },
  ]);
});

it("writes RFC 8466 as far as TeraFlowSDN reads it", () => {
  const body = restconfBody({ ...plain, service: "nemo-1" })["ietf-l2vpn-svc:l2vpn-svc"];
  expect(body["vpn-services"]["vpn-service"]).toEqual([
    {
      "vpn-id": "nemo-1",
      "vpn-svc-type": "vpws",
      "svc-topo": "any-to-any",
      "customer-name": "nemo",
      "ce-vlan-preservation": true,
      "ce-vlan-cos-preservation": true,
      "frame-delivery": { "multicast-gp-port-mapping": "ietf-l2vpn-svc:static-mapping" },
    },
  ]);
  expect(body.sites.site.map((site) => site["site-network-accesses"]["site-network-access"])).toEqual(
    ["3.3.3.3", "5.5.5.5"].map((node) => [
      {
        "network-access-id": "0/0/1-GigabitEthernet0/0/0/1",
        type: "ietf-l2vpn-svc:multipoint",
        "device-reference": node,
        "vpn-attachment": { "vpn-id": "nemo-1", "site-role": "ietf-l2vpn-svc:any-to-any-role" },
        bearer: { "bearer-reference": `${node}:0/0/1-GigabitEthernet0/0/0/1` },
        service: { "svc-mtu": 1500 },
        connection: {
          "encapsulation-type": "vlan",
          "tagged-interface": { type: "ietf-l2vpn-svc:dot1q", "dot1q-vlan-tagged": { "cvlan-id": 999 } },
          oam: { "md-name": "nemo", "md-level": 0 },
        },
      },
    ]),
  );
});

it("does not send over RESTCONF what it cannot carry", () => {
  expect(fitsRestconf(plain)).toBe(true);
  for (const more of [{ bandwidthGbps: 1 }, { latencyMs: 1 }, { niName: "n" }, { source: { node: "2001:db8::1", endpoint } }])
    expect(fitsRestconf({ ...plain, ...more }), JSON.stringify(more)).toBe(false);
});
