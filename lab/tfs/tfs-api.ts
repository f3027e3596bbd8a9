import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Strike } from "../faults.ts";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import { Device, namesOf, Service } from "./messages.ts";
import type { Course, StoredService, TfsStore } from "./store.ts";
import { contextUuid, tfsUuid } from "./uuid.ts";

const create: Operation = { name: "tfs-api.create", mutating: true };
const update: Operation = { name: "tfs-api.update", mutating: true };
const remove: Operation = { name: "tfs-api.delete", mutating: true };
const addDevices: Operation = { name: "tfs-api.devices", mutating: true };
const get: Operation = { name: "tfs-api.get", mutating: false };
const list: Operation = { name: "tfs-api.list", mutating: false };

/** Any gRPC error, a service that is not there, a field that no message has: all of them are the same 500 (NBI `tfs_api`). */
const internalError: Answer = { status: 500, body: { message: "Internal Server Error" } };
const badRequest = (message: string): Answer => ({ status: 400, body: { message } });
const fine = (body: unknown): Answer => ({ status: 200, body });

export function mountTfsApi(app: FastifyInstance, gate: HttpGate, store: TfsStore, courseOf: (strike: Strike) => Course): void {
  const context = "/tfs-api/context/:context";

  app.post(`${context}/services`, (request, reply) =>
    gate(request, reply, create, () => createServices(store, paramOf(request, "context"), jsonBody(request))),
  );
  app.put(`${context}/service/*`, (request, reply) =>
    gate(request, reply, update, (strike) => {
      const body = jsonBody(request);
      if (body === undefined) return badRequest("Bad Request");
      const names = namesOf(body);
      if (names === undefined) return internalError;
      if (names.context !== paramOf(request, "context")) return badRequest("Mismatching context_uuid");
      if (names.service !== paramOf(request, "*")) return badRequest("Mismatching service_uuid");
      const service = Service.safeParse(body);
      if (!service.success) return internalError;
      const stored = store.update(service.data, courseOf(strike));
      return stored.ok ? fine(serviceIdJson(stored.value)) : internalError;
    }),
  );
  app.get(`${context}/service/*`, (request, reply) =>
    gate(request, reply, get, () => {
      const stored = store.find(paramOf(request, "context"), paramOf(request, "*"));
      return stored === undefined ? internalError : fine(serviceText(store, stored));
    }),
  );
  app.delete(`${context}/service/*`, (request, reply) =>
    gate(request, reply, remove, () => (store.remove(paramOf(request, "context"), paramOf(request, "*")).ok ? fine({}) : internalError)),
  );
  app.post("/tfs-api/devices", (request, reply) =>
    gate(request, reply, addDevices, () => {
      const body = jsonBody(request);
      if (body === undefined) return badRequest("Bad Request");
      const devices = Device.array().safeParse(unwrap(body, "devices"));
      if (!devices.success) return internalError;
      return fine(devices.data.map((device) => ({ device_uuid: { uuid: store.addDevice(device) } })));
    }),
  );
  mountLists(app, gate, store);
}

function mountLists(app: FastifyInstance, gate: HttpGate, store: TfsStore): void {
  const context = "/tfs-api/context/:context";
  const lists: Readonly<Record<string, (request: FastifyRequest) => unknown>> = {
    [`${context}/service_ids`]: (request) => ({ service_ids: store.inContext(paramOf(request, "context")).map(serviceIdJson) }),
    [`${context}/services`]: (request) => {
      const texts = store.inContext(paramOf(request, "context")).map((s) => serviceText(store, s));
      return `{"services":[${texts.join(",")}]}`;
    },
    [`${context}/slices`]: () => ({ slices: [] }),
    [`${context}/slice_ids`]: () => ({ slice_ids: [] }),
    [`${context}/topology_details/:topology`]: (request) => ({
      topology_id: { context_id: contextIdJson(paramOf(request, "context")), topology_uuid: { uuid: paramOf(request, "topology") } },
      devices: store.devices(),
      links: [],
    }),
    "/tfs-api/context_ids": () => ({ context_ids: store.contexts().map(contextIdJson) }),
    "/tfs-api/contexts": () => ({ contexts: store.contexts().map((name) => ({ context_id: contextIdJson(name), name })) }),
    "/tfs-api/devices": () => ({
      devices: store
        .devices()
        .map((device) => ({ ...device, device_id: { device_uuid: { uuid: tfsUuid(device.device_id.device_uuid.uuid) } } })),
    }),
    "/tfs-api/links": () => ({ links: [] }),
  };
  for (const [path, answer] of Object.entries(lists)) {
    app.get(path, (request: FastifyRequest, reply: FastifyReply) => gate(request, reply, list, () => fine(answer(request))));
  }
}

/** A wrapper, a list, or one bare service. Those before a wrong one are created all the same: nothing is undone. */
function createServices(store: TfsStore, context: string, body: unknown): Answer {
  if (body === undefined) return badRequest("Bad Request");
  const unwrapped = unwrap(body, "services");
  const services: readonly unknown[] = Array.isArray(unwrapped) ? unwrapped : [unwrapped];
  const names = services.map(namesOf);
  if (names.includes(undefined)) return internalError;
  if (names.some((name) => name?.context !== context)) return badRequest("Mismatching context_uuid");
  const ids: object[] = [];
  for (const candidate of services) {
    const service = Service.safeParse(candidate);
    const stored = service.success ? store.create(service.data) : undefined;
    if (stored?.ok !== true) return internalError;
    ids.push(serviceIdJson(stored.value));
  }
  return fine(ids);
}

const unwrap = (body: unknown, wrapper: string): unknown =>
  typeof body === "object" && body !== null && wrapper in body ? (body as Record<string, unknown>)[wrapper] : body;

const paramOf = (request: FastifyRequest, name: string): string => (request.params as Record<string, string>)[name] ?? "";

const contextIdJson = (name: string) => ({ context_uuid: { uuid: contextUuid(name) } });

const serviceIdJson = (s: StoredService) => ({ context_id: { context_uuid: { uuid: s.contextUuid } }, service_uuid: { uuid: s.uuid } });

/** Put together from the texts that the store keeps, so that a GET does not take apart and write again what a PUT brought. */
function serviceText(store: TfsStore, s: StoredService): string {
  const head = JSON.stringify({
    service_id: serviceIdJson(s),
    name: s.name,
    service_type: s.type,
    service_status: { service_status: store.statusOf(s) },
    timestamp: { timestamp: s.updatedAtMs / 1000 },
  });
  const [endpoints, constraints, rules] = [s.endpoints, s.constraints, s.rules].map((held) => [...held.values()].join(","));
  return `${head.slice(0, -1)},"service_endpoint_ids":[${endpoints ?? ""}],"service_constraints":[${constraints ?? ""}],"service_config":{"config_rules":[${rules ?? ""}]}}`;
}
