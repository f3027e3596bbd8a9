import { describe, expect, it } from "vitest";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { declaredBy, differences, isPending, restconfDifferences, TfsService } from "./compare.ts";
import { fullService } from "./descriptor.ts";
import { endpointUuid, tfsUuid } from "./uuid.ts";

const endpoint = "GigabitEthernet0/0/0/1";
const wanted: L2vpn = {
  service: "new_intent_2-1",
  source: { node: "3.3.3.3", endpoint },
  destination: { node: "5.5.5.5", endpoint },
  vlanId: 999,
  niName: "ninametfs",
  bandwidthGbps: 10,
  latencyMs: 15.2,
};

/** As the NBI shows it: names of enums, UUIDs of devices and endpoints, rules' values as text. */
function shown(of: L2vpn, change: object = {}): TfsService {
  const full = fullService(of);
  return TfsService.parse({
    ...full,
    service_type: "SERVICETYPE_L2NM",
    service_status: { service_status: "SERVICESTATUS_ACTIVE" },
    service_endpoint_ids: full.service_endpoint_ids.map(({ device_id, endpoint_uuid }) => ({
      device_id: { device_uuid: { uuid: tfsUuid(device_id.device_uuid.uuid) } },
      endpoint_uuid: { uuid: endpointUuid(endpoint_uuid.uuid, device_id.device_uuid.uuid) },
    })),
    service_config: {
      config_rules: full.service_config.config_rules.map(({ custom }) => ({
        action: "CONFIGACTION_SET",
        custom: { resource_key: custom.resource_key, resource_value: JSON.stringify(custom.resource_value) },
      })),
    },
    ...change,
  });
}

describe("differences", () => {
  it("are none when names come back as UUIDs and settings as text", () => {
    expect(differences(shown(wanted), wanted)).toEqual([]);
  });

  it("are none when names come back as they were given", () => {
    expect(differences(TfsService.parse(fullService(wanted)), wanted)).toEqual([]);
  });

  it("do not depend on the order of the endpoints", () => {
    expect(differences(shown({ ...wanted, source: wanted.destination, destination: wanted.source }), wanted)).toEqual([]);
  });

  it.each<[string, Partial<L2vpn>]>([
    ["vlanId", { vlanId: 100 }],
    ["niName", { niName: "other" }],
    ["bandwidth", { bandwidthGbps: 1 }],
    ["latency", { latencyMs: 1 }],
  ])("name %s and nothing else", (name, change) => {
    expect(differences(shown({ ...wanted, ...change }), wanted)).toEqual([name]);
  });

  it("name an SLO that is there and not wanted", () => {
    const { bandwidthGbps: _, ...without } = wanted;
    expect(differences(shown(wanted), without)).toEqual(["bandwidth"]);
  });

  it("name the side that moved, and that something is left where it was", () => {
    const moved = { ...wanted, destination: { node: "7.7.7.7", endpoint } };
    expect(differences(shown(wanted), moved)).toEqual(["nodeDst", "otherEndpoints"]);
    const elsewhere = { ...wanted, source: { node: "3.3.3.3", endpoint: "eth0" } };
    expect(differences(shown(wanted), elsewhere)).toEqual(["endpointSrc", "otherEndpoints"]);
  });

  it("name what a bare service lacks", () => {
    const bare = TfsService.parse({ service_type: "SERVICETYPE_L2NM" });
    expect(differences(bare, wanted)).toEqual(["nodeSrc", "nodeDst", "bandwidth", "latency"]);
  });

  it("name another type of service", () => {
    expect(differences(shown(wanted, { service_type: "SERVICETYPE_L3NM" }), wanted)).toEqual(["serviceType"]);
  });

  it("count a rule of somebody else's making as none", () => {
    const config_rules = [
      { action: 1, custom: { resource_key: "/device[3.3.3.3]/endpoint[0/0/1-GigabitEthernet0/0/0/1]/settings", resource_value: "{" } },
    ];
    expect(differences(shown(wanted, { service_config: { config_rules } }), wanted)).toContain("vlanId");
  });

  it("over RESTCONF are endpoints, VLAN and what another face left", () => {
    const { bandwidthGbps: _b, latencyMs: _l, niName: _n, ...plain } = wanted;
    expect(restconfDifferences(shown(plain), plain)).toEqual([]);
    expect(restconfDifferences(shown(plain), { ...plain, vlanId: 5 })).toEqual(["vlanId"]);
    expect(restconfDifferences(shown(wanted), plain)).toEqual(["bandwidth", "latency"]);
  });
});

it("declares Gbit/s and ms, from either form of constraint", () => {
  expect(declaredBy(shown(wanted))).toEqual({ bandwidth: 10, latency: 15.2 });
  const modern = shown(wanted, {
    service_constraints: [{ sla_capacity: { capacity_gbps: 10 } }, { sla_latency: { e2e_latency_ms: 15.2 } }],
  });
  expect(declaredBy(modern)).toEqual({ bandwidth: 10, latency: 15.2 });
  expect(differences(modern, wanted)).toEqual([]);
});

it.each([
  ["SERVICESTATUS_UNDEFINED", true],
  [undefined, true], // zero is left out
  ["SERVICESTATUS_PLANNED", true],
  ["SERVICESTATUS_ACTIVE", false],
  [2, false],
  ["SERVICESTATUS_UPDATING", true],
  ["SERVICESTATUS_PENDING_REMOVAL", true],
  ["SERVICESTATUS_SLA_VIOLATED", false],
])("status %s is pending: %s", (service_status, pending) => {
  expect(isPending(shown(wanted, { service_status: { service_status } }))).toBe(pending);
});
