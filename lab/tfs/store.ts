import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { FallBack } from "../faults.ts";
import type { Ledger } from "../ledger.ts";
import type { ConfigRule, Constraint, Device, EndpointId, Service, ServiceStatus, ServiceType } from "./messages.ts";
import { adminContextUuid, contextUuid, endpointUuid, serviceUuid, tfsUuid, topologyUuid } from "./uuid.ts";

export type StoreRefusal = "INVALID_ARGUMENT" | "ALREADY_EXISTS" | "NOT_FOUND";

/** How a service's status goes on from an update. */
export interface Course {
  readonly activateAfterMs: number;
  readonly fallBack?: FallBack;
}

export interface StoredService {
  readonly uuid: string;
  readonly contextUuid: string;
  readonly name: string;
  type: ServiceType;
  /** What was said at create; the course of the last update overrides it. */
  status: ServiceStatus;
  course?: { readonly activeAtMs: number; readonly fallsBackAtMs: number; readonly to: ServiceStatus };
  updatedAtMs: number;
  /** By endpoint UUID, constraint and resource key: the JSON that a GET answers, kept as text because it is compared more often than read. */
  readonly endpoints: Map<string, string>;
  readonly constraints: Map<string, string>;
  readonly rules: Map<string, string>;
}

export interface TfsStore {
  /** The Service component's CreateService: takes a bare service only, and no id twice. */
  create(service: Service): Outcome<StoredService, StoreRefusal>;
  /** UpdateService: creates what is not there, and adds to what is. */
  update(service: Service, course: Course): Outcome<StoredService, StoreRefusal>;
  remove(context: string, service: string): Outcome<void, StoreRefusal>;
  /** By name or UUID. */
  find(context: string, service: string): StoredService | undefined;
  inContext(context: string): readonly StoredService[];
  statusOf(service: StoredService): ServiceStatus;
  addContext(name: string): void;
  contexts(): readonly string[];
  addDevice(device: Device): string;
  devices(): readonly Device[];
  reset(): void;
}

export interface StoreOptions {
  /** Refuse endpoints of devices that were not registered before, as the real Context does. */
  readonly strictDevices: boolean;
  readonly now: () => number;
}

export function openTfsStore(ledger: Ledger, { strictDevices, now }: StoreOptions): TfsStore {
  const services = new Map<string, StoredService>();
  const contexts = new Map<string, string>([[adminContextUuid, "admin"]]);
  const devices = new Map<string, { device: Device; text: string }>();

  const find = (context: string, service: string) => services.get(serviceUuid(contextUuid(context), service));

  function insert(service: Service): Outcome<StoredService, StoreRefusal> {
    const { context_id, service_uuid } = service.service_id;
    const ofContext = contextUuid(context_id.context_uuid.uuid);
    if (!contexts.has(ofContext)) return refuse("NOT_FOUND", `Context(${context_id.context_uuid.uuid}) not found`);
    const stored: StoredService = {
      uuid: serviceUuid(ofContext, service_uuid.uuid),
      contextUuid: ofContext,
      name: service.name === "" ? service_uuid.uuid : service.name,
      type: service.service_type,
      status: service.service_status.service_status,
      updatedAtMs: now(),
      endpoints: new Map(),
      constraints: new Map(),
      rules: new Map(),
    };
    services.set(stored.uuid, stored);
    return ok(stored);
  }

  const unknownDevice = (endpoints: readonly EndpointId[]): string | undefined =>
    endpoints.map((e) => e.device_id.device_uuid.uuid).find((device) => !devices.has(tfsUuid(device)));

  return {
    find,
    create(service) {
      const asked = service.service_id.service_uuid.uuid;
      const tooMuch = firstNotBare(service);
      if (tooMuch !== undefined)
        return refuse("INVALID_ARGUMENT", `service.${tooMuch} is invalid; RPC method CreateService does not accept it`);
      if (find(service.service_id.context_id.context_uuid.uuid, asked) !== undefined)
        return refuse(
          "ALREADY_EXISTS",
          `Service(${asked}) already exists; context_uuid=${service.service_id.context_id.context_uuid.uuid}`,
        );
      const stored = insert(service);
      if (stored.ok) ledger.enter("tfs", "created", `service/${stored.value.name}`, "bare");
      return stored;
    },
    update(service, course) {
      const asked = service.service_id.service_uuid.uuid;
      const rule = service.service_config.config_rules.find((r) => r.action === "CONFIGACTION_UNDEFINED");
      if (rule !== undefined) return refuse("INVALID_ARGUMENT", `Action for ConfigRule(${rule.custom.resource_key}) is not supported`);
      const stranger = strictDevices ? unknownDevice(service.service_endpoint_ids) : undefined;
      if (stranger !== undefined) return refuse("NOT_FOUND", `Device(${stranger}) not found`);

      const known = find(service.service_id.context_id.context_uuid.uuid, asked);
      const target = known === undefined ? insert(service) : ok(known);
      if (!target.ok) return target;
      const stored = target.value;
      const changed = merge(stored, service);
      stored.updatedAtMs = now();
      setCourse(stored, course, stored.updatedAtMs);
      if (known === undefined) ledger.enter("tfs", "created", `service/${stored.name}`, sizes(stored));
      else if (changed) ledger.enter("tfs", "changed", `service/${stored.name}`, sizes(stored));
      return target;
    },
    remove(context, service) {
      const stored = find(context, service);
      if (stored === undefined) return refuse("NOT_FOUND", `Service(${service}) not found`);
      services.delete(stored.uuid);
      ledger.enter("tfs", "removed", `service/${stored.name}`);
      return ok(undefined);
    },
    inContext: (context) => [...services.values()].filter((s) => s.contextUuid === contextUuid(context)),
    statusOf(service) {
      if (service.course === undefined) return service.status;
      const { activeAtMs, fallsBackAtMs, to } = service.course;
      const at = now();
      if (at < activeAtMs) return "SERVICESTATUS_PLANNED";
      return at < fallsBackAtMs ? "SERVICESTATUS_ACTIVE" : to;
    },
    addContext(name) {
      if (contexts.has(contextUuid(name))) return;
      contexts.set(contextUuid(name), name);
      ledger.enter("tfs", "created", `context/${name}`);
    },
    contexts: () => [...contexts.values()],
    addDevice(device) {
      const name = device.device_id.device_uuid.uuid;
      const uuid = tfsUuid(name);
      const text = JSON.stringify(device);
      const known = devices.get(uuid);
      devices.set(uuid, { device, text });
      if (known?.text !== text) ledger.enter("tfs", known === undefined ? "created" : "changed", `device/${name}`);
      return uuid;
    },
    devices: () => [...devices.values()].map((d) => d.device),
    reset() {
      services.clear();
      devices.clear();
      contexts.clear();
      contexts.set(adminContextUuid, "admin");
    },
  };
}

function firstNotBare(service: Service): string | undefined {
  if (service.service_endpoint_ids.length > 0) return "service_endpoint_ids";
  if (service.service_constraints.length > 0) return "service_constraints";
  return service.service_config.config_rules.length > 0 ? "service_config.config_rules" : undefined;
}

/** UpdateService only computes and configures a path between two endpoints; with fewer the service stays PLANNED. */
function setCourse(stored: StoredService, { activateAfterMs, fallBack }: Course, atMs: number): void {
  stored.status = "SERVICESTATUS_PLANNED";
  if (stored.endpoints.size < 2) return;
  const activeAtMs = atMs + activateAfterMs;
  stored.course = {
    activeAtMs,
    fallsBackAtMs: fallBack === undefined ? Number.POSITIVE_INFINITY : activeAtMs + fallBack.afterMs,
    to: fallBack?.to ?? "SERVICESTATUS_PLANNED",
  };
}

/**
 * The Context component inserts endpoints and upserts constraints and rules by their names; it takes nothing away that is not named
 * with the action DELETE. So another endpoint of the same service joins the old ones. Answers whether anything changed.
 */
function merge(stored: StoredService, service: Service): boolean {
  let changed = false;
  if (stored.type === "SERVICETYPE_UNKNOWN" && service.service_type !== stored.type) {
    stored.type = service.service_type;
    changed = true;
  }
  for (const endpoint of service.service_endpoint_ids) {
    const json = endpointJson(stored.contextUuid, endpoint);
    const key = json.endpoint_uuid.uuid;
    if (stored.endpoints.has(key)) continue;
    stored.endpoints.set(key, JSON.stringify(json));
    changed = true;
  }
  for (const { action, ...constraint } of service.service_constraints) {
    const json = action === "CONSTRAINTACTION_DELETE" ? undefined : { action: "CONSTRAINTACTION_SET", ...constraint };
    changed = upsert(stored.constraints, constraintKey(constraint), json) || changed;
  }
  for (const rule of service.service_config.config_rules) {
    const json: ConfigRule | undefined = rule.action === "CONFIGACTION_DELETE" ? undefined : rule;
    changed = upsert(stored.rules, rule.custom.resource_key, json) || changed;
  }
  return changed;
}

function upsert(held: Map<string, string>, key: string, json: object | undefined): boolean {
  if (json === undefined) return held.delete(key);
  const text = JSON.stringify(json);
  if (held.get(key) === text) return false;
  held.set(key, text);
  return true;
}

function constraintKey(constraint: Omit<Constraint, "action">): string {
  const [kind = "", value] = Object.entries(constraint)[0] ?? [];
  if (constraint.custom !== undefined) return `custom:${constraint.custom.constraint_type}`;
  return kind.startsWith("endpoint_") ? `${kind}:${JSON.stringify(value)}` : kind;
}

function endpointJson(ofContext: string, endpoint: EndpointId) {
  const ofTopology = topologyUuid(ofContext, endpoint.topology_id?.topology_uuid.uuid ?? "admin");
  const ofDevice = tfsUuid(endpoint.device_id.device_uuid.uuid);
  return {
    topology_id: { context_id: { context_uuid: { uuid: ofContext } }, topology_uuid: { uuid: ofTopology } },
    device_id: { device_uuid: { uuid: ofDevice } },
    endpoint_uuid: { uuid: endpointUuid(ofTopology, ofDevice, endpoint.endpoint_uuid.uuid) },
  };
}

const sizes = (s: StoredService): string =>
  `${String(s.endpoints.size)} endpoints, ${String(s.constraints.size)} constraints, ${String(s.rules.size)} rules`;
