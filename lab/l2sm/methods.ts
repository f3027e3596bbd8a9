import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { ClusterCall } from "./cluster-api.ts";
import { addressShares, edgeDeviceManifest, networkManifest, overlayManifest, workloadPatches } from "./manifests.ts";
import type { NetworkRequest, ProtoPackage, Reply, SliceRequest } from "./messages.ts";

/** `CRASH` is what takes the real process down: it reads fields of messages that are not there. */
export type MethodRefusal = "FAILED" | "CRASH";
type Carried = Promise<Outcome<Reply, MethodRefusal>>;

const crash = refuse("CRASH", "invalid memory address or nil pointer dereference");
const group = "/apis/l2sm.l2sm.k8s.local/v1/namespaces";

/** For each cluster in turn, stopping at the first error, and taking nothing back. */
export async function createNetwork(pkg: ProtoPackage, call: ClusterCall, { network, namespace }: NetworkRequest): Carried {
  if (network === null || network.provider === null) return crash;
  const shares = network.pod_cidr === "" || pkg === "l2smmd" ? ok([]) : addressShares(network.pod_cidr, network.clusters.length);
  if (!shares.ok) return refuse("FAILED", `could not create network: ${shares.reason}`);
  // upstream writes a cluster's namespace to the variable of the loop, so that it holds for all clusters that follow
  let current = namespace || "default";
  for (const [i, cluster] of network.clusters.entries()) {
    if (cluster.rest_config === null) return crash;
    current = cluster.namespace || current;
    const manifest = networkManifest(pkg, network, network.provider, cluster.pod_address_pool || shares.value[i]);
    const created = await call(cluster, "POST", `${group}/${encodeURIComponent(current)}/l2networks`, manifest);
    if (!created.ok) return refuse("FAILED", `could not create network: error creating resource: ${created.reason}`);
  }
  const message = "Network created successfully";
  return ok(pkg === "l2sces" ? { message, patches: workloadPatches(network.name) } : { message });
}

/** A cluster's own namespace is not looked at. */
export async function deleteNetwork(call: ClusterCall, { network, namespace }: NetworkRequest): Carried {
  if (network === null || network.provider === null) return crash;
  for (const cluster of network.clusters) {
    if (cluster.rest_config === null) return crash;
    const path = `${group}/${encodeURIComponent(namespace || "default")}/l2networks/${encodeURIComponent(network.name)}`;
    const removed = await call(cluster, "DELETE", path);
    if (!removed.ok) return refuse("FAILED", `could not delete network: error deleting resource: ${removed.reason}`);
  }
  return ok({ message: "Network deleted successfully" });
}

export async function createSlice(pkg: ProtoPackage, call: ClusterCall, { slice, namespace }: SliceRequest): Carried {
  if (slice === null || slice.provider === null) return crash;
  const at = `${group}/${encodeURIComponent(namespace || "default")}`;
  for (const cluster of slice.clusters) {
    if (cluster.rest_config === null || cluster.overlay === null) return crash;
    const others = slice.clusters.filter((other) => other !== cluster);
    if (others.length > 0) {
      const device = edgeDeviceManifest(pkg, slice.provider, cluster, others);
      const created = await call(cluster, "POST", `${at}/networkedgedevices`, device);
      if (!created.ok) return refuse("FAILED", `could now create slice: error creating resource: ${created.reason}`);
      await call(cluster, "GET", `${at}/networkedgedevices/overlay-sample`); // upstream asks, and ignores the answer
    }
    const created = await call(cluster, "POST", `${at}/overlays`, overlayManifest(pkg, cluster.overlay, slice.provider));
    if (!created.ok) return refuse("FAILED", `could now create slice: error creating resource: ${created.reason}`);
  }
  return ok({ message: "Slice created succesfully" });
}

/** Upstream does nothing and says that it has. */
export const deleteSlice = (): Carried => Promise.resolve(ok({ message: "Slice deleted successfully" }));
