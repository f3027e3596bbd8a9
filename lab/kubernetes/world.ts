import {
  deploymentOf,
  isReady,
  nodeOf,
  podOf,
  podStatus,
  replicaSetOf,
  restartsOf,
  statusOf,
  type Termination,
  terminated,
  type Workload,
} from "./manifests.ts";
import type { StoredObject } from "./resources.ts";
import type { KubernetesStore } from "./store.ts";

/** What kubelets and the deployment controller do in a cluster, one act at a time. */
export interface World {
  addNode(name: string, address: string): void;
  /** The Deployment, its ReplicaSet and its pods, which are pending. */
  deploy(workload: Workload): readonly StoredObject[];
  /** Undefined where there is no such Deployment. */
  scale(namespace: string, name: string, replicas: number): StoredObject | undefined;
  /** The container runs; a pod that is running and not ready becomes ready with it. */
  run(pod: PodName, ready?: boolean): void;
  /** The container ends, and waits to be started again. */
  crash(pod: PodName, how: Termination): void;
  /** The container is started again: restartCount grows. */
  restart(pod: PodName): void;
  /** Removed, and replaced by the ReplicaSet. */
  evict(pod: PodName): void;
  pods(): readonly StoredObject[];
  /** Forgets what it was made of; the store is somebody else's. */
  reset(): void;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export const podName = ({ metadata }: StoredObject): PodName => ({ namespace: metadata.namespace ?? "", name: metadata.name });

const HASH = "5d9c7b8f6d";

export function openWorld(store: KubernetesStore, now: () => number): World {
  const workloads = new Map<string, Workload>();
  const nodes: string[] = [];
  let pods = 0;

  const at = (): string => `${new Date(now()).toISOString().slice(0, 19)}Z`;
  const find = ({ namespace, name }: PodName): StoredObject => {
    const pod = store.get("pods", name, namespace);
    if (pod === undefined) throw new Error(`there is no pod ${namespace}/${name}`);
    return pod;
  };
  const workloadOf = (pod: StoredObject): Workload | undefined =>
    workloads.get(`${pod.metadata.namespace ?? ""}/${pod.metadata.labels?.["app"] ?? ""}`);
  const podsOf = ({ namespace, name }: Workload): readonly StoredObject[] =>
    store.all("pods").filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.["app"] === name);

  function write(pod: StoredObject, status: object): void {
    const was = isReady(pod);
    const written = store.put("pods", { ...pod, status });
    const workload = workloadOf(pod);
    if (workload !== undefined && was !== isReady(written)) count(workload);
  }

  /** First it is being deleted, then it is gone: an API server tells of both. */
  function remove(pod: StoredObject): void {
    const { name, namespace } = pod.metadata;
    store.put("pods", { ...pod, metadata: { ...pod.metadata, deletionTimestamp: at() } });
    store.remove("pods", name, namespace);
  }

  function addPod(workload: Workload, replicaSet: StoredObject): StoredObject {
    pods += 1;
    const node = nodes[pods % Math.max(1, nodes.length)] ?? "node-1";
    return store.put("pods", podOf(workload, replicaSet, { suffix: pods.toString(36).padStart(5, "0"), node }));
  }

  /** Writes what the controllers count into the Deployment and its ReplicaSet. */
  function count(workload: Workload): void {
    const { namespace, name, replicas } = workload;
    const there = podsOf(workload);
    const ready = there.filter(isReady).length;
    for (const [resource, object] of [
      ["replicasets", store.get("replicasets", `${name}-${HASH}`, namespace)],
      ["deployments", store.get("deployments", name, namespace)],
    ] as const) {
      if (object === undefined) continue;
      const status = {
        replicas: there.length,
        readyReplicas: ready,
        availableReplicas: ready,
        ...(resource === "deployments" ? { unavailableReplicas: Math.max(0, replicas - ready), updatedReplicas: there.length } : {}),
      };
      if (JSON.stringify(object["status"]) !== JSON.stringify(status)) store.put(resource, { ...object, status });
    }
  }

  return {
    addNode(name, address) {
      nodes.push(name);
      store.put("nodes", nodeOf(name, address, at()));
    },
    deploy(workload) {
      workloads.set(`${workload.namespace}/${workload.name}`, workload);
      const replicaSet = store.put("replicasets", replicaSetOf(workload, store.put("deployments", deploymentOf(workload)), HASH));
      const made = Array.from({ length: workload.replicas }, () => addPod(workload, replicaSet));
      count(workload);
      return made;
    },
    scale(namespace, name, replicas) {
      const before = workloads.get(`${namespace}/${name}`);
      const deployment = store.get("deployments", name, namespace);
      const replicaSet = store.get("replicasets", `${name}-${HASH}`, namespace);
      if (before === undefined || deployment === undefined || replicaSet === undefined) return undefined;
      const workload = { ...before, replicas };
      workloads.set(`${namespace}/${name}`, workload);
      for (const [resource, object] of [
        ["deployments", deployment],
        ["replicasets", replicaSet],
      ] as const) {
        const generation = (object.metadata.generation ?? 1) + 1;
        store.put(resource, {
          ...object,
          metadata: { ...object.metadata, generation },
          spec: { ...(object["spec"] as object), replicas },
        });
      }
      const there = podsOf(workload);
      for (const pod of there.slice(replicas)) remove(pod);
      for (let i = there.length; i < replicas; i += 1) addPod(workload, replicaSet);
      count(workload);
      return store.get("deployments", name, namespace);
    },
    run(name, ready = true) {
      const pod = find(name);
      const state = { running: { startedAt: at() } };
      write(pod, podStatus(pod, { ready, restartCount: restartsOf(pod), state, ...lastOf(pod) }, at()));
    },
    crash(name, how) {
      const pod = find(name);
      const ended = terminated(how, at());
      write(pod, podStatus(pod, { ready: false, restartCount: restartsOf(pod), state: ended }, at()));
      const waiting = { waiting: { reason: "CrashLoopBackOff", message: "back-off restarting failed container" } };
      const again = find(name);
      write(again, podStatus(again, { ready: false, restartCount: restartsOf(again), state: waiting, lastState: ended }, at()));
    },
    restart(name) {
      const pod = find(name);
      const state = { running: { startedAt: at() } };
      write(pod, podStatus(pod, { ready: false, restartCount: restartsOf(pod) + 1, state, ...lastOf(pod) }, at()));
    },
    evict(name) {
      const pod = find(name);
      const workload = workloadOf(pod);
      remove(pod);
      if (workload === undefined) return;
      const replicaSet = store.get("replicasets", `${workload.name}-${HASH}`, workload.namespace);
      if (replicaSet !== undefined) addPod(workload, replicaSet);
      count(workload);
    },
    pods: () => store.all("pods"),
    reset() {
      workloads.clear();
      nodes.length = 0;
    },
  };
}

/** How the container ended last stays in its status while it runs again. */
function lastOf(pod: StoredObject): { readonly lastState?: object } {
  const lastState = statusOf(pod).containerStatuses?.[0]?.["lastState"];
  return typeof lastState === "object" && lastState !== null ? { lastState } : {};
}
