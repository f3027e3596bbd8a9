import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { shipped } from "./accounts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import { apply, type Manifest, manifestsIn, root, tryApply } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";

const programs = await clusterPrograms();
const hasKubectl = spawnSync("kubectl", ["kustomize", "--help"]).status === 0;
if (!hasKubectl) console.log("skipped for want of kubectl: what it is asked to build and apply");

const PodSpec = z.looseObject({ containers: z.array(z.looseObject({ name: z.string().optional() })) });
const Workload = z.looseObject({ template: z.looseObject({ spec: PodSpec }) });

interface Template {
  readonly of: string;
  readonly namespace: string;
  readonly spec: z.infer<typeof PodSpec>;
}

/** The pods of a Deployment, a DaemonSet or a Knative Service, as whoever makes them will ask for them. */
const templatesIn = (manifests: readonly Manifest[]): readonly Template[] =>
  manifests.flatMap(({ kind, metadata, spec }) => {
    const read = Workload.safeParse(spec);
    if (!read.success) return [];
    const { spec: pod } = read.data.template;
    // Knative names the container itself, and its own fields of a Revision are no Pod's.
    const { containerConcurrency: _concurrency, timeoutSeconds: _timeout, ...rest } = pod;
    const containers = pod.containers.map((one, i) => ({ name: `container-${String(i)}`, ...one }));
    return [{ of: `${kind}/${metadata.name}`, namespace: metadata.namespace ?? "", spec: { ...rest, containers } }];
  });

const templates = templatesIn([...shipped, "deploy/knative"].flatMap(manifestsIn));
const [system] = templates.filter(({ of }) => of === "Deployment/underlay");

describe.skipIf(programs === undefined)("our manifests, at a real API server", () => {
  let cluster: Cluster;
  let dir: string;

  beforeAll(async () => {
    if (programs === undefined) return;
    dir = await mkdtemp(join(tmpdir(), "underlay-manifests-"));
    cluster = await startCluster(programs);
    await writeFile(join(dir, "kubeconfig"), kubeconfigOf(cluster, cluster.admin.token), { mode: 0o600 });
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const pod = ({ namespace, spec }: Pick<Template, "namespace" | "spec">) =>
    cluster.admin.call("POST", `/api/v1/namespaces/${namespace}/pods`, {
      body: { apiVersion: "v1", kind: "Pod", metadata: { name: "one" }, spec },
      query: { dryRun: "All", fieldValidation: "Strict" },
    });
  const kubectl = (...args: readonly string[]) =>
    spawnSync("kubectl", [...args], {
      encoding: "utf8",
      env: { ...process.env, KUBECONFIG: join(dir, "kubeconfig"), HOME: dir },
      timeout: 60_000,
    });

  it.skipIf(!hasKubectl)("are applied to a cluster that is watched and no more, as docs/operations.md says", () => {
    const files = ["base/namespace.yaml", "pod-watch", "rbac-nodes.yaml", "l2sm"];
    const { status, stderr } = kubectl("apply", ...files.flatMap((file) => ["-f", join(root, "deploy/kubernetes", file)]));
    expect([status, stderr]).toEqual([0, ""]);
  });

  it.skipIf(!hasKubectl).each(["openfaas", "plain"])(
    "are applied as docs/operations.md says, and change nothing the second time: overlay %s",
    (overlay) => {
      const applied = () => kubectl("apply", "-k", join(root, "deploy/kubernetes/overlays", overlay));
      const first = applied();
      expect([first.status, first.stderr]).toEqual([0, ""]);
      const again = applied();
      const lines = again.stdout.trim().split("\n");
      expect([again.status, again.stderr, lines.filter((line) => !line.endsWith(" unchanged"))]).toEqual([0, "", []]);
      expect(lines.length).toBeGreaterThan(10);
    },
  );

  it("are taken without a warning, every field of them known", async () => {
    const answers: [string, number, readonly string[]][] = [];
    for (const manifest of shipped.flatMap(manifestsIn)) {
      const { status, warnings } = await tryApply(cluster.admin, manifest);
      answers.push([`${manifest.kind} ${manifest.metadata.name}`, status, warnings]);
    }
    expect(answers.length).toBeGreaterThan(25);
    expect(answers.filter(([, status, warnings]) => status >= 300 || warnings.length > 0)).toEqual([]);
    await apply(cluster.admin, [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "nemo-net" } }]);
  });

  it("would not be, with a field that there is not", async () => {
    const [namespace] = manifestsIn("deploy/kubernetes/base/namespace.yaml");
    const wrong = { ...(namespace as Manifest), spec: { finalisers: ["kubernetes"] } };
    expect(await tryApply(cluster.admin, wrong, { dryRun: true })).toMatchObject({
      status: expect.toSatisfy((status: number) => status >= 400),
    });
  });

  it("are of pods, all of which we look at", () => {
    expect(templates.map(({ of }) => of)).toEqual(
      expect.arrayContaining(["Deployment/underlay", "DaemonSet/probe-agent", "Service/exec-l2sm"]),
    );
    expect(templates.length).toBeGreaterThan(17);
  });

  it.each(templates)("$of has pods that $namespace takes, with Pod Security enforced there", async (template) => {
    expect(await pod(template)).toMatchObject({ status: 201, warnings: [] });
  });

  it("leave no way round Pod Security: restricted pods only beside the functions, and the probe agent is none", async () => {
    if (system === undefined) throw new Error("there is no Deployment underlay");
    const [container] = system.spec.containers;
    const inPod = (change: object) => ({ ...system, spec: { ...system.spec, ...change } });
    const inContainer = (change: object) =>
      inPod({ containers: [{ ...container, securityContext: { ...(container?.["securityContext"] as object), ...change } }] });
    const [agent] = templates.filter(({ of }) => of === "DaemonSet/probe-agent");
    const refused: Readonly<Record<string, Pick<Template, "spec">>> = {
      "runAsUser=0": inPod({ securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } } }),
      allowPrivilegeEscalation: inContainer({ allowPrivilegeEscalation: true }),
      "unrestricted capabilities": inContainer({ capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } }),
      "host namespaces": inPod({ hostNetwork: true }),
      hostPath: inPod({ volumes: [...(system.spec["volumes"] as object[]), { name: "host", hostPath: { path: "/" } }] }),
      seccompProfile: inContainer({ seccompProfile: { type: "Unconfined" } }),
      "hostPort 5001": { spec: agent?.spec ?? system.spec },
    };
    for (const [why, { spec }] of Object.entries(refused)) {
      // Accounts of other namespaces are not there, which would be refused first.
      const { status, body } = await pod({
        namespace: "nemo-net",
        spec: { ...spec, serviceAccountName: "underlay" },
      });
      const message = String((body as { message?: unknown }).message);
      expect([why, status, message]).toEqual([why, 403, expect.stringContaining('violates PodSecurity "restricted:latest"')]);
      expect(message).toContain(why.split(" ")[0] ?? why);
    }
  });

  it.skipIf(!hasKubectl)(
    "give the token of its account to the pod that scales, where an overlay asks for it, and in no other way",
    async () => {
      const overlay = join(dir, "overlay");
      await mkdir(overlay);
      const path = (to: string): string => relative(overlay, join(root, "deploy/kubernetes", to));
      await writeFile(
        join(overlay, "kustomization.yaml"),
        JSON.stringify({
          apiVersion: "kustomize.config.k8s.io/v1beta1",
          kind: "Kustomization",
          resources: [path("overlays/plain")],
          components: [path("scale")],
        }),
      );
      const { status, stderr } = kubectl("apply", "-k", overlay, "--force-conflicts", "--server-side");
      expect([status, stderr]).toEqual([0, ""]);
      const Deployed = z.object({ spec: z.object({ template: z.object({ spec: PodSpec }) }) });
      const { spec } = await cluster.admin.done(Deployed, "GET", "/apis/apps/v1/namespaces/nemo-net/deployments/underlay");
      expect(spec.template.spec["automountServiceAccountToken"]).toBe(false);
      expect(spec.template.spec["volumes"]).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "kubernetes", projected: expect.anything() }),
          expect.objectContaining({ name: "tmp" }),
        ]),
      );
      expect(await pod({ namespace: "nemo-net", spec: spec.template.spec })).toMatchObject({ status: 201, warnings: [] });
    },
  );
});
