import type { Cluster } from "./cluster.ts";

/** A kubeconfig of one cluster and one user. It is JSON, which is YAML too. */
export const kubeconfigOf = ({ address, ca }: Pick<Cluster, "address" | "ca">, token: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "it",
    clusters: [{ name: "it", cluster: { server: address.origin, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "it", user: { token } }],
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
  });
