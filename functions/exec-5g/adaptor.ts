import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor } from "../../domain/intent/adaptor.ts";
import { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import { camaraQod } from "./camara.ts";
import { cumucore } from "./cumucore.ts";
import type { FivegConnections } from "./connections.ts";
import type { Face, KnownUe, Wanted } from "./face.ts";
import { type Core, reach } from "./http.ts";
import { isKnown, sessionWithQos } from "./session-with-qos.ts";

interface Dependencies {
  readonly controllers: readonly ReachableController[];
  readonly connections: Pick<FivegConnections, "pool" | "tokens">;
  readonly signal: AbortSignal;
  /** What is added to the address of a flow's notifications, so that only its core can tell of it. */
  readonly tokenOf?: (name: string) => string;
  /** Milliseconds of the epoch: whether a flow's time has passed. */
  readonly now?: () => number;
}

interface Target {
  readonly wanted: Wanted;
  readonly core: Core;
  readonly face: Face;
  readonly origin: string;
}

/** RFC 6761: a name that never resolves. Notifications go nowhere until the operator says where. */
const nowhere = new URL("https://underlay.invalid/function/exec-5g");

type Exposure = NonNullable<ReachableController["exposure"]>;

/** The path of the intent's url chooses the interface, then the operator; Cumucore's own is the operator's to choose. */
export function chooseExposure(url: string | undefined, configured: Exposure | undefined): Exposure {
  const named = /\/(3gpp-as-session-with-qos|quality-on-demand)(?:\/|$)/.exec(url === undefined ? "" : new URL(url).pathname)?.[1];
  if (named !== undefined && configured !== "cumucore") return named === "quality-on-demand" ? "camara" : "nef";
  return configured ?? "nef";
}

const faceOf = (exposure: Exposure, controller: ReachableController): Face => {
  if (exposure === "cumucore" && controller.dataflows !== undefined) return cumucore(controller.dataflows);
  return exposure === "camara" ? camaraQod : sessionWithQos(controller);
};

/**
 * Quality for flows of subscribers, on a 5G core. Orders come at the start of their window; the core ends a flow after the duration from
 * start to stop, and an order whose stop has passed is refused.
 */
export function fivegAdaptor({ controllers, connections, signal, tokenOf, now = Date.now }: Dependencies): Adaptor {
  function aim(order: Order): Outcome<Target> {
    const flow = payloadOf(order);
    const chosen = selectController(controllers, "5g", order.controller);
    if (!chosen.ok) return chosen;
    const controller = chosen.value;
    const exposure = chooseExposure(order.controller, controller.exposure);
    return ok({
      wanted: { flow, ue: controller.ues?.[flow.supi], destination: destinationOf(controller.notifyUrl, flow.name, tokenOf), nowMs: now() },
      core: reach(controller, { pool: connections.pool(controller), tokens: connections.tokens, signal }),
      face: faceOf(exposure, controller),
      origin: controller.origin,
    });
  }

  /** A wish that can be fulfilled now. */
  function feasible({ wanted: asked, face, origin }: Target): Outcome<KnownUe> {
    // Who takes SUPIs is given no address; the subscriber's name stands in its place.
    const wanted = face.knowsSubscribers === true ? { ...asked, ue: asked.flow.supi } : asked;
    if (!isKnown(wanted))
      return refuse("UE_UNKNOWN", `the controller ${origin} has no address for the subscriber: add its SUPI to ues of its entry`);
    if (hasEnded(wanted)) return refuse("FLOW_ENDED", `the stopTime ${String(wanted.flow.stopTime)} has passed`);
    return ok(wanted);
  }

  async function bring(target: Target, isAbsent: boolean, before: Order | undefined): Promise<Outcome<void>> {
    const wanted = feasible(target);
    if (!wanted.ok) return wanted;
    const { face, core } = target;
    return isAbsent ? face.create(core, wanted.value) : face.change(core, wanted.value, before && payloadOf(before));
  }

  /** The state before the order. What would have ended by itself meanwhile is not brought back. */
  async function restore(target: Target, before: Order | undefined): Promise<Outcome<void>> {
    if (before === undefined) return target.face.remove(target.core, target.wanted);
    const former = aim(before);
    if (!former.ok) return former;
    const { face, core, wanted } = former.value;
    if (hasEnded(wanted)) return face.remove(core, wanted);
    const seen = await face.observe(core, wanted);
    if (!seen.ok) return seen;
    // It is brought back from what is being taken back, which tells whether the stop moved.
    return bring(former.value, seen.value.state === "absent", { ...before, payload: target.wanted.flow });
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "5g", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    async observe(order) {
      const target = aim(order);
      return target.ok ? target.value.face.observe(target.value.core, target.value.wanted) : target;
    },

    async apply(order, observed, before) {
      const target = aim(order);
      return target.ok ? bring(target.value, observed.state === "absent", before) : target;
    },

    async withdraw(order, observed) {
      if (observed.state === "absent") return ok(undefined);
      const target = aim(order);
      return target.ok ? target.value.face.remove(target.value.core, target.value.wanted) : target;
    },

    async undo(order, before) {
      const target = aim(order);
      if (!target.ok) return []; // no controller, so nothing was begun
      const residue = [`5g flow ${target.value.wanted.flow.name} at ${target.value.origin}`];
      try {
        return (await restore(target.value, before)).ok ? [] : residue;
      } catch (fault) {
        if (fault instanceof TransientError) return residue;
        throw fault;
      }
    },
  };
}

const hasEnded = ({ flow: { stopTime }, nowMs }: Wanted): boolean => stopTime !== undefined && Date.parse(stopTime) <= nowMs;

const destinationOf = (base: URL | undefined, name: string, tokenOf: Dependencies["tokenOf"]): string => {
  const { origin, pathname } = base ?? nowhere;
  const query = base === undefined || tokenOf === undefined ? "" : `?t=${tokenOf(name)}`;
  return `${origin}${pathname.replace(/\/+$/, "")}/notify/${encodeURIComponent(name)}${query}`;
};

function payloadOf(order: Order): Flow5g {
  const payload = Flow5g.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no 5G flow: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
