import { ok, type Outcome } from "../../domain/outcome.ts";
import { Dataflow, dataflowDeclares, dataflowDifferences, dataflowOf } from "./dataflow.ts";
import type { Face, Wanted } from "./face.ts";
import { type Call, type Core, declined, understood } from "./http.ts";

/** It is told SUPIs, and may repeat one in what it says: reasons are read by more people than may know it. */
const discreet = (core: Core, { flow: { supi } }: Wanted): Core => ({
  ...core,
  redact: (text) => core.redact(text).replaceAll(supi, "[redacted]"),
});

async function call(core: Core, asked: Call, fine: readonly number[], doing: string): Promise<Outcome<void>> {
  const reply = await core.call(asked);
  if (!reply.ok) return reply;
  return fine.includes(reply.value.status) ? ok(undefined) : declined(core, reply.value, doing);
}

/**
 * Cumucore's dataflow JSON at an endpoint that the operator names. The endpoint is unverified: no public text has its path, methods, answers or
 * authentication. What is assumed is plain REST: POST to the collection, and GET, PUT and DELETE of `<collection>/<flowID>`.
 */
export function cumucore(collection: string): Face {
  const pathOf = ({ flow }: Wanted): string => `${collection}/${encodeURIComponent(flow.name)}`;
  return {
    knowsSubscribers: true,

    async observe(asked, wanted) {
      const core = discreet(asked, wanted);
      const reply = await core.call({ method: "GET", path: pathOf(wanted) });
      if (!reply.ok) return reply;
      if (reply.value.status === 404) return ok({ state: "absent" });
      if (reply.value.status !== 200) return declined(core, reply.value, "GET dataflow");
      const has = understood(core, reply.value, Dataflow, "a dataflow");
      return ok({
        state: "present",
        differs: dataflowDifferences(has, wanted.flow),
        pending: false,
        declared: dataflowDeclares(has),
      });
    },

    create: (core, wanted) =>
      call(discreet(core, wanted), { method: "POST", path: collection, json: dataflowOf(wanted.flow) }, [200, 201, 202], "POST dataflow"),

    change: (core, wanted) =>
      call(
        discreet(core, wanted),
        { method: "PUT", path: pathOf(wanted), json: dataflowOf(wanted.flow) },
        [200, 201, 202, 204],
        "PUT dataflow",
      ),

    remove: (core, wanted) =>
      call(discreet(core, wanted), { method: "DELETE", path: pathOf(wanted) }, [200, 202, 204, 404], "DELETE dataflow"),
  };
}
