import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { openMetrics } from "../../runtime/metrics.ts";

const root = join(import.meta.dirname, "../..");
const text = (path: string): string => readFileSync(join(root, path), "utf8");

interface Container {
  readonly image: string;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
}
interface Pod {
  readonly containers: readonly Container[];
  readonly hostNetwork?: boolean;
  readonly securityContext: { readonly runAsNonRoot?: boolean; readonly seccompProfile: { readonly type: string } };
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly template?: { readonly spec: Pod } };
}

const KINDS = ["DaemonSet", "Deployment", "Namespace", "NetworkPolicy", "Service", "ServiceAccount"];
/** It is on the node's own network, in a namespace of its own. */
const PRIVILEGED = "probe-agent";

const kustomizations = globSync("deploy/**/kustomization.yaml", { cwd: root });
const files = globSync("deploy/kubernetes/{base,bridge,dead-letters,probe-agent}/*.yaml", { cwd: root }).filter(
  (path) => !path.endsWith("kustomization.yaml"),
);
const manifests = files.flatMap((path) => parseAllDocuments(text(path)).map((document) => document.toJS() as Manifest));
const pods = manifests.flatMap(({ metadata, spec }) =>
  spec?.template === undefined ? [] : [{ name: metadata.name, pod: spec.template.spec }],
);

describe("what Kubernetes is given", () => {
  it("is all there where a kustomization names it", () => {
    expect(kustomizations.length).toBeGreaterThan(3);
    for (const path of kustomizations) {
      const { resources } = parse(text(path)) as { resources: readonly string[] };
      const at = (resource: string) => join(root, dirname(path), resource);
      expect([path, resources.filter((resource) => !existsSync(at(resource)))]).toEqual([path, []]);
    }
  });

  it("is of kinds that we know, in a namespace of ours", () => {
    expect([...new Set(manifests.map(({ kind }) => kind))].toSorted()).toEqual(KINDS);
    for (const { kind, metadata } of manifests) if (kind !== "Namespace") expect(["nemo-net", "nemo-probes"]).toContain(metadata.namespace);
  });

  it("has pods that Pod Security's restricted takes, but for the probe agent", () => {
    expect(pods.map(({ name }) => name).toSorted()).toEqual(["bridge", "dead-letters", "probe-agent", "underlay"]);
    for (const { name, pod } of pods) {
      expect([name, pod.securityContext.seccompProfile.type]).toEqual([name, "RuntimeDefault"]);
      expect([name, pod.securityContext.runAsNonRoot, pod.hostNetwork]).toEqual(
        name === PRIVILEGED ? [name, undefined, true] : [name, true, undefined],
      );
      for (const { securityContext, resources, image } of pod.containers) {
        expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
        expect(securityContext.capabilities.drop).toEqual(["ALL"]);
        expect([name, securityContext.capabilities.add]).toEqual([
          name,
          name === PRIVILEGED ? ["NET_BIND_SERVICE", "SYS_NICE"] : undefined,
        ]);
        expect(Object.keys(resources)).toEqual(["requests", "limits"]);
        expect(image).toMatch(/^underlay:\d+\.\d+\.\d+$/);
      }
    }
  });

  it("denies what no policy names", () => {
    const deny = manifests.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "default-deny");
    expect(deny?.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it.skipIf(spawnSync("kubectl", ["kustomize", "--help"]).status !== 0).each([
    ["plain", []],
    ["openfaas", ["none"]],
    ["knative", ["none"]],
  ])("builds the overlay %s, where functions run in one place", (overlay, functions) => {
    const { status, stderr, stdout } = spawnSync("kubectl", ["kustomize", join(root, "deploy/kubernetes/overlays", overlay)], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect([...stdout.matchAll(/name: FUNCTIONS\n\s+value: (\S+)/g)].map(([, value]) => value)).toEqual(functions);
  });
});

describe("what is watched", () => {
  it("is measured: alerts and dashboard ask for metrics that there are", async () => {
    const known = new Set((await openMetrics({ ofProcess: true }).registry.getMetricsAsJSON()).map(({ name }) => name));
    const asked = [text("deploy/monitoring/rules.yaml"), text("deploy/monitoring/dashboard.json")]
      .flatMap((source) => source.match(/\b[a-z_]+(?=_bucket\b|[[{]|")(?:_total|_seconds|_bytes)?\b/g) ?? [])
      .filter((name) => /(_total|_seconds|_bytes)$/.test(name));
    expect(asked.length).toBeGreaterThan(6);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it.skipIf(spawnSync("promtool", ["--version"]).status !== 0)("has rules that Prometheus takes", () => {
    const { status } = spawnSync("promtool", ["check", "rules", join(root, "deploy/monitoring/rules.yaml")]);
    expect(status).toBe(0);
  });
});
