import type { Observed } from "../../domain/intent/adaptor.ts";
import type { L2Network } from "../../domain/intent/catalogue/l2sm/payload.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { freeRanges } from "./address-pool.ts";
import type { L2smClient } from "./client.ts";
import { type ClusterApi, readNetwork } from "./cluster-api.ts";
import { isConnected, networkDifferences, type NetworkResource } from "./compare.ts";
import { type Credential, networkRequest } from "./request.ts";

export type Member = ClusterApi & Credential;

/** One network over its clusters, within reach: what an order means. */
export interface Network {
  readonly wanted: L2Network;
  readonly members: readonly Member[];
  readonly l2sm: L2smClient;
  readonly signal: AbortSignal;
}

export interface Seen {
  readonly member: Member;
  readonly resource: NetworkResource | undefined;
}

/** Asks the API of each of the clusters. */
export async function look({ wanted, signal }: Network, members: readonly Member[]): Promise<Outcome<readonly Seen[]>> {
  const read = await Promise.all(members.map((member) => readNetwork(member, wanted.namespace, wanted.network, signal)));
  const seen: Seen[] = [];
  for (const [i, member] of members.entries()) {
    const resource = read[i];
    if (resource?.ok === false) return resource;
    seen.push({ member, resource: resource?.value });
  }
  return ok(seen);
}

const lacks = (member: Member): string => `clusters/${member.name}`;

export function observedFrom(wanted: L2Network, seen: readonly Seen[]): Observed {
  if (seen.every(({ resource }) => resource === undefined)) return { state: "absent" };
  const differs = seen.flatMap(({ member, resource }) =>
    resource === undefined ? [lacks(member)] : networkDifferences(resource, wanted).map((name) => `${lacks(member)}/${name}`),
  );
  const pending = seen.some(({ resource }) => resource !== undefined && !isConnected(resource));
  return { state: "present", differs, pending, declared: {} };
}

/** The clusters that an observation found without the network, and those that have another one under its name. */
export function unlike(
  members: readonly Member[],
  observed: Observed,
): { readonly lacking: readonly Member[]; readonly changed: readonly Member[] } {
  if (observed.state === "absent") return { lacking: members, changed: [] };
  const { differs } = observed;
  return {
    lacking: members.filter((member) => differs.includes(lacks(member))),
    changed: members.filter((member) => differs.some((name) => name.startsWith(`${lacks(member)}/`))),
  };
}

/** L2S-M answers the same "unknown" to whatever goes wrong in whichever cluster, so the clusters themselves are asked what came of it. */
export async function create(network: Network, members: readonly Member[]): Promise<Outcome<void>> {
  if (members.length === 0) return ok(undefined);
  const ranges = await rangesFor(network, members);
  if (!ranges.ok) return ranges;
  const created = await network.l2sm.createNetwork(networkRequest(network.wanted, members, ranges.value));
  if (created.ok) return created;
  const seen = await look(network, members);
  if (!seen.ok) return seen;
  const isThere = ({ resource }: Seen): boolean =>
    resource !== undefined &&
    resource.metadata.deletionTimestamp === undefined &&
    networkDifferences(resource, network.wanted).length === 0;
  return seen.value.every(isThere) ? ok(undefined) : created;
}

async function rangesFor(network: Network, members: readonly Member[]): Promise<Outcome<readonly string[]>> {
  const { podCidr } = network.wanted;
  const others = network.members.filter((member) => !members.includes(member));
  if (podCidr === undefined || others.length === 0) return ok([]);
  const seen = await look(network, others);
  if (!seen.ok) return seen;
  const taken = seen.value.map(({ resource }) => resource?.spec.podAddressRange).filter((range) => range !== undefined);
  const ranges = freeRanges(podCidr, network.members.length, taken, members.length);
  if (ranges !== undefined) return ok(ranges);
  return refuse("L2SM_REFUSED", `podCidr ${podCidr} has no room for ${String(members.length)} more clusters beside ${taken.join(", ")}`);
}

/** Leaves no such network in these clusters, and has made sure of it. */
export async function remove(network: Network, members: readonly Member[]): Promise<Outcome<void>> {
  if (members.length === 0) return ok(undefined);
  const removed = await network.l2sm.deleteNetwork(networkRequest(network.wanted, members));
  const seen = await look(network, members);
  if (!seen.ok) return seen;
  const left = seen.value.filter(({ resource }) => resource !== undefined).map(({ member }) => member.name);
  if (left.length === 0) return ok(undefined);
  if (!removed.ok) return removed;
  // A finalizer: the operator is still taking the network down.
  const what = `l2network ${network.wanted.network} is still being deleted in ${left.join(", ")}`;
  throw new TransientError("L2NETWORK_DELETING", what, { retryAfterMs: 500 });
}
