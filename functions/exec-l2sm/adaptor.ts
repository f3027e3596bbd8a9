import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { Adaptor } from "../../domain/intent/adaptor.ts";
import { L2Network, type MemberCluster } from "../../domain/intent/catalogue/l2sm/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError } from "../../runtime/errors.ts";
import { l2smClient } from "./client.ts";
import type { L2smConnections } from "./connections.ts";
import { create, look, type Member, type Network, observedFrom, remove, unlike } from "./network.ts";
import { overlayAdaptor } from "./overlay.ts";
import { tried, without } from "./undo.ts";

interface Dependencies {
  readonly controllers: readonly ReachableController[];
  readonly connections: L2smConnections;
  /** The bearer token behind a cluster's `tokenRef`. */
  readonly secrets: { open(ref: string): Promise<string | undefined> };
  readonly signal: AbortSignal;
}

/** Networks and overlays over clusters, told apart by what the order is about. */
export function l2smAdaptor(dependencies: Dependencies): Adaptor {
  const networks = networkAdaptor(dependencies);
  const overlays = overlayAdaptor({
    target: networks.target,
    allows: ({ controller }) => selectController(dependencies.controllers, "l2sm", controller),
    reach: memberReach(dependencies),
    signal: dependencies.signal,
  });
  const of = ({ resource }: Order): Adaptor => (resource.startsWith("overlay/") ? overlays : networks);
  return {
    target: networks.target,
    observe: (order) => of(order).observe(order),
    apply: (order, observed, before) => of(order).apply(order, observed, before),
    withdraw: (order, observed) => of(order).withdraw(order, observed),
    undo: (order, before) => of(order).undo(order, before),
  };
}

/** Where a cluster's API is, with the token for it. */
function memberReach({ controllers, connections, secrets }: Dependencies): (cluster: MemberCluster) => Promise<Outcome<Member>> {
  const tokens = new Map<string, Promise<string | undefined>>();
  const tokenOf = (ref: string): Promise<string | undefined> => {
    const opened = tokens.get(ref) ?? secrets.open(ref);
    tokens.set(ref, opened);
    return opened;
  };
  return async (cluster) => {
    const chosen = selectController(controllers, "cluster", cluster.apiUrl);
    if (!chosen.ok) return chosen;
    const token = await tokenOf(cluster.tokenRef);
    if (token === undefined)
      return refuse(
        "SECRET_UNKNOWN",
        `the bearer token of cluster ${cluster.name} is not known here any more: submit the intent again, with its token`,
      );
    if (!/^[\x21-\x7e]+$/.test(token))
      return refuse("CLUSTER_REFUSED", `the bearer token of cluster ${cluster.name} is not one word of ASCII`);
    return ok({ name: cluster.name, apiUrl: cluster.apiUrl, token, controller: chosen.value, pool: connections.pool(chosen.value) });
  };
}

/** L2 networks over clusters: changed through L2S-M's multi-domain server, looked at in the clusters themselves. */
function networkAdaptor(dependencies: Dependencies): Adaptor {
  const { controllers, connections, signal } = dependencies;
  const memberOf = memberReach(dependencies);

  async function aim(order: Order): Promise<Outcome<Network>> {
    const wanted = payloadOf(order);
    const chosen = selectController(controllers, "l2sm", order.controller);
    if (!chosen.ok) return chosen;
    const members: Member[] = [];
    for (const found of await Promise.all(wanted.clusters.map(memberOf))) {
      if (!found.ok) return found;
      members.push(found.value);
    }
    const l2sm = l2smClient(connections.channel(chosen.value), chosen.value.address.host, signal);
    return ok({ wanted, members, l2sm, signal });
  }

  async function observe(network: Network) {
    const seen = await look(network, network.members);
    return seen.ok ? ok(observedFrom(network.wanted, seen.value)) : seen;
  }

  /** L2S-M has no update, so a network that is otherwise than wanted goes and comes again. */
  async function bring(network: Network, { lacking, changed }: ReturnType<typeof unlike>): Promise<Outcome<void>> {
    const removed = await remove(network, changed);
    if (!removed.ok) return removed;
    return create(
      network,
      network.members.filter((member) => lacking.includes(member) || changed.includes(member)),
    );
  }

  /** From the clusters that a former generation had and this one has not. */
  async function leave(order: Order, before: Order | undefined): Promise<Outcome<void>> {
    const gone = before === undefined ? [] : without(payloadOf(before).clusters, payloadOf(order).clusters);
    if (before === undefined || gone.length === 0) return ok(undefined);
    const former = await aim({ ...before, payload: { ...before.payload, clusters: gone } });
    if (!former.ok) return former;
    const seen = await look(former.value, former.value.members);
    if (!seen.ok) return seen;
    return remove(
      former.value,
      seen.value.filter(({ resource }) => resource !== undefined).map(({ member }) => member),
    );
  }

  /** One cluster at a time, the last one first: what cannot be removed from one does not keep the others. */
  async function takeBack(order: Order, before: Order | undefined): Promise<readonly string[]> {
    const { network, clusters } = payloadOf(order);
    const former = before === undefined ? [] : payloadOf(before).clusters;
    const residue: string[] = [];
    for (const cluster of without(clusters, former).toReversed()) {
      const isGone = await tried(async () => {
        const one = await aim({ ...order, payload: { ...order.payload, clusters: [cluster] } });
        if (!one.ok) return one;
        const seen = await observe(one.value);
        if (!seen.ok) return seen;
        return seen.value.state === "absent" ? ok(undefined) : remove(one.value, one.value.members);
      });
      if (!isGone) residue.push(`l2network ${network} in ${cluster.name}`);
    }
    const isAsBefore = before === undefined || (await tried(() => restore(before)));
    return isAsBefore ? residue : [...residue, ...former.map(({ name }) => `l2network ${network} in ${name}`)];
  }

  async function restore(before: Order): Promise<Outcome<void>> {
    const network = await aim(before);
    if (!network.ok) return network;
    const seen = await observe(network.value);
    return seen.ok ? bring(network.value, unlike(network.value.members, seen.value)) : seen;
  }

  return {
    target(order) {
      const chosen = selectController(controllers, "l2sm", order.controller);
      return chosen.ok ? chosen.value.origin : (order.controller ?? "");
    },

    async observe(order) {
      const network = await aim(order);
      return network.ok ? observe(network.value) : network;
    },

    async apply(order, observed, before) {
      const network = await aim(order);
      if (!network.ok) return network;
      const brought = await bring(network.value, unlike(network.value.members, observed));
      if (brought.ok) return leave(order, before);
      await takeBack(order, before);
      return brought;
    },

    async withdraw(order, observed) {
      if (observed.state === "absent") return ok(undefined);
      const network = await aim(order);
      if (!network.ok) return network;
      const { lacking } = unlike(network.value.members, observed);
      return remove(
        network.value,
        network.value.members.filter((member) => !lacking.includes(member)),
      );
    },

    undo: takeBack,
  };
}

function payloadOf(order: Order): L2Network {
  const payload = L2Network.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no L2 network: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
