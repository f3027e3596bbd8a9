import { describe, expect, it } from "vitest";
import { twinFixture } from "../../test/support/twin-fixtures.ts";
import { parseExposition } from "./exposition.ts";
import { KSM_METRICS, readKubeStateMetrics, sumOfAsked } from "./kube-state-metrics.ts";

const objects = (text: string) => {
  const samples = parseExposition(text, { wanted: KSM_METRICS });
  if (!samples.ok) throw new Error(samples.reason);
  return readKubeStateMetrics(samples.value);
};
const v1 = objects(twinFixture("kube-state-metrics/prometheus.txt"));
const v2 = objects(twinFixture("kube-state-metrics/ksm-standard-tags-gke.txt"));

describe("readKubeStateMetrics", () => {
  it("knows replicas by the names of version 1 and of version 2", () => {
    expect(v1.replicasOf("kube-system", "Deployment", "tiller-deploy")).toMatchObject({
      desired: 1,
      current: 1,
      ready: null,
      available: 1,
    });
    expect(v2.replicasOf("kube-system", "Deployment", "l7-default-backend")).toMatchObject({ desired: 1, current: 1, available: 1 });
    expect(v2.replicasOf("default", "StatefulSet", "web")).toEqual({ desired: 2, current: 2, ready: 2, available: null });
    expect(v2.replicasOf("kube-system", "DaemonSet", "prometheus-to-sd")).toMatchObject({ desired: 3, current: 3 });
  });

  it("knows nothing, which is not 0, of what it was not told of", () => {
    expect(v2.replicasOf("default", "Deployment", "nobody")).toBeNull();
    expect(v2.askedBy("default", ["nobody"])).toBeNull();
    expect(v2.deploymentOf("default", "nobody")).toBeUndefined();
  });

  it("knows whose a ReplicaSet is", () => {
    expect(v2.deploymentOf("kube-system", "heapster-gke-c6d577fc4")).toBe("heapster-gke");
  });

  it("knows what containers ask for by both versions' names, and sees no limit where one container has none", () => {
    const pod = "l7-default-backend-84c9fcfbb-jhvcp";
    expect(v2.askedBy("kube-system", [pod])).toEqual({
      cpuRequestCores: 0.01,
      cpuLimitCores: 0.01,
      memoryRequestBytes: 20_971_520,
      memoryLimitBytes: 20_971_520,
    });
    const old = objects(
      'kube_pod_container_resource_limits_memory_bytes{namespace="n",pod="p",container="a"} 5\nkube_pod_container_info{namespace="n",pod="p",container="b"} 1\n',
    );
    expect(old.askedBy("n", ["p"])).toMatchObject({ memoryLimitBytes: null, memoryRequestBytes: null });
  });
});

describe("sumOfAsked", () => {
  const asked = (memoryRequestBytes: number | null, memoryLimitBytes: number | null) => ({
    cpuRequestCores: null,
    cpuLimitCores: null,
    memoryRequestBytes,
    memoryLimitBytes,
  });

  it("adds up requests that there are, and limits that all have", () => {
    expect(sumOfAsked([])).toBeNull();
    expect(sumOfAsked([asked(1, 2), asked(null, 3)])).toMatchObject({ memoryRequestBytes: 1, memoryLimitBytes: 5 });
    expect(sumOfAsked([asked(1, 2), asked(1, null)])).toMatchObject({
      memoryRequestBytes: 2,
      memoryLimitBytes: null,
      cpuRequestCores: null,
    });
  });
});
