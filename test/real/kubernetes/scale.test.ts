import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ScalingRecord } from "../../../domain/scaling/record.ts";
import { openScaler, type Scaler } from "../../../services/learning/scale.ts";
import { reachable } from "../../../services/controllers.ts";
import { install } from "./accounts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { apply } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";

const programs = await clusterPrograms();
const Scaled = z.looseObject({ metadata: z.looseObject({ generation: z.int() }), spec: z.looseObject({ replicas: z.int() }) });

const record = (kind: string, name: string, replicas: number, namespace = "app"): ScalingRecord =>
  ({
    workload: `kind-1/${namespace}/${kind}/${name}`,
    cluster: "kind-1",
    namespace,
    component: { kind, name },
    replicas,
  }) as ScalingRecord;

describe.skipIf(programs === undefined)("scaling, at a real API server and with the right that it ships with", () => {
  let cluster: Cluster;
  let dir: string;
  let scaler: Scaler;

  beforeAll(async () => {
    if (programs === undefined) return;
    dir = await mkdtemp(join(tmpdir(), "underlay-scale-"));
    cluster = await startCluster(programs);
    await install(cluster);
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };
    const spec = { replicas: 2, selector: { matchLabels: { app: "web" } }, template };
    await apply(cluster.admin, [
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "app" }, spec },
      { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "db", namespace: "app" }, spec: { ...spec, serviceName: "db" } },
      { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "lone", namespace: "app" }, spec },
    ]);
    const [tokenFile, caFile] = [join(dir, "token"), join(dir, "ca.pem")];
    await writeFile(tokenFile, (await cluster.as("nemo-net", "underlay")).token);
    await writeFile(caFile, cluster.ca);
    scaler = openScaler(reachable([{ executioner: "scale", origin: cluster.address.origin, cluster: "kind-1", tokenFile, caFile }]));
  });
  afterAll(async () => {
    await scaler?.close();
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const shown = (plural: string, name: string) => cluster.admin.done(Scaled, "GET", `/apis/apps/v1/namespaces/app/${plural}/${name}`);

  it("sets the replicas of Deployments and StatefulSets, and nothing else of them", async () => {
    const before = await shown("deployments", "web");
    await scaler.scale(record("Deployment", "web", 5));
    await scaler.scale(record("StatefulSet", "db", 3));
    const after = await shown("deployments", "web");
    expect({ ...after.spec, replicas: 2 }).toEqual(before.spec);
    expect([after.spec.replicas, (await shown("statefulsets", "db")).spec.replicas]).toEqual([5, 3]);
  });

  it("changes nothing when it says the same again", async () => {
    await scaler.scale(record("Deployment", "web", 4));
    const { generation } = (await shown("deployments", "web")).metadata;
    await scaler.scale(record("Deployment", "web", 4));
    expect((await shown("deployments", "web")).metadata.generation).toBe(generation);
  });

  it("is refused where the namespace did not give it the right, and where the kind is none of its own", async () => {
    for (const refused of [record("Deployment", "underlay", 0, "nemo-net"), record("ReplicaSet", "lone", 0)])
      await expect(scaler.scale(refused)).rejects.toMatchObject({ code: "SCALE_REFUSED", message: expect.stringContaining("403") });
    const { spec } = await cluster.admin.done(Scaled, "GET", "/apis/apps/v1/namespaces/nemo-net/deployments/underlay");
    expect([spec.replicas, (await shown("replicasets", "lone")).spec.replicas]).toEqual([1, 2]);
  });

  it("says for good that there is no such Deployment, or that so many replicas are impossible", async () => {
    await expect(scaler.scale(record("Deployment", "nobody", 1))).rejects.toMatchObject({
      code: "SCALE_REFUSED",
      message: expect.stringContaining("404"),
    });
    await expect(scaler.scale(record("Deployment", "web", -1))).rejects.toMatchObject({
      code: "SCALE_REFUSED",
      message: expect.stringContaining("422"),
    });
  });
});
