import { z } from "zod";
import { resourceText } from "./python-json.ts";

/** TeraFlowSDN's `context.proto`, as far as services and devices need it. A field that a message does not have is an error, as in protobuf. */

const serviceTypes = [
  "SERVICETYPE_UNKNOWN",
  "SERVICETYPE_L3NM",
  "SERVICETYPE_L2NM",
  "SERVICETYPE_TAPI_CONNECTIVITY_SERVICE",
  "SERVICETYPE_TE",
  "SERVICETYPE_E2E",
  "SERVICETYPE_OPTICAL_CONNECTIVITY",
  "SERVICETYPE_QKD",
  "SERVICETYPE_L1NM",
  "SERVICETYPE_INT",
  "SERVICETYPE_ACL",
  "SERVICETYPE_IP_LINK",
  "SERVICETYPE_TAPI_LSP",
  "SERVICETYPE_IPOWDM",
  "SERVICETYPE_UPF",
] as const;
export type ServiceType = (typeof serviceTypes)[number];

const serviceStatuses = [
  "SERVICESTATUS_UNDEFINED",
  "SERVICESTATUS_PLANNED",
  "SERVICESTATUS_ACTIVE",
  "SERVICESTATUS_UPDATING",
  "SERVICESTATUS_PENDING_REMOVAL",
  "SERVICESTATUS_SLA_VIOLATED",
] as const;
export type ServiceStatus = (typeof serviceStatuses)[number];

const configActions = ["CONFIGACTION_UNDEFINED", "CONFIGACTION_SET", "CONFIGACTION_DELETE"] as const;
const constraintActions = ["CONSTRAINTACTION_UNDEFINED", "CONSTRAINTACTION_SET", "CONSTRAINTACTION_DELETE"] as const;

/** Protobuf's constructors take a value's name or its number; answers carry names. */
function enumeration<const N extends readonly [string, ...string[]]>(names: N) {
  const byNumber = z.int().transform((number, context): N[number] => {
    const name = names[number];
    if (name !== undefined) return name;
    context.issues.push({ code: "custom", input: number, message: `not a number of ${names[0]}…` });
    return names[0];
  });
  return z.union([z.enum(names), byNumber]);
}

const Uuid = z.strictObject({ uuid: z.string().min(1) });
const ContextId = z.strictObject({ context_uuid: Uuid });
const TopologyId = z.strictObject({ context_id: ContextId, topology_uuid: Uuid });
const DeviceId = z.strictObject({ device_uuid: Uuid });
const EndpointId = z.strictObject({ topology_id: TopologyId.optional(), device_id: DeviceId, endpoint_uuid: Uuid });
export type EndpointId = z.infer<typeof EndpointId>;

const anyMessage = z.record(z.string(), z.unknown());
const kind = anyMessage.optional();

const Constraint = z
  .strictObject({
    action: enumeration(constraintActions).optional(),
    custom: z.strictObject({ constraint_type: z.string(), constraint_value: z.string() }).optional(),
    schedule: kind,
    endpoint_location: kind,
    endpoint_priority: kind,
    sla_capacity: kind,
    sla_latency: kind,
    sla_availability: kind,
    sla_isolation: kind,
    exclusions: kind,
    qos_profile: kind,
  })
  .refine((c) => Object.keys(c).filter((field) => field !== "action").length === 1, "a constraint is of exactly one kind");
export type Constraint = z.infer<typeof Constraint>;

const ConfigRule = z.strictObject({
  action: enumeration(configActions).default("CONFIGACTION_UNDEFINED"),
  custom: z.strictObject({ resource_key: z.string().min(1), resource_value: z.unknown().transform(resourceText) }),
});
export type ConfigRule = z.infer<typeof ConfigRule>;

export const ServiceId = z.strictObject({ context_id: ContextId, service_uuid: Uuid });

export const Service = z.strictObject({
  service_id: ServiceId,
  name: z.string().default(""),
  service_type: enumeration(serviceTypes).default("SERVICETYPE_UNKNOWN"),
  service_endpoint_ids: z.array(EndpointId).default([]),
  service_constraints: z.array(Constraint).default([]),
  service_status: z.strictObject({ service_status: enumeration(serviceStatuses) }).default({ service_status: "SERVICESTATUS_UNDEFINED" }),
  service_config: z.strictObject({ config_rules: z.array(ConfigRule).default([]) }).default({ config_rules: [] }),
  service_owner: anyMessage.optional(),
  timestamp: anyMessage.optional(),
});
export type Service = z.infer<typeof Service>;

export const Device = z.looseObject({ device_id: DeviceId, name: z.string().optional() });
export type Device = z.infer<typeof Device>;

export const Context = z.looseObject({ context_id: ContextId, name: z.string().optional() });

const Named = z.looseObject({ service_id: ServiceId });

/** The two names that `NBI` compares with the URL before it makes a message of the body. Undefined: the body has no such fields. */
export function namesOf(body: unknown): { readonly context: string; readonly service: string } | undefined {
  const named = Named.safeParse(body);
  if (!named.success) return undefined;
  const { context_id, service_uuid } = named.data.service_id;
  return { context: context_id.context_uuid.uuid, service: service_uuid.uuid };
}
