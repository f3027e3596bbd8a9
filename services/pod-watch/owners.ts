import { z } from "zod";
import type { OwnerReference } from "../../domain/twin/pod-from.ts";
import type { PodOwner } from "../../domain/twin/pod.ts";
import type { Change } from "../kubernetes/reflector.ts";

/** What owns pods, directly or by what it owns. Jobs are left out: each run of one is a component of its own. */
export const ownerResources = ["replicasets", "deployments", "statefulsets", "daemonsets"] as const;
export type OwnerResource = (typeof ownerResources)[number];

const count = z.int().nonnegative().optional();
const Raw = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()).optional(),
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().optional() }))
      .optional(),
  }),
  spec: z.object({ replicas: count }).optional(),
  status: z
    .object({
      replicas: count,
      readyReplicas: count,
      availableReplicas: count,
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      numberReady: count,
      numberAvailable: count,
    })
    .optional(),
});

export type Owner = Pick<PodOwner, "labels" | "replicas"> & { readonly owner?: OwnerReference };

export interface Owners {
  find(reference: OwnerReference): Owner | undefined;
  /** Takes changes in; answers the uids of owners whose pods have something new to tell. */
  take(changes: readonly Change[]): readonly string[];
}

/** What is known of owners. Never stored: each life lists them before it tells of a pod. */
export function openOwners(): Owners {
  const owners = new Map<string, Owner>();
  return {
    find: ({ uid }) => owners.get(uid),
    take: (changes) =>
      changes.flatMap(({ kind, uid, object }) => {
        const before = owners.get(uid);
        if (kind === "removed") {
          owners.delete(uid);
          return []; // its pods go with it, and tell of themselves
        }
        const read = Raw.safeParse(object);
        if (!read.success) return [];
        const after = ownerOf(read.data);
        owners.set(uid, after);
        return tells(before) === tells(after) ? [] : [uid];
      }),
  };
}

/** What pods tell of it. The counts of what is itself owned are told by its owner. */
const tells = (owner: Owner | undefined): string =>
  JSON.stringify(owner === undefined || owner.owner === undefined ? owner : { labels: owner.labels, owner: owner.owner });

function ownerOf({ metadata, spec, status }: z.infer<typeof Raw>): Owner {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const orNull = (value: number | undefined): number | null => value ?? null;
  // Kubernetes leaves counts of 0 out of a status.
  const orZero = (value: number | undefined): number | null => (status === undefined ? null : (value ?? 0));
  const isDaemonSet = status?.desiredNumberScheduled !== undefined;
  return {
    labels: metadata.labels ?? {},
    replicas: isDaemonSet
      ? {
          desired: orNull(status.desiredNumberScheduled),
          current: orZero(status.currentNumberScheduled),
          ready: orZero(status.numberReady),
          available: orZero(status.numberAvailable),
        }
      : {
          desired: orNull(spec?.replicas),
          current: orZero(status?.replicas),
          ready: orZero(status?.readyReplicas),
          available: orZero(status?.availableReplicas),
        },
    ...(owner === undefined ? {} : { owner: { kind: owner.kind, name: owner.name, uid: owner.uid } }),
  };
}
