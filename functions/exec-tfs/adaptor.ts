import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { canonicalJson, type Order } from "../../domain/intent/order.ts";
import { ok, type Outcome } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { TfsConnections } from "./connections.ts";
import { fitsRestconf } from "./descriptor.ts";
import type { Face } from "./face.ts";
import { reach, type Tfs } from "./http.ts";
import { restconf } from "./restconf.ts";
import { tfsApi } from "./tfs-api.ts";
import { webui } from "./webui.ts";

interface Dependencies {
  readonly controllers: readonly ReachableController[];
  readonly connections: TfsConnections;
  readonly signal: AbortSignal;
  /**
   * False for whoever applies next: an absent service then costs one request and not the list of all services, since creating it
   * proves that it was absent. What only looks, or withdraws, needs true.
   */
  readonly exact?: boolean;
}

type FaceName = Exclude<NonNullable<ReachableController["face"]>, "rfc9543" | "tfs-slice">;
const faces: Readonly<Record<FaceName, Face>> = { "tfs-api": tfsApi, webui, restconf };

interface Target {
  readonly wanted: L2vpn;
  readonly tfs: Tfs;
  readonly face: Face;
  readonly origin: string;
}

/** The path of the intent's url chooses the interface, then the operator; RESTCONF only where it can carry all of the order. */
export function chooseFace(url: string | undefined, configured: ReachableController["face"], wanted: L2vpn): FaceName {
  const path = url === undefined ? "" : new URL(url).pathname;
  const named = /^\/(tfs-api|webui|restconf)(?:\/|$)/.exec(path)?.[1] as FaceName | undefined;
  const carries = (face: ReachableController["face"]): face is FaceName =>
    face !== undefined && face in faces && (face !== "restconf" || fitsRestconf(wanted));
  return [named, configured].find(carries) ?? "tfs-api";
}

/** L2VPNs on ETSI TeraFlowSDN, under the service name that the order gives. */
export function tfsAdaptor({ controllers, connections, signal, exact = true }: Dependencies): Adaptor {
  function aim(order: Order): Outcome<Target> {
    const wanted = payloadOf(order);
    const chosen = selectController(controllers, "tfs", order.controller);
    if (!chosen.ok) return chosen;
    const controller = chosen.value;
    const face = faces[chooseFace(order.controller, controller.face, wanted)];
    return ok({ wanted, face, origin: controller.origin, tfs: reach(controller, connections.pool(controller), signal) });
  }

  async function apply(order: Order, observed: Observed, before: Order | undefined): Promise<Outcome<void>> {
    const target = aim(order);
    if (!target.ok) return target;
    const { wanted, tfs, face } = target.value;
    if (observed.state === "absent") return face.create(tfs, wanted);
    // RESTCONF alone shows nothing to compare with, so there a new generation counts as a difference.
    const unseen = face === restconf && before !== undefined && canonicalJson(before.payload) !== canonicalJson(order.payload);
    if (observed.differs.length === 0 && !unseen) return ok(undefined);
    if (!face.mustMakeAnew(observed.differs)) return face.change(tfs, wanted, observed.differs);
    const removed = await face.remove(tfs, wanted.service);
    return removed.ok ? face.create(tfs, wanted) : removed;
  }

  /** The state before the order, brought about like any other. */
  async function restore({ tfs, wanted, face }: Target, before: Order | undefined): Promise<Outcome<void>> {
    if (before !== undefined) {
      const former = aim(before);
      if (!former.ok) return former;
      const seen = await former.value.face.observe(former.value.tfs, former.value.wanted, true);
      return seen.ok ? apply(before, seen.value, undefined) : seen;
    }
    const seen = await face.observe(tfs, wanted, true);
    if (!seen.ok) return seen;
    return seen.value.state === "absent" ? ok(undefined) : face.remove(tfs, wanted.service);
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "tfs", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    createProvesAbsence(order) {
      const aimed = aim(order);
      return aimed.ok && aimed.value.face.createProvesAbsence;
    },

    async observe(order) {
      const target = aim(order);
      return target.ok ? target.value.face.observe(target.value.tfs, target.value.wanted, exact) : target;
    },

    apply,

    async withdraw(order, observed) {
      const target = aim(order);
      if (!target.ok) return target;
      if (observed.state === "absent" && exact) return ok(undefined);
      return target.value.face.remove(target.value.tfs, target.value.wanted.service);
    },

    async undo(order, before) {
      const target = aim(order);
      if (!target.ok) return []; // no controller, so nothing was begun
      const residue = [`tfs service ${target.value.wanted.service} at ${target.value.origin}`];
      try {
        return (await restore(target.value, before)).ok ? [] : residue;
      } catch (fault) {
        if (fault instanceof TransientError) return residue;
        throw fault;
      }
    },
  };
}

function payloadOf(order: Order): L2vpn {
  const payload = L2vpn.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no L2VPN: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
