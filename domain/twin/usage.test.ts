import { describe, expect, it } from "vitest";
import { twinFixture } from "../../test/support/twin-fixtures.ts";
import { parseExposition } from "./exposition.ts";
import { readSummary, readUsage, type Usage, USAGE_METRICS } from "./usage.ts";

const usage = (text: string, scrapedAtMs = 0): Usage => {
  const samples = parseExposition(text, { wanted: USAGE_METRICS });
  if (!samples.ok) throw new Error(samples.reason);
  return readUsage(samples.value, scrapedAtMs);
};

describe("readUsage", () => {
  it("reads cAdvisor's containers, and neither the sums of pods and slices nor the container that holds a pod's namespaces", () => {
    const read = usage(`${twinFixture("kubelet/cadvisor_metrics_post_1_16.txt")}\n`);
    expect(read.get("kube-system/kube-proxy-zr52v")).toEqual([
      {
        pod: "kube-proxy-zr52v",
        container: "kube-proxy",
        cpuSecondsTotal: expect.closeTo(37.6, 0),
        cpuCores: null,
        memoryBytes: expect.any(Number),
        at: expect.stringMatching(/^2019-10-30T/),
      },
    ]);
    expect([...read.values()].flat().every(({ container }) => container !== "" && container !== "POD")).toBe(true);
    expect(read.size).toBeGreaterThan(5);
  });

  it("reads the labels from before Kubernetes 1.16, and CPU told by processor", () => {
    const read = usage(
      [
        'container_cpu_usage_seconds_total{container_name="c",pod_name="p",namespace="n",cpu="cpu00"} 1.5',
        'container_cpu_usage_seconds_total{container_name="c",pod_name="p",namespace="n",cpu="cpu01"} 2.5',
        'container_memory_working_set_bytes{container_name="POD",pod_name="p",namespace="n"} 7',
        "",
      ].join("\n"),
      1_000,
    );
    expect(read.get("n/p")).toEqual([
      { pod: "p", container: "c", cpuSecondsTotal: 4, cpuCores: null, memoryBytes: null, at: "1970-01-01T00:00:01.000Z" },
    ]);
  });

  it("takes the newer of two samples of one container, as there are after a restart", () => {
    const two = (first: string, second: string) =>
      usage(
        `container_memory_working_set_bytes{container="c",pod="p",namespace="n",id="/${first}"}\ncontainer_memory_working_set_bytes{container="c",pod="p",namespace="n",id="/${second}"}\n`
          .replace('/old"}', '/old"} 5 1000')
          .replace('/new"}', '/new"} 9 2000'),
      );
    for (const read of [two("old", "new"), two("new", "old")]) expect(read.get("n/p")?.[0]?.memoryBytes).toBe(9);
  });
});

describe("readSummary", () => {
  it("reads the kubelet's summary, which has cores at once", () => {
    const read = readSummary(JSON.parse(twinFixture("kubelet/stats_summary.json")), 0);
    if (!read.ok) throw new Error(read.reason);
    expect(read.value.get("kube-system/fluentd-gcp-v2.0.10-9q9t4")?.[0]).toEqual({
      pod: "fluentd-gcp-v2.0.10-9q9t4",
      container: "agent",
      cpuSecondsTotal: 2_505.102601908,
      cpuCores: 0.012477758,
      memoryBytes: 86_441_984,
      at: "2019-11-20T13:13:11.000Z",
    });
  });

  it("refuses what is no summary, and names the place", () => {
    expect(readSummary({ pods: [{ podRef: { name: 1 } }] }, 0)).toMatchObject({
      ok: false,
      code: "SUMMARY_INVALID",
      path: "/pods/0/podRef/name",
    });
    expect(readSummary([], 0).ok).toBe(false);
  });
});
