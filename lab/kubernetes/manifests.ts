import type { KubernetesObject, OwnerReference, StoredObject } from "./resources.ts";

/** A Deployment of the simulated cluster, as short as its use allows. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** On the Deployment and on its pods. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpuRequest?: string;
  readonly memoryLimit?: string;
}

export interface Termination {
  readonly reason: string;
  readonly exitCode: number;
}

export const selectorOf = ({ name }: Pick<Workload, "name">): Readonly<Record<string, string>> => ({ app: name });

export const ownedBy = (kind: string, { metadata }: StoredObject): OwnerReference => ({
  apiVersion: "apps/v1",
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
});

export function deploymentOf(workload: Workload): KubernetesObject {
  const { namespace, name, replicas, labels = {} } = workload;
  return {
    metadata: { name, namespace, generation: 1, labels: { ...selectorOf(workload), ...labels } },
    spec: { replicas, selector: { matchLabels: selectorOf(workload) }, template: templateOf(workload) },
    status: {},
  };
}

export function replicaSetOf(workload: Workload, deployment: StoredObject, hash: string): KubernetesObject {
  const { namespace, name, replicas } = workload;
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      generation: 1,
      labels: { ...selectorOf(workload), "pod-template-hash": hash },
      ownerReferences: [ownedBy("Deployment", deployment)],
    },
    spec: { replicas, selector: { matchLabels: { ...selectorOf(workload), "pod-template-hash": hash } } },
    status: {},
  };
}

const templateOf = (workload: Workload): object => {
  const { name, labels = {}, cpuRequest = "100m", memoryLimit = "128Mi" } = workload;
  return {
    metadata: { labels: { ...selectorOf(workload), ...labels } },
    spec: {
      containers: [
        {
          name,
          image: `registry.example/${name}:1`,
          resources: { requests: { cpu: cpuRequest, memory: memoryLimit }, limits: { memory: memoryLimit } },
        },
      ],
    },
  };
};

/** Pending and scheduled: what the kubelet makes of it comes after. */
export function podOf(workload: Workload, replicaSet: StoredObject, { suffix, node }: { suffix: string; node: string }): KubernetesObject {
  const { metadata, spec } = templateOf(workload) as { metadata: { labels: Record<string, string> }; spec: object };
  return {
    metadata: {
      name: `${replicaSet.metadata.name}-${suffix}`,
      namespace: workload.namespace,
      labels: { ...metadata.labels, "pod-template-hash": replicaSet.metadata.labels?.["pod-template-hash"] ?? "" },
      ownerReferences: [ownedBy("ReplicaSet", replicaSet)],
    },
    spec: { ...spec, nodeName: node, restartPolicy: "Always" },
    status: { phase: "Pending" },
  };
}

export function nodeOf(name: string, address: string, at: string): KubernetesObject {
  const condition = (type: string, status: string, reason: string): object => ({ type, status, reason, lastTransitionTime: at });
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    spec: { podCIDR: "10.244.0.0/24" },
    status: {
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      conditions: [condition("MemoryPressure", "False", "KubeletHasSufficientMemory"), condition("Ready", "True", "KubeletReady")],
      capacity: { cpu: "4", memory: "16Gi", pods: "110" },
    },
  };
}

interface ContainerStatus {
  readonly restartCount: number;
  readonly [field: string]: unknown;
}

export interface PodStatus {
  readonly phase: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

export const statusOf = (pod: StoredObject): PodStatus => pod["status"] as PodStatus;
export const restartsOf = (pod: StoredObject): number => statusOf(pod).containerStatuses?.[0]?.restartCount ?? 0;
export const isReady = (pod: StoredObject): boolean =>
  statusOf(pod).conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

const conditionsOf = (ready: boolean, at: string): readonly { type: string; status: string; lastTransitionTime: string }[] =>
  (["Initialized", "Ready", "ContainersReady", "PodScheduled"] as const).map((type) => ({
    type,
    status: ready || type === "Initialized" || type === "PodScheduled" ? "True" : "False",
    lastTransitionTime: at,
  }));

interface Container {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: object;
  readonly lastState?: object;
}

/** The status that a kubelet writes of a pod with one container. Times have a resolution of 1 s. */
export function podStatus(pod: StoredObject, { ready, restartCount, state, lastState }: Container, at: string): object {
  const { containers } = pod["spec"] as { containers: readonly { name: string; image: string }[] };
  const [{ name, image } = { name: "main", image: "" }] = containers;
  return {
    phase: "Running",
    startTime: pod.metadata.creationTimestamp,
    conditions: conditionsOf(ready, at),
    containerStatuses: [{ name, image, ready, started: ready, restartCount, state, lastState: lastState ?? {} }],
  };
}

export const terminated = ({ reason, exitCode }: Termination, at: string): object => ({ terminated: { reason, exitCode, finishedAt: at } });
