import { uuid5 } from "../uuid.ts";

const namespace = "200e3a1f-2223-534f-a100-758e29c37f40";
const uuidShape = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Devices and endpoints come again with every service: hashing their names anew would be most of what an update costs. */
const derived = new Map<string, string>();
const maxDerived = 20_000;

/** The UUID that TeraFlowSDN derives from a name (its `get_uuid_from_string`); a value that already is a UUID is kept. */
export function tfsUuid(nameOrUuid: string, prefix?: string): string {
  if (nameOrUuid.length === 36 && uuidShape.test(nameOrUuid)) return nameOrUuid.toLowerCase();
  const name = prefix === undefined ? nameOrUuid : `${prefix}/${nameOrUuid}`;
  const known = derived.get(name);
  if (known !== undefined) return known;
  if (derived.size >= maxDerived) derived.clear();
  const uuid = uuid5(namespace, name);
  derived.set(name, uuid);
  return uuid;
}

export const adminContextUuid = tfsUuid("admin");
const adminTopologyUuid = tfsUuid("admin", adminContextUuid);

export const contextUuid = (context: string): string => (context === "admin" ? adminContextUuid : tfsUuid(context));

export const topologyUuid = (ofContext: string, topology: string): string =>
  topology === "admin" && ofContext === adminContextUuid ? adminTopologyUuid : tfsUuid(topology, ofContext);

export const serviceUuid = (ofContext: string, service: string): string => tfsUuid(service, ofContext);

export const endpointUuid = (ofTopology: string, ofDevice: string, endpoint: string): string =>
  tfsUuid(endpoint, `${ofTopology}/${ofDevice}`);
