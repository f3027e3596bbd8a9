import type { Pod } from "./pod.ts";

export interface Component {
  readonly kind: string;
  readonly name: string;
}

/** Kubernetes writes this label on every pod of a Deployment, and ends the name of its ReplicaSet with it. */
const TEMPLATE_HASH = "pod-template-hash";

/**
 * What a pod is a replica of: its topmost owner. A ReplicaSet whose name ends with the pod's template hash is its Deployment's, whether or not
 * anybody has looked the Deployment up, so that the answer does not change when somebody does. A static pod, which its node owns, stands alone.
 */
export function componentOf(pod: Pick<Pod, "name" | "labels" | "owners">): Component {
  const owners = pod.owners.filter(({ kind }) => kind !== "Node");
  const top = owners.at(-1);
  if (top === undefined) return { kind: "Pod", name: pod.name };
  const suffix = `-${pod.labels[TEMPLATE_HASH] ?? ""}`;
  if (top.kind === "ReplicaSet" && suffix.length > 1 && top.name.length > suffix.length && top.name.endsWith(suffix))
    return { kind: "Deployment", name: top.name.slice(0, -suffix.length) };
  return { kind: top.kind, name: top.name };
}

/** `<cluster>/<namespace>/<kind>/<name>`: none of the four has a slash in it. */
export const twinIdOf = (cluster: string, pod: Pick<Pod, "name" | "namespace" | "labels" | "owners">): string => {
  const { kind, name } = componentOf(pod);
  return `${cluster}/${pod.namespace}/${kind}/${name}`;
};
