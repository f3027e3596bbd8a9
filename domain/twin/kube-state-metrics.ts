import type { Sample } from "./exposition.ts";
import type { Replicas } from "./model.ts";
import type { Asked } from "./reading.ts";

type ReplicaMember = keyof Replicas;
type AskedMember = keyof Asked;

/** Per kind of owner: the label that names it, and which metric says what. The names of version 1 are the same, where it had them. */
const REPLICAS: Readonly<Record<string, readonly [kind: string, label: string, member: ReplicaMember]>> = {
  kube_deployment_spec_replicas: ["Deployment", "deployment", "desired"],
  kube_deployment_status_replicas: ["Deployment", "deployment", "current"],
  kube_deployment_status_replicas_ready: ["Deployment", "deployment", "ready"],
  kube_deployment_status_replicas_available: ["Deployment", "deployment", "available"],
  kube_statefulset_replicas: ["StatefulSet", "statefulset", "desired"],
  kube_statefulset_status_replicas: ["StatefulSet", "statefulset", "current"],
  kube_statefulset_status_replicas_ready: ["StatefulSet", "statefulset", "ready"],
  kube_statefulset_status_replicas_available: ["StatefulSet", "statefulset", "available"],
  kube_daemonset_status_desired_number_scheduled: ["DaemonSet", "daemonset", "desired"],
  kube_daemonset_status_current_number_scheduled: ["DaemonSet", "daemonset", "current"],
  kube_daemonset_status_number_ready: ["DaemonSet", "daemonset", "ready"],
  kube_daemonset_status_number_available: ["DaemonSet", "daemonset", "available"],
  kube_replicaset_spec_replicas: ["ReplicaSet", "replicaset", "desired"],
  kube_replicaset_status_replicas: ["ReplicaSet", "replicaset", "current"],
  kube_replicaset_status_ready_replicas: ["ReplicaSet", "replicaset", "ready"],
};

/** Version 2 has the resource in a label, version 1 in the name. */
const ASKED_V2: Readonly<Record<string, "Request" | "Limit">> = {
  kube_pod_container_resource_requests: "Request",
  kube_pod_container_resource_limits: "Limit",
};
const ASKED_V1: Readonly<Record<string, AskedMember>> = {
  kube_pod_container_resource_requests_cpu_cores: "cpuRequestCores",
  kube_pod_container_resource_requests_memory_bytes: "memoryRequestBytes",
  kube_pod_container_resource_limits_cpu_cores: "cpuLimitCores",
  kube_pod_container_resource_limits_memory_bytes: "memoryLimitBytes",
};

export const KSM_METRICS: ReadonlySet<string> = new Set([
  ...Object.keys(REPLICAS),
  ...Object.keys(ASKED_V2),
  ...Object.keys(ASKED_V1),
  "kube_pod_container_info",
  "kube_replicaset_owner",
]);

const NOTHING_ASKED: Asked = { cpuRequestCores: null, cpuLimitCores: null, memoryRequestBytes: null, memoryLimitBytes: null };
const NO_REPLICAS: Replicas = { desired: null, current: null, ready: null, available: null };

/** What kube-state-metrics knows of a cluster's objects. Usage it does not know (D2.3 2.1 says otherwise; its README does not). */
export interface ClusterObjects {
  replicasOf(namespace: string, kind: string, name: string): Replicas | null;
  /** Sums over pods; null where it has nothing on any of them. */
  askedBy(namespace: string, pods: readonly string[]): Asked | null;
  /** The Deployment that a ReplicaSet belongs to. */
  deploymentOf(namespace: string, replicaSet: string): string | undefined;
}

/** Reads both versions of the names. */
export function readKubeStateMetrics(samples: readonly Sample[]): ClusterObjects {
  const replicas = new Map<string, Replicas>();
  const asked = new Map<string, Map<string, Asked>>();
  const deployments = new Map<string, string>();
  const containersOf = (labels: Sample["labels"]): Map<string, Asked> => {
    const key = `${labels.get("namespace") ?? ""}/${labels.get("pod") ?? ""}`;
    const containers = asked.get(key) ?? new Map<string, Asked>();
    asked.set(key, containers);
    return containers;
  };
  for (const { name, labels, value } of samples) {
    const namespace = labels.get("namespace") ?? "";
    const replica = REPLICAS[name];
    if (replica !== undefined && Number.isInteger(value) && value >= 0) {
      const [kind, label, member] = replica;
      const key = `${namespace}/${kind}/${labels.get(label) ?? ""}`;
      replicas.set(key, { ...(replicas.get(key) ?? NO_REPLICAS), [member]: value });
    } else if (name === "kube_replicaset_owner" && labels.get("owner_kind") === "Deployment")
      deployments.set(`${namespace}/${labels.get("replicaset") ?? ""}`, labels.get("owner_name") ?? "");
    else if (name === "kube_pod_container_info" || askedMember(name, labels) !== undefined) {
      const containers = containersOf(labels);
      const container = labels.get("container") ?? "";
      const member = askedMember(name, labels);
      const known = containers.get(container) ?? NOTHING_ASKED;
      containers.set(container, member === undefined || !Number.isFinite(value) || value < 0 ? known : { ...known, [member]: value });
    }
  }
  return {
    replicasOf: (namespace, kind, name) => replicas.get(`${namespace}/${kind}/${name}`) ?? null,
    askedBy: (namespace, pods) => sumOfAsked(pods.flatMap((pod) => [...(asked.get(`${namespace}/${pod}`)?.values() ?? [])])),
    deploymentOf: (namespace, replicaSet) => deployments.get(`${namespace}/${replicaSet}`),
  };
}

function askedMember(name: string, labels: Sample["labels"]): AskedMember | undefined {
  const kind = ASKED_V2[name];
  if (kind === undefined) return ASKED_V1[name];
  const resource = labels.get("resource");
  return resource === "cpu" ? `cpu${kind}Cores` : resource === "memory" ? `memory${kind}Bytes` : undefined;
}

/** A limit that one container does not have is no limit of them all; a request that one does not make adds nothing. */
export function sumOfAsked(containers: readonly Asked[]): Asked | null {
  if (containers.length === 0) return null;
  const requests = (member: AskedMember): number | null =>
    containers.reduce<number | null>((sum, c) => (c[member] === null ? sum : (sum ?? 0) + c[member]), null);
  const limits = (member: AskedMember): number | null => (containers.some((c) => c[member] === null) ? null : requests(member));
  return {
    cpuRequestCores: requests("cpuRequestCores"),
    cpuLimitCores: limits("cpuLimitCores"),
    memoryRequestBytes: requests("memoryRequestBytes"),
    memoryLimitBytes: limits("memoryLimitBytes"),
  };
}
