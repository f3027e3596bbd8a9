import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { NscConnections } from "./connections.ts";
import type { Face } from "./face.ts";
import { type Nsc, reach } from "./http.ts";
import { rfc9543 } from "./rfc9543.ts";
import { tfsSlice } from "./tfs-slice.ts";

interface Dependencies {
  readonly controllers: readonly ReachableController[];
  readonly connections: NscConnections;
  readonly signal: AbortSignal;
}

interface Target {
  readonly wanted: NetworkSlice;
  readonly nsc: Nsc;
  readonly face: Face;
  readonly origin: string;
}

/** Network slice services on a network slice controller, under the id that the order gives. */
export function nscAdaptor({ controllers, connections, signal }: Dependencies): Adaptor {
  function aim(order: Order): Outcome<Target> {
    const wanted = payloadOf(order);
    const chosen = selectController(controllers, "nsc", order.controller);
    if (!chosen.ok) return chosen;
    const controller = chosen.value;
    // Both faces are served under the same path, so only the operator can tell which one it is.
    const face = controller.face === "tfs-slice" ? tfsSlice : rfc9543;
    return ok({ wanted, face, origin: controller.origin, nsc: reach(controller, connections.pool(controller), signal) });
  }

  async function apply(order: Order, observed: Observed): Promise<Outcome<void>> {
    const target = aim(order);
    if (!target.ok) return target;
    const { wanted, nsc, face } = target.value;
    const lacking = face.lacks(wanted);
    if (lacking !== undefined) return refuse("NSC_UNSUPPORTED", lacking);
    if (observed.state === "absent") return face.create(nsc, wanted);
    return observed.differs.length === 0 ? ok(undefined) : face.change(nsc, wanted);
  }

  /** The state before the order, brought about like any other. */
  async function restore({ nsc, wanted, face }: Target, before: Order | undefined): Promise<Outcome<void>> {
    if (before !== undefined) {
      const former = aim(before);
      if (!former.ok) return former;
      const seen = await former.value.face.observe(former.value.nsc, former.value.wanted);
      return seen.ok ? apply(before, seen.value) : seen;
    }
    const seen = await face.observe(nsc, wanted);
    if (!seen.ok) return seen;
    return seen.value.state === "absent" ? ok(undefined) : face.remove(nsc, wanted.slice);
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "nsc", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    async observe(order) {
      const target = aim(order);
      return target.ok ? target.value.face.observe(target.value.nsc, target.value.wanted) : target;
    },

    apply,

    async withdraw(order, observed) {
      const target = aim(order);
      if (!target.ok) return target;
      return observed.state === "absent" ? ok(undefined) : target.value.face.remove(target.value.nsc, target.value.wanted.slice);
    },

    async undo(order, before) {
      const target = aim(order);
      if (!target.ok) return []; // no controller, so nothing was begun
      const residue = [`slice service ${target.value.wanted.slice} at ${target.value.origin}`];
      try {
        return (await restore(target.value, before)).ok ? [] : residue;
      } catch (fault) {
        if (fault instanceof TransientError) return residue;
        throw fault;
      }
    },
  };
}

function payloadOf(order: Order): NetworkSlice {
  const payload = NetworkSlice.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no network slice: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
