import { z } from "zod";
import type { Outcome } from "../../domain/outcome.ts";
import { Context, Device, Service } from "./messages.ts";
import type { Flash } from "./session.ts";
import type { Course, TfsStore } from "./store.ts";

const many = z.array(z.unknown()).default([]);
const Descriptors = z.looseObject({
  contexts: many,
  topologies: many,
  devices: many,
  links: many,
  services: many,
  slices: many,
});

type Attempt = (entity: unknown) => Outcome<unknown>;

/**
 * What TeraFlowSDN's DescriptorLoader does in normal mode, and the notifications it leaves. Every service is created bare and then
 * updated: where it exists already the first fails and the second does the work, so a re-apply shows an error and a success.
 */
export function loadDescriptors(text: string, store: TfsStore, course: Course): readonly Flash[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return [["danger", `Unable to load descriptor file: ${cause instanceof Error ? cause.message : "not JSON"}`]];
  }
  const descriptors = Descriptors.safeParse(json);
  if (!descriptors.success) return [["danger", "Descriptor load failed: `not a descriptor`"]];
  const { contexts, topologies, devices, links, services, slices } = descriptors.data;

  return [
    ...load(
      ["Add", "Context", "Contexts", "Added"],
      contexts,
      parsed(Context, (c) => store.addContext(c.context_id.context_uuid.uuid)),
    ),
    ...load(["Add", "Topology", "Topologies", "Added"], topologies, done),
    ...load(
      ["Add", "Device", "Devices", "Added"],
      devices,
      parsed(Device, (d) => store.addDevice(d)),
    ),
    ...load(["Add", "Link", "Links", "Added"], links, done),
    ...load(["Add", "Service", "Services", "Added"], services.map(bare), (entity) => withService(entity, (s) => store.create(s))),
    ...load(["Update", "Service", "Services", "Updated"], services, (entity) => withService(entity, (s) => store.update(s, course))),
    ...load(["Add", "Slice", "Slices", "Added"], slices, () => failed("slices are not simulated")),
  ];
}

type Words = readonly [infinitive: string, singular: string, plural: string, past: string];

function load([infinitive, singular, plural, past]: Words, entities: readonly unknown[], attempt: Attempt): readonly Flash[] {
  const errors: Flash[] = [];
  for (const entity of entities) {
    const result = attempt(entity);
    if (!result.ok) errors.push(["error", `Unable to ${infinitive} ${singular} ${JSON.stringify(entity)}: ${result.reason}`]);
  }
  const went = entities.length - errors.length;
  const flashes = [...errors];
  if (went > 0) flashes.push(["success", `${String(went)} ${plural} ${past}`]);
  if (errors.length > 0) flashes.push(["danger", `${String(errors.length)} ${plural} failed`]);
  return flashes;
}

const done: Attempt = () => ({ ok: true, value: undefined });
const failed = (reason: string): Outcome<never> => ({ ok: false, code: "INVALID_ARGUMENT", reason });

const parsed =
  <T>(message: z.ZodType<T>, act: (value: T) => unknown): Attempt =>
  (entity) => {
    const value = message.safeParse(entity);
    return value.success ? { ok: true, value: act(value.data) } : failed(z.prettifyError(value.error));
  };

function withService(entity: unknown, act: (service: Service) => Outcome<unknown>): Outcome<unknown> {
  const service = Service.safeParse(entity);
  return service.success ? act(service.data) : failed(z.prettifyError(service.error));
}

const bare = (service: unknown): unknown =>
  typeof service === "object" && service !== null
    ? { ...service, service_endpoint_ids: [], service_constraints: [], service_config: { config_rules: [] } }
    : service;
