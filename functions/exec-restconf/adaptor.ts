import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { RestconfResource } from "../../domain/intent/catalogue/restconf-resource/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { Pools } from "../pools.ts";
import { differences } from "./compare.ts";
import { openRestconf, type Restconf } from "./http.ts";

interface Dependencies extends Pools {
  readonly controllers: readonly ReachableController[];
  readonly signal: AbortSignal;
}

interface Target {
  readonly server: Restconf;
  readonly wanted: RestconfResource;
}

const absent: Observed = { state: "absent" };

/** Data resources of RESTCONF servers (RFC 8040): GET to look, PUT to bring about, DELETE to take away. */
export function restconfAdaptor({ controllers, pool, signal }: Dependencies): Adaptor {
  function aim(order: Order): Outcome<Target> {
    const wanted = payloadOf(order);
    const chosen = selectController(controllers, "restconf", order.controller);
    if (!chosen.ok) return chosen;
    const { origin, roots = [] } = chosen.value;
    if (!roots.some((root) => wanted.path === root || wanted.path.startsWith(`${root}/`) || wanted.path.startsWith(`${root}=`)))
      return refuse(
        "RESTCONF_PATH_NOT_ALLOWED",
        `${wanted.path} is not below the roots that the operator allows at ${origin}: ${roots.join(", ") || "none"}`,
      );
    return ok({ wanted, server: openRestconf(chosen.value, pool(chosen.value), signal) });
  }

  async function observe({ server, wanted }: Target): Promise<Outcome<Observed>> {
    const found = await server.get(wanted.path);
    if (!found.ok) return found;
    if (found.value === undefined) return ok(absent);
    return ok({ state: "present", differs: differences(wanted.content, found.value), pending: false, declared: {} });
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "restconf", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    async observe(order) {
      const target = aim(order);
      return target.ok ? observe(target.value) : target;
    },

    async apply(order, observed, before) {
      const target = aim(order);
      if (!target.ok) return target;
      const { server, wanted } = target.value;
      // The path is the device's name for it and not ours: what stands there and was never asked for here is somebody else's.
      if (before === undefined && observed.state === "present" && observed.differs.length > 0)
        return refuse(
          "RESTCONF_RESOURCE_FOREIGN",
          `${wanted.path} is there already with other content (${observed.differs.join(", ")}), and not by an intent`,
        );
      return server.put(wanted.path, wanted.content);
    },

    async withdraw(order, observed) {
      const target = aim(order);
      if (!target.ok) return target;
      return observed.state === "absent" ? ok(undefined) : target.value.server.remove(target.value.wanted.path);
    },

    async undo(order, before) {
      const target = aim(order);
      if (!target.ok) return []; // nowhere to go, so nothing was begun
      const { server, wanted } = target.value;
      const residue = [`${wanted.path} at ${server.host}`];
      try {
        const seen = await observe(target.value);
        if (!seen.ok) return residue;
        // Somebody else's stays as it is.
        if (seen.value.state === "absent" || (before === undefined && seen.value.differs.length > 0)) return [];
        const back = before === undefined ? await server.remove(wanted.path) : await server.put(wanted.path, payloadOf(before).content);
        return back.ok ? [] : residue;
      } catch (fault) {
        if (fault instanceof TransientError) return residue;
        throw fault;
      }
    },
  };
}

function payloadOf(order: Order): RestconfResource {
  const payload = RestconfResource.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no data resource: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
