import { z } from "zod";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { endpointName, type Side } from "./descriptor.ts";
import { endpointUuid, tfsUuid } from "./uuid.ts";

const Uuid = z.object({ uuid: z.string() });
/** Enums come as names from the NBI and as numbers from older ones; what is zero may be left out. */
const EnumValue = z.union([z.string(), z.int()]).optional();

/** The parts of TeraFlowSDN's Service message that an L2VPN is told by. */
export const TfsService = z.object({
  service_type: EnumValue,
  service_status: z.object({ service_status: EnumValue }).default({}),
  service_endpoint_ids: z.array(z.object({ device_id: z.object({ device_uuid: Uuid }), endpoint_uuid: Uuid })).default([]),
  service_constraints: z
    .array(
      z.object({
        custom: z.object({ constraint_type: z.string(), constraint_value: z.union([z.string(), z.number()]) }).optional(),
        sla_capacity: z.object({ capacity_gbps: z.number().optional() }).optional(),
        sla_latency: z.object({ e2e_latency_ms: z.number().optional() }).optional(),
      }),
    )
    .default([]),
  service_config: z
    .object({
      config_rules: z
        .array(z.object({ action: EnumValue, custom: z.object({ resource_key: z.string(), resource_value: z.unknown() }).optional() }))
        .default([]),
    })
    .default({ config_rules: [] }),
});
export type TfsService = z.infer<typeof TfsService>;

type Endpoint = TfsService["service_endpoint_ids"][number];
type Settings = Readonly<Record<string, unknown>>;

/** SLA_VIOLATED is a working service that misses its numbers; those are measured, not asked of TeraFlowSDN. */
const settled: ReadonlySet<string | number> = new Set(["SERVICESTATUS_ACTIVE", 2, "SERVICESTATUS_SLA_VIOLATED", 5]);
export const isPending = (service: TfsService): boolean => !settled.has(service.service_status.service_status ?? 0);

/** One side of the L2VPN under the names that it was given and the UUIDs that the Context component derives and answers with. */
interface Place {
  readonly node: string;
  readonly nodeId: string;
  readonly endpoint: string;
  readonly endpointId: string;
}

function placeOf(side: Side): Place {
  const endpoint = endpointName(side);
  const nodeId = tfsUuid(side.node);
  return { node: side.node, nodeId, endpoint, endpointId: endpointUuid(endpoint, nodeId) };
}

const isNode = (place: Place, id: string): boolean => id === place.node || id === place.nodeId;
const isEndpoint = (place: Place, id: string): boolean => id === place.endpoint || id === place.endpointId;
const isAt = (place: Place, { device_id, endpoint_uuid }: Endpoint): boolean =>
  isNode(place, device_id.device_uuid.uuid) && isEndpoint(place, endpoint_uuid.uuid);

/** Under their intent's names; an L2VPN has no direction, so the order of the endpoints says nothing. */
function endpointDifferences({ service_endpoint_ids: has }: TfsService, source: Place, destination: Place): string[] {
  const differs: string[] = [];
  for (const [place, suffix] of [
    [source, "Src"],
    [destination, "Dst"],
  ] as const) {
    if (has.some((at) => isAt(place, at))) continue;
    differs.push(has.some(({ device_id }) => isNode(place, device_id.device_uuid.uuid)) ? `endpoint${suffix}` : `node${suffix}`);
  }
  if (has.some((at) => !isAt(source, at) && !isAt(destination, at))) differs.push("otherEndpoints");
  return differs;
}

function settingsOf(value: unknown): Settings {
  const settings = typeof value === "string" ? jsonOr(value) : value;
  return typeof settings === "object" && settings !== null ? (settings as Settings) : {};
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // another client's rule: not one of ours, so it differs
  }
}

const keyPattern = /^\/device\[([^\]]+)\]\/endpoint\[([^\]]+)\]\/settings$/;

function attachmentOf(service: TfsService, place: Place): Settings | undefined {
  for (const { action, custom } of service.service_config.config_rules) {
    if (custom === undefined || action === 2 || action === "CONFIGACTION_DELETE") continue;
    const [, device, endpoint] = keyPattern.exec(custom.resource_key) ?? [];
    if (device === undefined || endpoint === undefined) continue;
    if (isNode(place, device) && isEndpoint(place, endpoint)) return settingsOf(custom.resource_value);
  }
  return undefined;
}

/** What TeraFlowSDN was told to keep, in the intent's words and units: Gbit/s and ms. */
export function declaredBy(service: TfsService): Readonly<Record<string, number>> {
  const declared: Record<string, number> = {};
  for (const { custom, sla_capacity, sla_latency } of service.service_constraints) {
    if (custom?.constraint_type === "bandwidth[gbps]") declared["bandwidth"] = Number(custom.constraint_value);
    else if (custom?.constraint_type === "latency[ms]") declared["latency"] = Number(custom.constraint_value);
    else if (sla_capacity?.capacity_gbps !== undefined) declared["bandwidth"] = sla_capacity.capacity_gbps;
    else if (sla_latency?.e2e_latency_ms !== undefined) declared["latency"] = sla_latency.e2e_latency_ms;
  }
  return declared;
}

const isL2nm = ({ service_type }: TfsService): boolean => service_type === "SERVICETYPE_L2NM" || service_type === 2;

/** Names, in the intent's words, of what the service has otherwise than wanted. */
export function differences(service: TfsService, wanted: L2vpn): readonly string[] {
  const differs = isL2nm(service) ? [] : ["serviceType"];
  const source = placeOf(wanted.source);
  const destination = placeOf(wanted.destination);
  differs.push(...endpointDifferences(service, source, destination));
  const add = (name: string): void => void (differs.includes(name) || differs.push(name));
  for (const [place, remote, remoteName] of [
    [source, destination, "nodeDst"],
    [destination, source, "nodeSrc"],
  ] as const) {
    if (!service.service_endpoint_ids.some((at) => isAt(place, at))) continue; // the endpoint itself is named already
    const settings = attachmentOf(service, place) ?? {};
    if (Number(settings["vlan_id"]) !== wanted.vlanId || String(settings["circuit_id"]) !== String(wanted.vlanId)) add("vlanId");
    if (settings["ni_name"] !== wanted.niName) add("niName");
    if (settings["remote_router"] !== remote.node) add(remoteName);
  }
  const declared = declaredBy(service);
  if (declared["bandwidth"] !== wanted.bandwidthGbps) add("bandwidth");
  if (declared["latency"] !== wanted.latencyMs) add("latency");
  return differs;
}

/** The same for a service made over RESTCONF, where TeraFlowSDN itself chooses rules: endpoints and VLAN are all that was asked. */
export function restconfDifferences(service: TfsService, wanted: L2vpn): readonly string[] {
  const differs = isL2nm(service) ? [] : ["serviceType"];
  differs.push(...endpointDifferences(service, placeOf(wanted.source), placeOf(wanted.destination)));
  const vlans = service.service_config.config_rules
    .map(({ custom }) => settingsOf(custom?.resource_value)["vlan_id"])
    .filter((v) => v !== undefined);
  if (vlans.length === 0 || vlans.some((vlan) => Number(vlan) !== wanted.vlanId)) differs.push("vlanId");
  // left by a former generation that had SLOs, and so went another way
  return [...differs, ...Object.keys(declaredBy(service))];
}
