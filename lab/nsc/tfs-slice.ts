import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Strike } from "../faults.ts";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { adminContextUuid, serviceUuid } from "../tfs/uuid.ts";
import { type Constraint, constraintsOf, endpointsOf, shapeFault } from "./tfs-slice-request.ts";
import { faultOf, SliceService, Template } from "./yang.ts";

const listPath = "/restconf/data/ietf-network-slice-service:network-slice-services/";

const get: Operation = { name: "tfs-slice.get", mutating: false };
const list: Operation = { name: "tfs-slice.list", mutating: false };
const create: Operation = { name: "tfs-slice.create", mutating: true };
const remove: Operation = { name: "tfs-slice.delete", mutating: true };

/** An exception in a handler; TeraFlowSDN's NBI does not say which. */
const internalError: Answer = { status: 500, body: { message: "Internal Server Error" } };

export interface TfsSliceOptions {
  /** The devices in the Context; absent: every name that is asked for. */
  readonly devices?: readonly string[];
  readonly activateAfterMs: number;
  readonly now: () => number;
}

interface Stored {
  readonly name: string;
  /** The body of the POST, which TeraFlowSDN keeps as text in two of the slice's rules. */
  readonly text: string;
  readonly service: SliceService;
  readonly constraints: readonly Constraint[];
  readonly activeAtMs: number;
}

const Wrapper = z.strictObject({
  "slo-sle-templates": z.strictObject({ "slo-sle-template": z.array(Template) }).optional(),
  "slice-service": z.array(SliceService).min(1),
});

/** TeraFlowSDN's rendering of the module (NBI `ietf_network_slice`), with its status codes. Answers what forgets everything. */
export function mountTfsSlice(app: FastifyInstance, gate: HttpGate, ledger: Ledger, options: TfsSliceOptions): () => void {
  const { devices, activateAfterMs, now } = options;
  const slices = new Map<string, Stored>();

  function post(request: FastifyRequest, strike: Strike): Answer {
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(request.headers["content-type"] ?? ""))
      return { status: 415, body: { message: "JSON payload is required" } };
    const body = jsonBody(request);
    if (typeof body !== "object" || body === null)
      return { status: 400, body: { message: "The browser (or proxy) sent a request that this server could not understand." } };
    const wrapped = "network-slice-services" in body ? body : { "network-slice-services": body };
    const read = z.strictObject({ "network-slice-services": Wrapper }).safeParse(wrapped);
    if (!read.success) return internalError; // the YANG validator's exception
    const { "slice-service": services, "slo-sle-templates": templates } = read.data["network-slice-services"];
    const known = new Set((templates?.["slo-sle-template"] ?? []).map(({ id }) => id));
    const [service] = services;
    if (service === undefined || services.some((one) => faultOf(one, known) !== undefined)) return internalError;
    const constraints = constraintsOf(service);
    if (shapeFault(service) !== undefined || constraints === undefined) return internalError;
    if (devices !== undefined && endpointsOf(service).some(({ node }) => !devices.includes(node))) return internalError;

    const uuid = serviceUuid(adminContextUuid, service.id);
    const before = slices.get(uuid);
    const text = JSON.stringify(wrapped);
    const activeAtMs = now() + (strike.activateAfterMs ?? activateAfterMs);
    slices.set(uuid, { name: service.id, text, service, constraints, activeAtMs });
    if (before?.text !== text) ledger.enter("nsc", before === undefined ? "created" : "changed", `slice/${service.id}`);
    return { status: 201, body: {} };
  }

  /** The UUID in the URL is compared with the one that is stored: a name finds the slice, and is then told to be the wrong one. */
  function read(id: string): Answer {
    const stored = slices.get(serviceUuid(adminContextUuid, id));
    if (stored === undefined) return { status: 500, body: { error: `Slice(${id}) not found in database` } };
    const uuid = serviceUuid(adminContextUuid, stored.name);
    if (uuid !== id) return { status: 500, body: { error: "Slice retrieval failed. Wrong Slice Id was returned" } };
    const isActive = now() >= stored.activeAtMs;
    return { status: isActive ? 200 : 504, body: sliceJson(uuid, stored, isActive ? "SLICESTATUS_ACTIVE" : "SLICESTATUS_PLANNED") };
  }

  function take(id: string): Answer {
    const uuid = serviceUuid(adminContextUuid, id);
    const stored = slices.get(uuid);
    if (stored === undefined) return { status: 204 };
    slices.delete(uuid);
    ledger.enter("nsc", "removed", `slice/${stored.name}`);
    return { status: 200, body: {} };
  }

  app.all("/*", (request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const id = /^slice-service=([^/]+)$/.exec(path.startsWith(listPath) ? path.slice(listPath.length) : "")?.[1];
    if (path === listPath.slice(0, -1)) return reply.redirect(listPath, 308);
    if (path === listPath && request.method === "POST") return gate(request, reply, create, (strike) => post(request, strike));
    if (path === listPath && request.method === "GET")
      return gate(request, reply, list, () => ({
        status: 200,
        body: { "network-slice-services": { "slice-service": [...slices.values()].map(({ service }) => service) } },
      }));
    if (id !== undefined && request.method === "GET") return gate(request, reply, get, () => read(decodeURIComponent(id)));
    if (id !== undefined && request.method === "DELETE") return gate(request, reply, remove, () => take(decodeURIComponent(id)));
    return reply.code(404).type("text/html").send("<h1>Not Found</h1>");
  });

  return () => slices.clear();
}

const setRule = (resource_key: string, resource_value: string) => ({
  action: "CONFIGACTION_SET",
  custom: { resource_key, resource_value },
});

/** The Slice message, as the NBI turns it into JSON: proto field names, enums by name, rule values as text. */
function sliceJson(uuid: string, { name, text, service, constraints }: Stored, slice_status: string): object {
  const context_id = { context_uuid: { uuid: adminContextUuid } };
  const endpoints = endpointsOf(service);
  return {
    slice_id: { context_id, slice_uuid: { uuid } },
    name,
    slice_endpoint_ids: endpoints.map(({ node, port }) => ({ device_id: { device_uuid: { uuid: node } }, endpoint_uuid: { uuid: port } })),
    slice_constraints: constraints.map((constraint) => ({ action: "CONSTRAINTACTION_SET", ...constraint })),
    slice_service_ids: [{ context_id, service_uuid: { uuid } }],
    slice_subslice_ids: [],
    slice_status: { slice_status },
    slice_config: {
      config_rules: [
        setRule("/settings", JSON.stringify({ address_families: ["IPV4"], mtu: 1500 })),
        setRule("/static_routing", "{}"),
        setRule("running_ietf_slice", text),
        setRule("candidate_ietf_slice", text),
        ...endpoints.map(({ node, port, address, vlan }) =>
          setRule(
            `/device[${node}]/endpoint[${port}]/settings`,
            JSON.stringify({ address_ip: address, address_prefix: 24, ...(vlan === undefined ? {} : { vlan_tag: vlan }) }),
          ),
        ),
      ],
    },
    slice_owner: { owner_string: name },
  };
}
