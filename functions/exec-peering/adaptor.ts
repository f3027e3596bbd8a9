import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { canonicalAddress } from "../../domain/intent/catalogue/bgp-peering/address.ts";
import { BgpSession } from "../../domain/intent/catalogue/bgp-peering/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import { awaitDeletion, checkLocation, createSession, deleteSession, findSessions, rejection } from "./api.ts";
import type { PeeringConnections } from "./connections.ts";
import { type PeeringApi, reach } from "./http.ts";
import { isRejected, type Session, shownSecret } from "./session.ts";

interface Dependencies {
  readonly controllers: readonly ReachableController[];
  readonly connections: PeeringConnections;
  /** The key behind a session's `md5Ref`. */
  readonly secrets: { open(ref: string): Promise<string | undefined> };
  readonly signal: AbortSignal;
}

interface Target {
  readonly wanted: BgpSession;
  readonly api: PeeringApi;
}

/**
 * BGP sessions with other networks, asked for over their Peering API. A session there has an id that the responder chose, so it is found by
 * what it is: who, with whom, where, from which address. A person may have to approve it, for days: it stands as asked from the start.
 */
export function peeringAdaptor({ controllers, connections, secrets, signal }: Dependencies): Adaptor {
  let hasReplaced = false;

  function aim(order: Order): Outcome<Target> {
    const wanted = payloadOf(order);
    const chosen = selectController(controllers, "peering", order.controller);
    if (!chosen.ok) return chosen;
    const controller = chosen.value;
    return ok({ wanted, api: reach({ controller, pool: connections.pool(controller), tokens: connections.tokens, signal }) });
  }

  async function secretOf({ wanted, api }: Target): Promise<string | undefined> {
    const secret = wanted.md5Ref === undefined ? undefined : await secrets.open(wanted.md5Ref);
    if (secret !== undefined) api.hide(secret);
    return secret;
  }

  /** Whether the session is known to have the order's key, or known to have another; most APIs show none, and then neither is known. */
  async function keyOf(target: Target, session: Session): Promise<"same" | "other" | "hidden"> {
    const shown = shownSecret(session);
    if (shown === undefined || target.wanted.md5Ref === undefined) return "hidden";
    const secret = await secretOf(target);
    return secret === undefined ? "hidden" : secret === shown ? "same" : "other";
  }

  async function observe(target: Target): Promise<Outcome<Observed>> {
    const found = await findSessions(target.api, target.wanted);
    if (!found.ok) return found;
    const session = standing(found.value);
    if (session === undefined) return ok({ state: "absent" });
    const differs = [...(isRejected(session) ? ["status"] : []), ...((await keyOf(target, session)) === "other" ? ["md5"] : [])];
    // The words are another network's: short, and an address only where it is one.
    const peerIp = canonicalAddress(session.peer_ip ?? "");
    const declared = {
      ...(session.status === undefined ? {} : { status: session.status.slice(0, 64) }),
      ...(peerIp === undefined ? {} : { peerIp }),
    };
    // Pending and Approved wait for people, and for the requestor's own router: nothing that an order could wait for.
    return ok({ state: "present", differs, pending: false, declared });
  }

  /** What is refused here is refused before anything was taken down. */
  async function prepare(target: Target): Promise<Outcome<string | undefined>> {
    const secret = await secretOf(target);
    if (target.wanted.md5Ref !== undefined && secret === undefined)
      return refuse("SECRET_UNKNOWN", "the md5 of the session is not known here any more: submit the intent again, with its md5");
    const located = await checkLocation(target.api, target.wanted);
    return located.ok ? ok(secret) : located;
  }

  async function create(target: Target): Promise<Outcome<void>> {
    const secret = await prepare(target);
    return secret.ok ? createSession(target.api, target.wanted, secret.value) : secret;
  }

  /** The API has no update: another key means another session in place of the old one. */
  async function replace(target: Target, old: readonly Session[]): Promise<Outcome<void>> {
    const secret = await prepare(target);
    if (!secret.ok) return secret;
    hasReplaced = true;
    for (const session of old) {
      const removed = await deleteSession(target.api, session);
      if (!removed.ok) return removed;
      const gone = await awaitDeletion(target.api, session);
      if (!gone.ok) return gone;
    }
    return createSession(target.api, target.wanted, secret.value);
  }

  /** `isOtherKey`: the session was last asked for with another key than this order's. */
  async function bring(target: Target, isOtherKey: boolean): Promise<Outcome<void>> {
    const found = await findSessions(target.api, target.wanted);
    if (!found.ok) return found;
    const session = standing(found.value);
    if (session === undefined) return create(target);
    const key = await keyOf(target, session);
    if (key === "other" || (isOtherKey && key === "hidden")) return replace(target, found.value);
    return isRejected(session) ? rejection(target.wanted) : ok(undefined);
  }

  async function removeAll({ api, wanted }: Target): Promise<Outcome<void>> {
    const found = await findSessions(api, wanted);
    if (!found.ok) return found;
    for (const session of found.value) {
      const removed = await deleteSession(api, session);
      if (!removed.ok) return removed;
    }
    return ok(undefined);
  }

  /** What stood before is asked for again; the responder may of course think otherwise now. */
  async function restore(target: Target, order: Order, before: Order | undefined): Promise<Outcome<void>> {
    if (before === undefined) return removeAll(target);
    const former = aim(before);
    if (!former.ok) return former;
    const found = await findSessions(former.value.api, former.value.wanted);
    if (!found.ok) return found;
    // A session that this try did not touch is as it was, rejected or not.
    if (found.value.length > 0 && !hasReplaced) return ok(undefined);
    return bring(former.value, payloadOf(order).md5Ref !== payloadOf(before).md5Ref);
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "peering", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    async observe(order) {
      const target = aim(order);
      return target.ok ? observe(target.value) : target;
    },

    async apply(order, observed, before) {
      const target = aim(order);
      if (!target.ok) return target;
      if (observed.state === "absent") return create(target.value);
      return bring(target.value, before !== undefined && payloadOf(before).md5Ref !== target.value.wanted.md5Ref);
    },

    async withdraw(order, observed) {
      const target = aim(order);
      if (!target.ok) return target;
      return observed.state === "absent" ? ok(undefined) : removeAll(target.value);
    },

    async undo(order, before) {
      const target = aim(order);
      if (!target.ok) return []; // no controller, so nothing was begun
      const residue = [`${order.resource} at ${target.value.api.host}`];
      try {
        return (await restore(target.value, order, before)).ok ? [] : residue;
      } catch (fault) {
        if (fault instanceof TransientError) return residue;
        throw fault;
      }
    },
  };
}

/** The one that counts, should there be several: any that was not rejected. */
const standing = (found: readonly Session[]): Session | undefined => found.find((session) => !isRejected(session)) ?? found[0];

function payloadOf(order: Order): BgpSession {
  const payload = BgpSession.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no BGP session: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
