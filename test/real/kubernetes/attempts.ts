import type { Asked, Client } from "./client.ts";

/** Something that an intruder with an account's token would try, on objects that are there. */
export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly asked?: Asked;
}

const merge = (body: object): Asked => ({ body, type: "application/merge-patch+json" });
const net = "/api/v1/namespaces/nemo-net";
const app = "/api/v1/namespaces/app";
const apps = "/apis/apps/v1/namespaces";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const l2sm = "/apis/l2sm.l2sm.k8s.local/v1/namespaces";

const binding = {
  metadata: { name: "mine" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "system:serviceaccounts" }],
};
const network = (name: string) => ({ apiVersion: "l2sm.l2sm.k8s.local/v1", kind: "L2Network", metadata: { name }, spec: { type: "vnet" } });

/** By the name that the tables of tests and of docs/kubernetes.md have. Nothing of it is carried out: where it is allowed it is a dry run, or reads. */
export const attempts: Readonly<Record<string, Attempt>> = {
  "list Secrets everywhere": { method: "GET", path: "/api/v1/secrets" },
  "read the Secret of RabbitMQ and Redis": { method: "GET", path: `${net}/secrets/underlay` },
  "list ConfigMaps": { method: "GET", path: `${net}/configmaps` },
  "list pods everywhere": { method: "GET", path: "/api/v1/pods" },
  "list pods of its own namespace": { method: "GET", path: `${net}/pods` },
  "create a pod": { method: "POST", path: `${net}/pods`, asked: { body: { metadata: { name: "mine" }, spec: { containers: [] } } } },
  "delete a pod": { method: "DELETE", path: `${app}/pods/web-1` },
  "delete all pods": { method: "DELETE", path: `${app}/pods` },
  "evict a pod": { method: "POST", path: `${app}/pods/web-1/eviction`, asked: { body: { metadata: { name: "web-1" } } } },
  "label a pod as somebody else's": {
    method: "PATCH",
    path: `${app}/pods/web-1`,
    asked: merge({ metadata: { labels: { "nemo.eu/user": "mallory" } } }),
  },
  "write a pod's status": { method: "PATCH", path: `${app}/pods/web-1/status`, asked: merge({ status: { phase: "Failed" } }) },
  "exec in a pod": { method: "POST", path: `${app}/pods/web-1/exec`, asked: { query: { command: "id" } } },
  "exec in a pod by GET, as a WebSocket": { method: "GET", path: `${app}/pods/web-1/exec`, asked: { query: { command: "id" } } },
  "attach to a pod": { method: "POST", path: `${app}/pods/web-1/attach` },
  "forward a port of a pod": { method: "POST", path: `${app}/pods/web-1/portforward` },
  "read a pod's log": { method: "GET", path: `${app}/pods/web-1/log` },
  "reach a pod by way of the API": { method: "GET", path: `${app}/pods/web-1:4191/proxy/metrics` },
  "add a container to a pod": {
    method: "PATCH",
    path: `${app}/pods/web-1/ephemeralcontainers`,
    asked: merge({ spec: { ephemeralContainers: [{ name: "mine", image: "mine" }] } }),
  },
  "list nodes": { method: "GET", path: "/api/v1/nodes" },
  "cordon a node": { method: "PATCH", path: "/api/v1/nodes/node-1", asked: merge({ spec: { unschedulable: true } }) },
  "delete a node": { method: "DELETE", path: "/api/v1/nodes/node-1" },
  "reach a kubelet by way of the API": { method: "GET", path: "/api/v1/nodes/node-1/proxy/metrics" },
  "list Deployments": { method: "GET", path: "/apis/apps/v1/deployments" },
  "change a Deployment's image": {
    method: "PATCH",
    path: `${apps}/app/deployments/web`,
    asked: merge({ spec: { template: { spec: { containers: [{ name: "web", image: "mine" }] } } } }),
  },
  "change a Deployment's replicas in the Deployment": {
    method: "PATCH",
    path: `${apps}/app/deployments/web`,
    asked: merge({ spec: { replicas: 9 } }),
  },
  "delete a Deployment": { method: "DELETE", path: `${apps}/app/deployments/web` },
  "read a Deployment's scale": { method: "GET", path: `${apps}/app/deployments/web/scale` },
  "scale a Deployment": { method: "PATCH", path: `${apps}/app/deployments/web/scale`, asked: merge({ spec: { replicas: 9 } }) },
  "scale a ReplicaSet": { method: "PATCH", path: `${apps}/app/replicasets/web-1/scale`, asked: merge({ spec: { replicas: 9 } }) },
  "scale a Deployment of another namespace": {
    method: "PATCH",
    path: `${apps}/nemo-net/deployments/underlay/scale`,
    asked: merge({ spec: { replicas: 0 } }),
  },
  "read an L2Network": { method: "GET", path: `${l2sm}/default/l2networks/spain` },
  "create an L2Network": { method: "POST", path: `${l2sm}/default/l2networks`, asked: { body: network("mine") } },
  "delete an L2Network": { method: "DELETE", path: `${l2sm}/default/l2networks/spain` },
  "list L2Networks": { method: "GET", path: `${l2sm}/default/l2networks` },
  "change an L2Network": { method: "PATCH", path: `${l2sm}/default/l2networks/spain`, asked: merge({ spec: { type: "vlink" } }) },
  "say that an L2Network is connected": {
    method: "PATCH",
    path: `${l2sm}/default/l2networks/spain/status`,
    asked: merge({ status: { internalConnectivity: "Available" } }),
  },
  "create an L2Network in another namespace": { method: "POST", path: `${l2sm}/app/l2networks`, asked: { body: network("mine") } },
  "make itself a token of another account": {
    method: "POST",
    path: `${net}/serviceaccounts/pod-watch/token`,
    asked: { body: { spec: {} } },
  },
  "bind itself to cluster-admin": { method: "POST", path: `${rbac}/clusterrolebindings`, asked: { body: binding } },
  "widen a ClusterRole of ours": {
    method: "PATCH",
    path: `${rbac}/clusterroles/nemo-pod-watch`,
    asked: merge({ rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] }),
  },
  "act as an administrator": {
    method: "GET",
    path: "/api/v1/secrets",
    asked: { impersonating: { user: "admin", group: "system:masters" } },
  },
  "create a namespace": { method: "POST", path: "/api/v1/namespaces", asked: { body: { metadata: { name: "mine" } } } },
  "take Pod Security off a namespace": {
    method: "PATCH",
    path: "/api/v1/namespaces/nemo-net",
    asked: merge({ metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } }),
  },
  "delete a NetworkPolicy": { method: "DELETE", path: "/apis/networking.k8s.io/v1/namespaces/nemo-net/networkpolicies/default-deny" },
  "put a webhook before the API": {
    method: "POST",
    path: "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    asked: { body: { metadata: { name: "mine" }, webhooks: [] } },
  },
  "delete a definition of L2S-M": {
    method: "DELETE",
    path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/overlays.l2sm.l2sm.k8s.local",
  },
  "ask for a certificate": { method: "POST", path: "/apis/certificates.k8s.io/v1/certificatesigningrequests", asked: { body: {} } },
  "read the API server's metrics": { method: "GET", path: "/metrics" },
};

const isChange = ({ method }: Attempt): boolean => method !== "GET";

/** How each attempt is answered. */
export async function tryAll(client: Client): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (const [name, attempt] of Object.entries(attempts)) {
    const { method, path, asked = {} } = attempt;
    const query = { ...asked.query, ...(isChange(attempt) && !path.endsWith("/exec") ? { dryRun: "All" } : {}) };
    answers.set(name, (await client.call(method, path, { ...asked, query })).status);
  }
  return answers;
}
