import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accounts, install, nobody, placeOf, shipped } from "./accounts.ts";
import { attempts, tryAll } from "./attempts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { apply, manifestsIn } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";
import { everyRight, type Right, rightsOf, rulesOf } from "./rights.ts";

const programs = await clusterPrograms();
const namespaces = ["nemo-net", "nemo-probes", "app", "default", "kube-system"];

/** What of the attempts each account is not refused; of every other the answer has to be 403. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "nemo-net/underlay": ["scale a Deployment"],
  "nemo-net/dead-letters": [],
  "nemo-net/default": [],
  "nemo-probes/probe-agent": [],
  "nemo-net/pod-watch": ["list pods everywhere", "list pods of its own namespace", "list nodes", "list Deployments"],
  "nemo-net/underlay-node-reader": ["list nodes"],
  "default/underlay-l2sm": ["read an L2Network", "create an L2Network", "delete an L2Network"],
};

describe.skipIf(programs === undefined)("what accounts may do, at a real API server", () => {
  let cluster: Cluster;
  let rights: readonly Right[];
  let everybody: readonly Right[];

  beforeAll(async () => {
    if (programs === undefined) return;
    cluster = await startCluster(programs);
    await install(cluster);
    const web = { name: "web", namespace: "app" };
    const labels = { app: "web" };
    const spec = { serviceAccountName: nobody.account, containers: [{ name: "web", image: "web" }] };
    const template = { metadata: { labels }, spec };
    await apply(cluster.admin, [
      { apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } },
      { apiVersion: "v1", kind: "Secret", metadata: { name: "underlay", namespace: "nemo-net" }, stringData: { "amqp-url": "secret" } },
      { apiVersion: "v1", kind: "Pod", metadata: { ...web, name: "web-1" }, spec: { ...spec, nodeName: "node-1" } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: web, spec: { replicas: 2, selector: { matchLabels: labels }, template } },
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { ...web, name: "web-1" },
        spec: { selector: { matchLabels: labels }, template },
      },
      {
        apiVersion: "l2sm.l2sm.k8s.local/v1",
        kind: "L2Network",
        metadata: { name: "spain", namespace: "default" },
        spec: { type: "vnet" },
        status: { internalConnectivity: "Unknown" },
      },
    ]);
    rights = await everyRight(cluster.admin);
    everybody = await rightsOf(await cluster.as(nobody.namespace, nobody.account), rights);
  });
  afterAll(() => cluster?.stop());

  it("is asked of every verb on every resource that the server serves, L2S-M's among them", () => {
    expect(rights.length).toBeGreaterThan(900);
    expect(rights).toContain("delete overlays.l2sm.l2sm.k8s.local");
    expect(everybody.toSorted()).toEqual([
      "create selfsubjectaccessreviews.authorization.k8s.io",
      "create selfsubjectreviews.authentication.k8s.io",
      "create selfsubjectrulesreviews.authorization.k8s.io",
    ]);
  });

  it("is said of every account that our manifests make or name", () => {
    const manifests = shipped.flatMap(manifestsIn);
    const made = manifests.flatMap(({ kind, metadata }) =>
      kind === "ServiceAccount" ? [`${metadata.namespace ?? ""}/${metadata.name}`] : [],
    );
    expect(Object.keys(accounts).toSorted()).toEqual([...made, "nemo-net/default"].toSorted());
    expect(Object.keys(allowed).toSorted()).toEqual(Object.keys(accounts).toSorted());
  });

  it.each(Object.keys(accounts))("of %s is exactly what the table says, everywhere and in each namespace", async (account) => {
    const client = await cluster.as(...placeOf(account));
    const { everywhere, in: within = {} } = accounts[account] ?? { everywhere: [] };
    expect((await rightsOf(client, rights)).toSorted()).toEqual([...everybody, ...everywhere].toSorted());
    for (const namespace of namespaces) {
      const wanted = [...everybody, ...everywhere, ...(within[namespace] ?? [])].toSorted();
      expect([namespace, await rulesOf(client, namespace)]).toEqual([namespace, wanted]); // no star, and no object by name
      if (namespace in within || namespace === "nemo-net")
        expect([namespace, (await rightsOf(client, rights, namespace)).toSorted()]).toEqual([namespace, wanted]);
    }
  });

  it("would show a rule that gives more", async () => {
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "wide", namespace: "app" } };
    const broad = { apiGroups: ["apps"], resources: ["*/scale"], verbs: ["*"] };
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "wide", namespace: "app" }, rules: [broad] };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "wide" };
    const subjects = [{ kind: "ServiceAccount", name: "wide", namespace: "app" }];
    await apply(cluster.admin, [account, role, { ...role, kind: "RoleBinding", rules: undefined, roleRef, subjects }]);
    const client = await cluster.as("app", "wide");
    expect(await rightsOf(client, rights, "nemo-net")).toHaveLength(everybody.length);
    expect(await rightsOf(client, rights, "app")).toEqual(
      expect.arrayContaining(["update deployments.apps/scale", "get replicasets.apps/scale"]),
    );
    expect(await rulesOf(client, "app")).toContain("* *.apps/scale");
  });

  it.each(Object.keys(accounts))("of %s ends there: everything else that is tried is answered 403", async (account) => {
    const answers = await tryAll(await cluster.as(...placeOf(account)));
    expect(answers.size).toBe(Object.keys(attempts).length);
    const passed = [...answers].filter(([, status]) => status !== 403).map(([name]) => name);
    expect(passed).toEqual(allowed[account]);
    for (const name of passed) expect([name, answers.get(name)]).toEqual([name, expect.toSatisfy((status: number) => status < 300)]);
  });

  it("could be done by an administrator: nothing is refused for being wrong", async () => {
    const refused = [...(await tryAll(cluster.admin))].filter(([, status]) => status === 401 || status === 403 || status === 404);
    expect(refused).toEqual([]);
  });

  it("is nothing at all without a token, or with one that is none", async () => {
    for (const token of ["", "none", (await cluster.as("nemo-net", "pod-watch")).token.slice(0, -8)])
      expect((await cluster.with(token).call("GET", "/api/v1/pods")).status).toSatisfy(
        (status: number) => status === 401 || status === 403,
      );
  });
});
