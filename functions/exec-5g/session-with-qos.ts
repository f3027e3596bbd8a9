import { z } from "zod";
import type { ReachableController } from "../../domain/controllers.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { type Face, type KnownUe, nameIn, type Wanted } from "./face.ts";
import { type Core, declined, type Reply, unavailable, understood } from "./http.ts";
import { body, declaredBy, differences, mergePatch, mustMakeAnew, Subscription } from "./subscription.ts";

const Subscriptions = z.array(Subscription);

/** 3GPP TS 29.122 5.14, AsSessionWithQoS: one subscription a flow, under the AS identifier that the operator was given. */
export function sessionWithQos({ scsAsId = "nemo" }: Pick<ReachableController, "scsAsId">): Face {
  const subscriptions = `/3gpp-as-session-with-qos/v1/${encodeURIComponent(scsAsId)}/subscriptions`;

  async function list(core: Core, ue?: string): Promise<Outcome<readonly Subscription[]>> {
    // An array of objects in a query: TS 29.122 has it as JSON.
    const query = ue === undefined ? "" : `?ip-addrs=${encodeURIComponent(JSON.stringify([{ ipv4Addr: ue }]))}`;
    const reply = await core.call({ method: "GET", path: subscriptions + query });
    if (!reply.ok) return reply;
    // A core of before the query came into the specification may mind it; the whole list follows anyway.
    if (reply.value.status === 400 && ue !== undefined) return ok([]);
    if (reply.value.status !== 200) return declined(core, reply.value, "GET subscriptions");
    return ok(understood(core, reply.value, Subscriptions, "a list of subscriptions"));
  }

  /** Every subscription of the flow's name: more than one where a POST arrived after it had been given up. */
  async function find(core: Core, { flow, ue }: Wanted, exact: boolean): Promise<Outcome<readonly Subscription[]>> {
    const ours = (all: readonly Subscription[]) => all.filter((one) => nameIn(one.notificationDestination) === flow.name);
    const near = ue === undefined || exact ? ok([]) : await list(core, ue);
    if (!near.ok) return near;
    const found = ours(near.value);
    if (found.length > 0) return ok(found);
    // The flow may stand for an address that its subscriber no longer has, so only the whole list shows that it is not there.
    const all = await list(core);
    return all.ok ? ok(ours(all.value)) : all;
  }

  async function call(
    core: Core,
    doing: string,
    asked: Parameters<Core["call"]>[0],
    fine: readonly number[],
    inVain?: (reply: Reply) => Promise<Outcome<void>>,
  ): Promise<Outcome<void>> {
    const reply = await core.call(asked);
    if (!reply.ok) return reply;
    if (fine.includes(reply.value.status)) return ok(undefined);
    return inVain === undefined ? declined(core, reply.value, doing) : inVain(reply.value);
  }

  const pathOf = (core: Core, { self }: Subscription): Outcome<string, "NEF_REFUSED"> => {
    // Only the id is taken from the core's URL: what it is sent to, with our token, stays the operator's address.
    const id = decoded(/\/([^/?#]+)\/?$/.exec(self ?? "")?.[1] ?? "");
    if (!["", ".", ".."].includes(id)) return ok(`${subscriptions}/${encodeURIComponent(id)}`);
    return refuse("NEF_REFUSED", `the 5G core at ${core.host} lists our subscription without its self, so it cannot be changed`);
  };

  async function removeOne(core: Core, one: Subscription): Promise<Outcome<void>> {
    const path = pathOf(core, one);
    if (!path.ok) return path;
    // 200 comes with a last notification; 404 is gone already.
    return call(core, "DELETE subscription", { method: "DELETE", path: path.value }, [200, 204, 404]);
  }

  async function removeAll(core: Core, found: readonly Subscription[]): Promise<Outcome<void>> {
    for (const one of found.toReversed()) {
      const removed = await removeOne(core, one);
      if (!removed.ok) return removed;
    }
    return ok(undefined);
  }

  const create = (core: Core, wanted: KnownUe): Promise<Outcome<void>> =>
    call(core, "POST subscriptions", { method: "POST", path: subscriptions, json: body(wanted) }, [201]);

  async function modify(core: Core, path: string, wanted: KnownUe, patch: object): Promise<Outcome<void>> {
    const put = (): Promise<Outcome<void>> => call(core, "PUT subscription", { method: "PUT", path, json: body(wanted) }, [200, 204]);
    const asked = { method: "PATCH", path, json: patch, type: "application/merge-patch+json" } as const;
    return call(core, "PATCH subscription", asked, [200, 204], (reply) => {
      // PATCH came later than PUT, and some cores have only that.
      if (reply.status === 405 || reply.status === 501) return put();
      if (reply.status === 404) throw unavailable(`the subscription at ${core.host} went away while it was being changed`);
      return Promise.resolve(declined(core, reply, "PATCH subscription"));
    });
  }

  return {
    async observe(core, wanted) {
      const found = await find(core, wanted, false);
      if (!found.ok) return found;
      const [first, ...surplus] = found.value;
      if (first === undefined) return ok({ state: "absent" });
      const differs = isKnown(wanted) ? differences(first, wanted) : ["objectInstance"];
      return ok({
        state: "present",
        differs: surplus.length > 0 ? [...differs, "duplicates"] : differs,
        pending: false,
        declared: declaredBy(first),
      });
    },

    create,

    async change(core, wanted, before) {
      const found = await find(core, wanted, true);
      if (!found.ok) return found;
      const [first, ...surplus] = found.value;
      if (first === undefined) return create(core, wanted);
      const alone = await removeAll(core, surplus);
      if (!alone.ok) return alone;
      const differs = differences(first, wanted, before);
      if (differs.length === 0) return ok(undefined);
      if (mustMakeAnew(differs)) {
        const removed = await removeOne(core, first);
        return removed.ok ? create(core, wanted) : removed;
      }
      const path = pathOf(core, first);
      return path.ok ? modify(core, path.value, wanted, mergePatch(wanted, differs)) : path;
    },

    async remove(core, wanted) {
      const found = await find(core, wanted, true);
      return found.ok ? removeAll(core, found.value) : found;
    },
  };
}

export const isKnown = (wanted: Wanted): wanted is KnownUe => wanted.ue !== undefined;

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
