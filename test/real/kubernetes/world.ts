import { z } from "zod";
import type { Client } from "./client.ts";
import { apply, type Manifest } from "./manifests.ts";

const Made = z.looseObject({ metadata: z.looseObject({ name: z.string(), uid: z.string(), resourceVersion: z.string() }) });
type Made = z.infer<typeof Made>;

/** What controllers and kubelets would do, by an administrator's hand: nothing else of a cluster runs here. */
export interface World {
  addNode(name: string, address: string): Promise<void>;
  /** The kubelet's heartbeat: a new version with nothing new in it but a time. */
  beat(name: string): Promise<void>;
  deploy(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** A pod of the Deployment's ReplicaSet, on a node where one is named. */
  addPod(of: string, name: string): Promise<void>;
  /** Its container runs, for the so many-eth time, and is ready. */
  run(pod: string, restarts?: number): Promise<void>;
  annotate(pod: string): Promise<void>;
  scale(name: string, replicas: number): Promise<void>;
  remove(pod: string): Promise<void>;
}

const NAMESPACE = "shop";
const root = `/api/v1/namespaces/${NAMESPACE}`;
const apps = `/apis/apps/v1/namespaces/${NAMESPACE}`;

const ownedBy = (kind: string, { metadata }: Made): object => ({
  apiVersion: "apps/v1",
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
});

export async function openWorld(admin: Client): Promise<World> {
  const namespace = { namespace: NAMESPACE };
  const account: Manifest = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", ...namespace } };
  await apply(admin, [{ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }, account]);
  const replicaSets = new Map<string, Made>();
  let now = Date.now();

  const create = (path: string, body: object): Promise<Made> => admin.done(Made, "POST", path, { body });
  const patch = (path: string, body: object): Promise<Made> =>
    admin.done(Made, "PATCH", path, { body, type: "application/strategic-merge-patch+json" });
  const at = (): string => `${new Date((now += 1_000)).toISOString().slice(0, 19)}Z`;
  const templateOf = (name: string, labels: object) => ({
    metadata: { labels: { app: name, ...labels } },
    spec: { containers: [{ name, image: `registry.example/${name}:1`, resources: { requests: { cpu: "100m" } } }] },
  });

  return {
    async addNode(name, address) {
      await create("/api/v1/nodes", { metadata: { name, labels: { "kubernetes.io/hostname": name } } });
      const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: at(), lastHeartbeatTime: at() }];
      await patch(`/api/v1/nodes/${name}/status`, { status: { addresses: [{ type: "InternalIP", address }], conditions } });
    },
    async beat(name) {
      await patch(`/api/v1/nodes/${name}/status`, { status: { conditions: [{ type: "Ready", lastHeartbeatTime: at() }] } });
    },
    async deploy(name, labels = {}) {
      const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template: templateOf(name, labels) };
      const deployment = await create(`${apps}/deployments`, { metadata: { name, labels }, spec });
      const metadata = { name: `${name}-5d9c7b8f6d`, ownerReferences: [ownedBy("Deployment", deployment)] };
      replicaSets.set(name, await create(`${apps}/replicasets`, { metadata, spec }));
    },
    async addPod(of, name) {
      const owner = replicaSets.get(of);
      if (owner === undefined) throw new Error(`there is no Deployment ${of}`);
      const { metadata, spec } = templateOf(of, {});
      await create(`${root}/pods`, {
        metadata: { ...metadata, name, ownerReferences: [ownedBy("ReplicaSet", owner)] },
        spec: { ...spec, nodeName: "node-1" },
      });
    },
    async run(pod, restarts = 0) {
      const [name = ""] = pod.split("-");
      const running = {
        name,
        image: name,
        imageID: "",
        ready: true,
        started: true,
        restartCount: restarts,
        state: { running: { startedAt: at() } },
      };
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: at() }];
      await patch(`${root}/pods/${pod}/status`, { status: { phase: "Running", conditions, containerStatuses: [running] } });
    },
    async annotate(pod) {
      await patch(`${root}/pods/${pod}`, { metadata: { annotations: { seen: at() } } });
    },
    async scale(name, replicas) {
      await patch(`${apps}/deployments/${name}/scale`, { spec: { replicas } });
    },
    async remove(pod) {
      await admin.done(z.unknown(), "DELETE", `${root}/pods/${pod}`, { query: { gracePeriodSeconds: "0" } });
    },
  };
}
