import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Strike } from "../faults.ts";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import { applyL2vpn, type L2vpnBody, readAccesses, readL2vpn, readL2vpnUpdate } from "./l2vpn.ts";
import type { Course, TfsStore } from "./store.ts";

const list: Operation = { name: "restconf.list", mutating: false };
const get: Operation = { name: "restconf.get", mutating: false };
const create: Operation = { name: "restconf.create", mutating: true };
const update: Operation = { name: "restconf.update", mutating: true };
const remove: Operation = { name: "restconf.delete", mutating: true };
const access: Operation = { name: "restconf.access", mutating: true };

const root = "/restconf/data/ietf-l2vpn-svc::l2vpn-svc"; // the router reads `::` as a colon
const unauthorized: Answer = {
  status: 401,
  type: "text/html; charset=utf-8",
  body: "Unauthorized Access",
  headers: { "www-authenticate": 'Basic realm="Authentication Required"' },
};
const notFound: Answer = { status: 404, body: { message: "The requested URL was not found on the server." } };
const unsupported: Answer = { status: 415, body: { message: "JSON payload is required" } };
const internalError: Answer = { status: 500, body: { message: "Internal Server Error" } };

export interface RestconfOptions {
  readonly user: string;
  readonly password: string;
  readonly courseOf: (strike: Strike) => Course;
}

/** RFC 8466 over RESTCONF, with TeraFlowSDN's status codes: 504 says "not ACTIVE yet", 500 says "not there". */
export function mountRestconf(app: FastifyInstance, gate: HttpGate, store: TfsStore, options: RestconfOptions): void {
  const expected = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString("base64")}`;
  const guarded =
    (act: (request: FastifyRequest, strike: Strike) => Answer) =>
    (request: FastifyRequest) =>
    (strike: Strike): Answer =>
      request.headers.authorization === expected ? act(request, strike) : unauthorized;

  const post = guarded((request, strike) =>
    isJson(request) ? applied([readL2vpn(jsonBody(request))], store, options.courseOf(strike), 201) : unsupported,
  );
  app.get(`${root}/vpn-services`, (request, reply) => gate(request, reply, list, guarded(() => ({ status: 200, body: {} }))(request)));
  app.post(`${root}/vpn-services`, (request, reply) => gate(request, reply, create, post(request)));

  const read = guarded((request) => statusOf(store, vpnIdOf(request)));
  app.get(`${root}/vpn-services/*`, (request, reply) => gate(request, reply, get, read(request)));

  // upstream forgot the check of credentials on PUT, so it is not made here either
  app.put(`${root}/vpn-services/*`, (request, reply) =>
    gate(request, reply, update, (strike) => {
      if (!isJson(request)) return unsupported;
      return applied(readL2vpnUpdate(jsonBody(request)), store, options.courseOf(strike), 204);
    }),
  );

  const removeVpn = guarded((request) => {
    const vpnId = vpnIdOf(request);
    if (vpnId === undefined) return notFound;
    store.remove("admin", vpnId); // what is not there is "nothing done", and that is fine
    return { status: 204 };
  });
  app.delete(`${root}/vpn-services/*`, (request, reply) => gate(request, reply, remove, removeVpn(request)));

  for (const [method, status] of [
    ["POST", 201],
    ["PUT", 204],
  ] as const) {
    const applyAccesses = guarded((request, strike) => {
      const siteId = /^site=(.+)\/site-network-accesses\/?$/.exec(restOf(request))?.[1];
      if (siteId === undefined) return notFound;
      if (!isJson(request)) return unsupported;
      return applied([readAccesses(siteId, jsonBody(request))], store, options.courseOf(strike), status);
    });
    app.route({ method, url: `${root}/sites/*`, handler: (request, reply) => gate(request, reply, access, applyAccesses(request)) });
  }
}

function statusOf(store: TfsStore, vpnId: string | undefined): Answer {
  if (vpnId === undefined) return notFound;
  const stored = store.find("admin", vpnId);
  if (stored === undefined) return { status: 500, body: { error: `VPN(${vpnId}) not found in database` } };
  if (stored.type !== "SERVICETYPE_L2NM" && stored.type !== "SERVICETYPE_L3NM")
    return { status: 500, body: { error: `VPN(${vpnId}) is not L2VPN` } };
  return { status: store.statusOf(stored) === "SERVICESTATUS_ACTIVE" ? 200 : 504, body: { "service-id": stored.uuid } };
}

/** 201 carries the empty list of errors; any error makes it a 500 with the list, and what was done before stays done. */
function applied(bodies: readonly L2vpnBody[], store: TfsStore, course: Course, success: 201 | 204): Answer {
  const errors: unknown[] = [];
  for (const body of bodies) {
    if (body.kind === "invalid") return internalError;
    if (body.kind === "unexpected") errors.push("Unexpected request");
    else {
      try {
        errors.push(...applyL2vpn(store, body.svc, course));
      } catch {
        return internalError; // as upstream, where a site's management type is checked outside of the list of errors
      }
    }
  }
  if (errors.length > 0) return { status: 500, body: errors };
  return success === 201 ? { status: 201, body: [] } : { status: 204 };
}

const isJson = (request: FastifyRequest): boolean => /^application\/(?:[\w.+-]+\+)?json\b/i.test(request.headers["content-type"] ?? "");

const restOf = (request: FastifyRequest): string => (request.params as Record<string, string>)["*"] ?? "";

const vpnIdOf = (request: FastifyRequest): string | undefined => /^vpn-service=(.+?)\/?$/.exec(restOf(request))?.[1];
