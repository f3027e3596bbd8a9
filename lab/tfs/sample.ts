/** The L2VPN of annex 9.1, for the tests of this folder. */
const names = (service: string) => ({ context_id: { context_uuid: { uuid: "admin" } }, service_uuid: { uuid: service } });

export const bareService = (service = "new_intent_2-1") => ({
  service_id: names(service),
  service_type: "SERVICETYPE_L2NM",
  service_status: { service_status: "SERVICESTATUS_PLANNED" },
});

const endpoint = "0/0/1-GigabitEthernet0/0/0/1";

const endpointOf = (device: string) => ({ device_id: { device_uuid: { uuid: device } }, endpoint_uuid: { uuid: endpoint } });

const settingsOf = (device: string, remote_router: string, vlan_id: number) => ({
  action: 1,
  custom: {
    resource_key: `/device[${device}]/endpoint[${endpoint}]/settings`,
    resource_value: { sub_interface_index: 0, ni_name: "ninametfs", vlan_id, circuit_id: String(vlan_id), remote_router },
  },
});

export const fullService = (service = "new_intent_2-1", vlanId = 999) => ({
  service_id: names(service),
  service_type: 2,
  service_status: { service_status: 1 },
  service_endpoint_ids: [endpointOf("3.3.3.3"), endpointOf("5.5.5.5")],
  service_constraints: [
    { custom: { constraint_type: "bandwidth[gbps]", constraint_value: "10.0" } },
    { custom: { constraint_type: "latency[ms]", constraint_value: "15.2" } },
  ],
  service_config: {
    config_rules: [
      { action: 1, custom: { resource_key: "/settings", resource_value: {} } },
      settingsOf("3.3.3.3", "5.5.5.5", vlanId),
      settingsOf("5.5.5.5", "3.3.3.3", vlanId),
    ],
  },
});

const siteOf = (vpn: string, site: string, device: string, vlan: number) => ({
  "site-id": site,
  management: { type: "ietf-l2vpn-svc:provider-managed" },
  locations: { location: [{ "location-id": site }] },
  devices: { device: [{ "device-id": device, location: site }] },
  "default-ce-vlan-id": 1,
  "site-network-accesses": {
    "site-network-access": [
      {
        "network-access-id": endpoint,
        type: "ietf-l2vpn-svc:multipoint",
        "device-reference": device,
        "vpn-attachment": { "vpn-id": vpn, "site-role": "ietf-l2vpn-svc:any-to-any-role" },
        bearer: { "bearer-reference": `${device}:${endpoint}` },
        service: { "svc-mtu": 1500 },
        connection: {
          "encapsulation-type": "vlan",
          "tagged-interface": { type: "ietf-l2vpn-svc:dot1q", "dot1q-vlan-tagged": { "cvlan-id": vlan } },
          oam: { "md-name": "nemo", "md-level": 0 },
        },
      },
    ],
  },
});

export const l2vpnSvc = (vpn = "nemo-1", vlans: readonly [number, number] = [999, 999]) => ({
  "ietf-l2vpn-svc:l2vpn-svc": {
    "vpn-services": {
      "vpn-service": [
        {
          "vpn-id": vpn,
          "vpn-svc-type": "vpws",
          "svc-topo": "any-to-any",
          "customer-name": "nemo",
          "ce-vlan-preservation": true,
          "ce-vlan-cos-preservation": true,
          "frame-delivery": { "multicast-gp-port-mapping": "ietf-l2vpn-svc:static-mapping" },
        },
      ],
    },
    sites: { site: [siteOf(vpn, "s1", "3.3.3.3", vlans[0]), siteOf(vpn, "s2", "5.5.5.5", vlans[1])] },
  },
});
