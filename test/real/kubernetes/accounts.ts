import type { Cluster } from "./cluster.ts";
import { apply, define, type Manifest, manifestsIn } from "./manifests.ts";
import type { Right } from "./rights.ts";

/** Everything that deploy/kubernetes gives to a cluster, as docs/operations.md says to apply it. */
export const shipped = [
  "deploy/kubernetes/overlays/plain",
  "deploy/kubernetes/dead-letters",
  "deploy/kubernetes/pod-watch",
  "deploy/kubernetes/rbac-nodes.yaml",
  "deploy/kubernetes/scale/rbac.yaml",
  "deploy/kubernetes/l2sm",
];

export const l2smDefinitions = "test/real/kubernetes/l2sm";

/** What `kubectl create rolebinding underlay-scale` of deploy/kubernetes/scale/rbac.yaml makes. */
const scaleIn = (namespace: string): Manifest => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: "underlay-scale", namespace },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "underlay-scale" },
  subjects: [{ kind: "ServiceAccount", name: "underlay", namespace: "nemo-net" }],
});

const namespaceOf = (name: string): Manifest => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

/** Of a user, with an account of its own that nobody gave anything: what every account has is what this one has. */
export const nobody = { namespace: "app", account: "nobody" } as const;

/** A cluster as an operator has it who follows docs/operations.md and lets the workloads of the namespace `app` be scaled. */
export async function install({ admin }: Cluster): Promise<void> {
  await define(admin, manifestsIn(`${l2smDefinitions}/v1.2.12.yaml`));
  await apply(admin, [namespaceOf("app"), ...shipped.flatMap(manifestsIn), scaleIn("app")]);
  await apply(admin, [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: nobody.account, namespace: nobody.namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "nemo-net" } },
  ]);
}

export interface Rights {
  /** In every namespace, and on what has none. */
  readonly everywhere: readonly Right[];
  /** In one namespace. */
  readonly in?: Readonly<Record<string, readonly Right[]>>;
}

const of = (verbs: readonly string[], ...resources: readonly string[]): readonly Right[] =>
  resources.flatMap((resource) => verbs.map((verb): Right => `${verb} ${resource}`));

const none: Rights = { everywhere: [] };

/** Every account of ours and exactly what it has. docs/kubernetes.md has the same in words. */
export const accounts: Readonly<Record<string, Rights>> = {
  "nemo-net/underlay": { everywhere: [], in: { app: of(["patch"], "deployments.apps/scale", "statefulsets.apps/scale") } },
  "nemo-net/dead-letters": none,
  "nemo-net/default": none,
  "nemo-probes/probe-agent": none,
  "nemo-net/pod-watch": {
    everywhere: of(["list", "watch"], "pods", "nodes", "replicasets.apps", "deployments.apps", "statefulsets.apps", "daemonsets.apps"),
  },
  "nemo-net/underlay-node-reader": { everywhere: of(["list", "watch"], "nodes") },
  "default/underlay-l2sm": {
    everywhere: [],
    in: {
      default: of(
        ["get", "create", "delete"],
        ...["l2networks", "overlays", "networkedgedevices"].map((plural) => `${plural}.l2sm.l2sm.k8s.local`),
      ),
    },
  },
};

export const placeOf = (account: string): readonly [namespace: string, name: string] => {
  const [namespace = "", name = ""] = account.split("/");
  return [namespace, name];
};
