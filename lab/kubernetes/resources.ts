/** The part of an object's metadata that this simulator reads or writes. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

export interface KubernetesObject {
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** What is served, and under which path. */
export const resources = {
  pods: { root: "/api/v1", apiVersion: "v1", kind: "Pod", namespaced: true },
  nodes: { root: "/api/v1", apiVersion: "v1", kind: "Node", namespaced: false },
  replicasets: { root: "/apis/apps/v1", apiVersion: "apps/v1", kind: "ReplicaSet", namespaced: true },
  deployments: { root: "/apis/apps/v1", apiVersion: "apps/v1", kind: "Deployment", namespaced: true },
  statefulsets: { root: "/apis/apps/v1", apiVersion: "apps/v1", kind: "StatefulSet", namespaced: true },
  daemonsets: { root: "/apis/apps/v1", apiVersion: "apps/v1", kind: "DaemonSet", namespaced: true },
} as const;
export type Resource = keyof typeof resources;

export const resourceNames = Object.keys(resources) as readonly Resource[];

/** `metadata.uid` and the time once it is stored. */
export type StoredObject = KubernetesObject & {
  readonly metadata: Metadata & { readonly uid: string; readonly resourceVersion: string; readonly creationTimestamp: string };
};
