import { z } from "zod";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { L2Overlay, type OverlayMember } from "../../domain/intent/catalogue/l2sm-overlay/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import { type ClusterApi, createResource, deleteResource, type Place, readResource } from "./cluster-api.ts";
import { manifestsOf, OverlayResource, overlayDifferences } from "./overlay-resources.ts";
import { tried, without } from "./undo.ts";

/** A cluster within reach, and what it is to have. */
interface Reached {
  readonly cluster: ClusterApi;
  readonly member: OverlayMember;
}

interface Dependencies {
  /** The controller that such an order counts as going to. */
  readonly target: Adaptor["target"];
  /** Whether the operator allows that controller. */
  readonly allows: (order: Order) => Outcome<unknown>;
  readonly reach: (member: OverlayMember) => Promise<Outcome<ClusterApi>>;
  readonly signal: AbortSignal;
}

interface Resource {
  readonly place: Place & { readonly plural: keyof typeof overlayDifferences };
  readonly name: string;
}

/**
 * Overlays and edge devices, written into the clusters themselves. The multi-domain server's own calls for them are no help: AddCluster,
 * RemoveCluster, CreateOverlay and DeleteOverlay answer UNIMPLEMENTED, CreateSlice names every overlay the same, and DeleteSlice does
 * nothing and says that it has (docs/adr/0008).
 */
export function overlayAdaptor({ target, allows, reach, signal }: Dependencies): Adaptor {
  async function reached(order: Order, members: readonly OverlayMember[]): Promise<Outcome<readonly Reached[]>> {
    const allowed = allows(order);
    if (!allowed.ok) return allowed;
    const all: Reached[] = [];
    for (const member of members) {
      const cluster = await reach(member);
      if (!cluster.ok) return cluster;
      all.push({ cluster: cluster.value, member });
    }
    return ok(all);
  }

  /** What a cluster has of one resource; undefined: nothing. */
  async function look(
    wanted: L2Overlay,
    { cluster, member }: Reached,
    { place, name }: Resource,
  ): Promise<Outcome<readonly string[] | undefined>> {
    const found = await readResource(cluster, place, name, OverlayResource, signal);
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
    return ok(
      found.value.metadata.deletionTimestamp === undefined ? overlayDifferences[place.plural](wanted, member, found.value) : ["deletion"],
    );
  }

  async function observe(order: Order): Promise<Outcome<Observed>> {
    const wanted = payloadOf(order);
    const members = await reached(order, wanted.clusters);
    if (!members.ok) return members;
    const differs: string[] = [];
    let isThere = false;
    for (const one of members.value) {
      for (const resource of resourcesOf(wanted)) {
        const seen = await look(wanted, one, resource);
        if (!seen.ok) return seen;
        isThere ||= seen.value !== undefined;
        differs.push(...(seen.value ?? [resource.place.plural]).map((name) => `clusters/${one.member.name}/${name}`));
      }
    }
    return ok(isThere ? { state: "present", differs, pending: false, declared: {} } : { state: "absent" });
  }

  /** The operator has no update of these: what is otherwise goes and comes again, and what is right stays. */
  async function bring(wanted: L2Overlay, one: Reached): Promise<Outcome<void>> {
    const [current, former] = manifestsOf(wanted, one.member);
    for (const [i, resource] of resourcesOf(wanted).entries()) {
      const seen = await look(wanted, one, resource);
      if (!seen.ok) return seen;
      if (seen.value?.length === 0) continue;
      const removed = seen.value === undefined ? ok(undefined) : await take(one.cluster, resource);
      if (!removed.ok) return removed;
      let created = await createResource(one.cluster, resource.place, current[i] ?? {}, signal);
      // Before v1.2.12 the provider was called networkController.
      if (created.ok && created.value.is === "invalid" && created.value.why.includes("networkController"))
        created = await createResource(one.cluster, resource.place, former[i] ?? {}, signal);
      if (!created.ok) return created;
      if (created.value.is === "invalid")
        return refuse("CLUSTER_REFUSED", `cluster ${one.cluster.name} does not take the overlay: ${created.value.why}`);
    }
    return ok(undefined);
  }

  async function take(cluster: ClusterApi, { place, name }: Resource): Promise<Outcome<void>> {
    const removed = await deleteResource(cluster, place, name, signal);
    if (!removed.ok) return removed;
    const left = await readResource(cluster, place, name, OverlayResource, signal);
    if (!left.ok) return left;
    // A finalizer: the operator is still taking it down.
    if (left.value !== undefined)
      throw new TransientError("L2NETWORK_DELETING", `${place.plural} ${name} is still being deleted in ${cluster.name}`, {
        retryAfterMs: 500,
      });
    return ok(undefined);
  }

  async function takeAll(order: Order, members: readonly OverlayMember[]): Promise<Outcome<void>> {
    const all = await reached(order, members);
    if (!all.ok) return all;
    for (const { cluster } of all.value.toReversed()) {
      for (const resource of resourcesOf(payloadOf(order)).toReversed()) {
        const taken = await take(cluster, resource);
        if (!taken.ok) return taken;
      }
    }
    return ok(undefined);
  }

  async function apply(order: Order, before: Order | undefined): Promise<Outcome<void>> {
    const wanted = payloadOf(order);
    const members = await reached(order, wanted.clusters);
    if (!members.ok) return members;
    for (const one of members.value) {
      const brought = await bring(wanted, one);
      if (!brought.ok) return brought;
    }
    const former = before === undefined ? [] : payloadOf(before).clusters;
    return takeAll(order, without(former, wanted.clusters));
  }

  /** One cluster at a time, the last one first: what cannot be taken from one does not keep the others. */
  async function undo(order: Order, before: Order | undefined): Promise<readonly string[]> {
    const wanted = payloadOf(order);
    const former = before === undefined ? [] : payloadOf(before).clusters;
    const residue: string[] = [];
    for (const member of without(wanted.clusters, former).toReversed())
      if (!(await tried(() => takeAll(order, [member])))) residue.push(`overlay ${wanted.overlay} in ${member.name}`);
    if (before !== undefined && !(await tried(() => apply(before, undefined))))
      residue.push(...former.map(({ name }) => `overlay ${wanted.overlay} in ${name}`));
    return residue;
  }

  return {
    target,
    observe,
    apply: (order, _observed, before) => apply(order, before),
    withdraw: (order) => takeAll(order, payloadOf(order).clusters),
    undo,
  };
}

const resourcesOf = ({ namespace, overlay }: L2Overlay): readonly Resource[] => [
  { place: { namespace, plural: "overlays" }, name: overlay },
  { place: { namespace, plural: "networkedgedevices" }, name: `${overlay}-ned` },
];

function payloadOf(order: Order): L2Overlay {
  const payload = L2Overlay.safeParse(order.payload);
  if (payload.success) return payload.data;
  throw new PermanentError("DATA_INVALID", `the payload of ${order.resource} is no overlay\n${z.prettifyError(payload.error)}`);
}
