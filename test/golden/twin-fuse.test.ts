import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Files, fuseFiles } from "../../domain/twin/from-files.ts";
import type { Twin } from "../../domain/twin/model.ts";
import { nemoTwin } from "../../domain/twin/nemo.ts";
import { twinFixture } from "../support/twin-fixtures.ts";

const read = (name: string): string => readFileSync(join(import.meta.dirname, "twin-fuse", name), "utf8");
const NOW = "2026-01-01T00:30:00.000Z";
const POD = "demo-app-success-c485bc67b-klj45";

function fuse(given: Partial<Files>): readonly Twin[] {
  const twins = fuseFiles({
    cluster: "kind-1",
    nowMs: Date.parse(NOW),
    pods: JSON.parse(twinFixture("kubelet/pods.json")) as unknown,
    proxies: [],
    previous: [],
    seconds: 0,
    ...given,
  });
  if (!twins.ok) throw new Error(twins.reason);
  return twins.value;
}

const figure15 = (): Twin | undefined =>
  fuse({
    proxies: [{ file: "now", pod: POD, text: read("figure-15-now.txt") }],
    previous: [{ file: "earlier", pod: POD, text: read("figure-15-earlier.txt") }],
    seconds: 1_800,
    usage: twinFixture("kubelet/stats_summary.json"),
    kubeStateMetrics: twinFixture("kube-state-metrics/ksm-standard-tags-gke.txt"),
  }).find(({ pods }) => pods.some(({ name }) => name === POD));

describe("the message of D2.3's Figure 15", () => {
  it("has two requests a minute with 200 and one in six minutes with 500, exactly, although the 500s are a new series", () => {
    const twin = figure15();
    expect(twin && nemoTwin(twin, "periodic").linkerd.inbound).toMatchObject({
      res_rate_by_code: { "200": 2 / 60, "500": 1 / 360 },
      res_count_by_code: { "200": 60, "500": 5 },
      req_rate: 65 / 1_800,
    });
  });

  it("is the golden one", async () => {
    const twin = figure15();
    await expect(`${JSON.stringify(twin && nemoTwin(twin, "periodic"), null, 2)}\n`).toMatchFileSnapshot("twin-fuse/figure-15.json");
  });
});

describe("twins of real pod lists", () => {
  it.each(["pods.json", "pods_crashed.json"])("of %s are the golden ones", async (list) => {
    const twins = fuse({
      pods: JSON.parse(twinFixture(`kubelet/${list}`)) as unknown,
      usage: twinFixture("kubelet/stats_summary.json"),
      kubeStateMetrics: twinFixture("kube-state-metrics/prometheus.txt"),
    });
    await expect(`${JSON.stringify(twins, null, 2)}\n`).toMatchFileSnapshot(`twin-fuse/${list}`);
  });

  it("have every pod in one of them, by its uid", () => {
    for (const [list, pods] of [
      ["pods.json", 10],
      ["pods_crashed.json", 6],
    ] as const) {
      const twins = fuse({ pods: JSON.parse(twinFixture(`kubelet/${list}`)) as unknown });
      expect(new Set(twins.flatMap((twin) => twin.pods.map(({ uid }) => uid))).size).toBe(pods);
    }
  });

  it("replayed, the first list and then the crashed one, tell of the crash and of nothing else", () => {
    const crashed = fuse({ pods: JSON.parse(twinFixture("kubelet/pods_crashed.json")) as unknown });
    const fluentd = crashed.find(({ component }) => component.name === "fluentd-gcp-v2.0.10");
    expect(fluentd?.status).toMatchObject({ current: "Failure", reason: "CrashLoopBackOff" });
    expect(fluentd?.status.history.filter(({ count }) => count > 0)).toMatchObject([
      { status: "Restart", container: "fluentd-gcp", reason: "OOMKilled", exitCode: 2, count: 1, at: "2018-02-13T16:05:48Z" },
    ]);
  });
});
