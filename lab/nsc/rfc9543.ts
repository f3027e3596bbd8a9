import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Strike } from "../faults.ts";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { faultOf, SliceService, type Template } from "./yang.ts";

const root = "/restconf/data/ietf-network-slice-service:network-slice-services";
const mediaType = "application/yang-data+json";

const get: Operation = { name: "rfc9543.get", mutating: false };
const getTemplate: Operation = { name: "rfc9543.template", mutating: false };
const put: Operation = { name: "rfc9543.put", mutating: true };
const remove: Operation = { name: "rfc9543.delete", mutating: true };

export interface Rfc9543Options {
  /** What the operator has on offer before anybody asks. */
  readonly templates: readonly Template[];
  readonly activateAfterMs: number;
  readonly now: () => number;
}

interface Stored {
  readonly service: SliceService;
  readonly text: string;
  readonly activeAtMs: number;
}

/** RFC 8040 section 7.1. */
const errors = (status: number, tag: string, message: string): Answer => ({
  status,
  type: mediaType,
  body: { "ietf-restconf:errors": { error: [{ "error-type": "application", "error-tag": tag, "error-message": message }] } },
});
const notThere = errors(404, "invalid-value", "data instance does not exist");
const fine = (body: object): Answer => ({ status: 200, type: mediaType, body });

/** A controller that serves the module as RFC 8040 and RFC 7951 have it. Answers what forgets everything. */
export function mountRfc9543(app: FastifyInstance, gate: HttpGate, ledger: Ledger, options: Rfc9543Options): () => void {
  const { templates, activateAfterMs, now } = options;
  const slices = new Map<string, Stored>();
  const templateIds = new Set(templates.map(({ id }) => id));

  const shown = ({ service, activeAtMs }: Stored) => ({
    ...service,
    status: {
      "admin-status": { status: "ietf-vpn-common:admin-up" },
      "oper-status": { status: now() < activeAtMs ? "ietf-vpn-common:op-down" : "ietf-vpn-common:op-up" },
    },
  });

  function replace(id: string, request: FastifyRequest, strike: Strike): Answer {
    if (request.headers["content-type"] !== mediaType) return errors(415, "invalid-value", `only ${mediaType} is understood`);
    const body = z.strictObject({ "ietf-network-slice-service:slice-service": z.tuple([SliceService]) }).safeParse(jsonBody(request));
    if (!body.success) return errors(400, "invalid-value", z.prettifyError(body.error));
    const [service] = body.data["ietf-network-slice-service:slice-service"];
    if (service.id !== id) return errors(400, "invalid-value", "the key in the body is not the key in the URI");
    const fault = faultOf(service, templateIds);
    if (fault !== undefined)
      return fault.startsWith("required leafref") ? errors(409, "data-missing", fault) : errors(400, "invalid-value", fault);

    const text = JSON.stringify(service);
    const known = slices.get(id);
    const activeAtMs = known?.text === text ? known.activeAtMs : now() + (strike.activateAfterMs ?? activateAfterMs);
    slices.set(id, { service, text, activeAtMs });
    if (known?.text !== text) ledger.enter("nsc", known === undefined ? "created" : "changed", `slice-service/${id}`, sizes(service));
    return { status: known === undefined ? 201 : 204 };
  }

  function take(id: string): Answer {
    if (!slices.delete(id)) return notThere;
    ledger.enter("nsc", "removed", `slice-service/${id}`);
    return { status: 204 };
  }

  app.all("/*", (request, reply) => {
    const { kind, id } = resourceOf(request.url);
    if (kind === "template" && request.method === "GET")
      return gate(request, reply, getTemplate, () => {
        const template = templates.find((one) => one.id === id);
        return template === undefined ? notThere : fine({ "ietf-network-slice-service:slo-sle-template": [template] });
      });
    if (kind === "slice" && request.method === "GET")
      return gate(request, reply, get, () => {
        const stored = slices.get(id);
        return stored === undefined ? notThere : fine({ "ietf-network-slice-service:slice-service": [shown(stored)] });
      });
    if (kind === "slice" && request.method === "PUT") return gate(request, reply, put, (strike) => replace(id, request, strike));
    if (kind === "slice" && request.method === "DELETE") return gate(request, reply, remove, () => take(id));
    const unknown =
      kind === undefined ? errors(404, "invalid-value", "unknown resource") : errors(405, "operation-not-supported", "not here");
    return reply.code(unknown.status).type(mediaType).send(JSON.stringify(unknown.body));
  });

  return () => slices.clear();
}

/** RFC 8040 section 3.5.3: the key's value is percent-encoded in the path. */
function resourceOf(url: string): { readonly kind?: "slice" | "template"; readonly id: string } {
  const rest = url.startsWith(`${root}/`) ? url.slice(root.length + 1) : "";
  const slice = /^slice-service=([^/?]+)$/.exec(rest)?.[1];
  if (slice !== undefined) return { kind: "slice", id: decodeURIComponent(slice) };
  const template = /^slo-sle-templates\/slo-sle-template=([^/?]+)$/.exec(rest)?.[1];
  return template === undefined ? { id: "" } : { kind: "template", id: decodeURIComponent(template) };
}

const sizes = (service: SliceService): string => {
  const constructs = service["connection-groups"]?.["connection-group"]?.flatMap((group) => group["connectivity-construct"] ?? []) ?? [];
  return `${String(service.sdps?.sdp.length ?? 0)} SDPs, ${String(constructs.length)} constructs`;
};
