import type { Observed } from "../../domain/intent/adaptor.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { restconfDifferences } from "./compare.ts";
import { restconfBody } from "./descriptor.ts";
import type { Face } from "./face.ts";
import { jsonIn } from "../reply.ts";
import { declined, jsonBody, type Reply, type Tfs, words } from "./http.ts";
import { getService, isListed, serviceIn } from "./tfs-api.ts";

const services = "/restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services";
const servicePath = (service: string): string => `${services}/vpn-service=${encodeURIComponent(service)}`;

const get = (tfs: Tfs, service: string): Promise<Reply> => tfs.call({ method: "GET", path: servicePath(service) });
const saysAbsent = (reply: Reply): boolean => reply.status === 500 && words(reply).includes("not found in database");

/** RFC 8466 over RESTCONF, for an L2VPN without SLOs. Where /tfs-api is served too, it tells what RESTCONF cannot. */
export const restconf: Face = {
  createProvesAbsence: false,

  async observe(tfs, wanted) {
    const reply = await get(tfs, wanted.service);
    if (saysAbsent(reply)) return ok({ state: "absent" });
    if (reply.status !== 200 && reply.status !== 504) return declined(tfs, reply, "GET vpn-service");
    const native = await getService(tfs, wanted.service);
    const pending = reply.status === 504;
    if (native.status === 200) return present(restconfDifferences(serviceIn(tfs, native), wanted), pending);
    if (native.status !== 404 && pending) {
      // 504 is TeraFlowSDN's "not active yet", but also what an ingress says for a dead peer.
      const listed = await isListed(tfs, wanted.service);
      if (!listed.ok) return listed;
      if (!listed.value) return declined(tfs, reply, "GET vpn-service");
    }
    return present([], pending);
  },

  async create(tfs, wanted) {
    const reply = await tfs.call({ method: "POST", path: services, ...jsonBody(restconfBody(wanted)) });
    return reply.status === 201 ? ok(undefined) : told(tfs, reply, "POST vpn-services");
  },

  async change(tfs, wanted) {
    const reply = await tfs.call({ method: "PUT", path: servicePath(wanted.service), ...jsonBody(restconfBody(wanted)) });
    return reply.status === 204 ? ok(undefined) : told(tfs, reply, "PUT vpn-service");
  },

  // A PUT adds the endpoints that are missing; it refuses another VLAN, and cannot say that something shall go.
  mustMakeAnew: (differs) => differs.some((name) => !/^(?:node|endpoint)(?:Src|Dst)$/.test(name)),

  async remove(tfs, service) {
    const removed = await tfs.call({ method: "DELETE", path: `${servicePath(service)}/` });
    if (removed.status !== 204) return declined(tfs, removed, "DELETE vpn-service");
    const left = await get(tfs, service);
    if (saysAbsent(left)) return ok(undefined);
    if (left.status !== 200 && left.status !== 504) return declined(tfs, left, "GET vpn-service");
    throw new TransientError("TFS_UNAVAILABLE", `TeraFlowSDN at ${tfs.host} still has ${service} after its removal`);
  },
};

const present = (differs: readonly string[], pending: boolean): Outcome<Observed> =>
  ok({ state: "present", differs, pending, declared: {} });

/** Here a 500 with a list of errors is a definite no; a 500 without one may pass. */
function told(tfs: Tfs, reply: Reply, doing: string): Outcome<void> {
  const errors = reply.status === 500 ? jsonIn(reply.text) : undefined;
  if (!Array.isArray(errors) || errors.length === 0) return declined(tfs, reply, doing);
  return refuse("TFS_REFUSED", tfs.redact(`TeraFlowSDN at ${tfs.host} answered 500 to ${doing}: ${words(reply)}`));
}
