import { z } from "zod";
import type { Observed } from "../../domain/intent/adaptor.ts";
import { ok, type Outcome } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { declaredBy, differences, isPending, TfsService } from "./compare.ts";
import { bareService, fullService } from "./descriptor.ts";
import type { Face } from "./face.ts";
import { jsonIn } from "../reply.ts";
import { declined, jsonBody, type Reply, type Tfs } from "./http.ts";
import { serviceUuid, tfsContext } from "./uuid.ts";

const context = `/tfs-api/context/${tfsContext}`;
const servicePath = (service: string): string => `${context}/service/${encodeURIComponent(service)}`;

const ServiceIds = z.object({ service_ids: z.array(z.object({ service_uuid: z.object({ uuid: z.string() }) })) });

/** The list decides about existence: TeraFlowSDN answers 500 to the GET of an absent service and to a fault alike. */
export async function isListed(tfs: Tfs, service: string): Promise<Outcome<boolean>> {
  const reply = await tfs.call({ method: "GET", path: `${context}/service_ids`, maxBytes: 64 << 20 });
  if (reply.status !== 200) return declined(tfs, reply, "GET service_ids");
  const ids = understood(tfs, reply, ServiceIds, "a list of services").service_ids;
  const derived = serviceUuid(service);
  return ok(ids.some(({ service_uuid: { uuid } }) => uuid === service || uuid === derived));
}

export const getService = (tfs: Tfs, service: string): Promise<Reply> => tfs.call({ method: "GET", path: servicePath(service) });

export const serviceIn = (tfs: Tfs, reply: Reply): TfsService => understood(tfs, reply, TfsService, "a service");

function understood<T>(tfs: Tfs, reply: Reply, schema: z.ZodType<T>, what: string): T {
  const read = schema.safeParse(jsonIn(reply.text));
  if (read.success) return read.data;
  throw new TransientError("TFS_UNAVAILABLE", `TeraFlowSDN at ${tfs.host} answered something that is not ${what}`);
}

const absent: Outcome<Observed> = ok({ state: "absent" });

export const tfsApi: Face = {
  createProvesAbsence: true,

  async observe(tfs, wanted, exact) {
    const reply = await getService(tfs, wanted.service);
    if (reply.status === 200) {
      const service = serviceIn(tfs, reply);
      const differs = differences(service, wanted);
      return ok({ state: "present", differs, pending: isPending(service), declared: declaredBy(service) });
    }
    if (reply.status !== 500) return declined(tfs, reply, "GET service");
    if (!exact) return absent;
    const listed = await isListed(tfs, wanted.service);
    if (!listed.ok) return listed;
    return listed.value ? declined(tfs, reply, "GET service") : absent;
  },

  async create(tfs, wanted) {
    // 200 proves that there was none of that name. 500 is "exists already" or a fault: the next try observes again.
    const created = await tfs.call({
      method: "POST",
      path: `${context}/services`,
      ...jsonBody({ services: [bareService(wanted.service)] }),
    });
    return created.status === 200 ? tfsApi.change(tfs, wanted, []) : declined(tfs, created, "POST services");
  },

  async change(tfs, wanted, differs) {
    const changed = await tfs.call({ method: "PUT", path: servicePath(wanted.service), ...jsonBody(fullService(wanted, differs)) });
    return changed.status === 200 ? ok(undefined) : declined(tfs, changed, "PUT service");
  },

  // An update does not deconfigure an endpoint that it does not name, and cannot turn a service into one of another type.
  mustMakeAnew: (differs) => differs.includes("otherEndpoints") || differs.includes("serviceType"),

  async remove(tfs, service) {
    const removed = await tfs.call({ method: "DELETE", path: servicePath(service) });
    if (removed.status !== 200 && removed.status !== 500) return declined(tfs, removed, "DELETE service");
    const listed = await isListed(tfs, service);
    if (!listed.ok) return listed;
    if (!listed.value) return ok(undefined);
    if (removed.status === 500) return declined(tfs, removed, "DELETE service");
    throw new TransientError("TFS_UNAVAILABLE", `TeraFlowSDN at ${tfs.host} still lists ${service} after its removal`);
  },
};
