import type { PodObject } from "./pods.ts";
import { family, line } from "./exposition.ts";

/** What a container is simulated to use. */
export interface Used {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** As cAdvisor in a kubelet writes it: of every container, and sums that are none. */
export function cadvisorText(pods: readonly { readonly pod: PodObject; readonly used: Used }[], atMs: number): string {
  const labels = ({ namespace, name, container }: PodObject, withContainer: boolean) => ({
    container: withContainer ? container : "",
    id: `/kubepods/burstable/${name}${withContainer ? `/${container}` : ""}`,
    image: withContainer ? `registry.example/${container}:1` : "",
    name: withContainer ? `${name}-${container}` : "",
    namespace,
    pod: name,
  });
  const both = (write: (pod: PodObject, used: Used, withContainer: boolean) => string): string[] =>
    pods.flatMap(({ pod, used }) => [write(pod, used, false), write(pod, used, true)]);
  return [
    family(
      "container_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time consumed in seconds.",
      both((pod, { cpuSeconds }, one) =>
        line("container_cpu_usage_seconds_total", { ...labels(pod, one), cpu: "total" }, cpuSeconds, atMs),
      ),
    ),
    family(
      "container_memory_working_set_bytes",
      "gauge",
      "Current working set in bytes.",
      both((pod, { memoryBytes }, one) => line("container_memory_working_set_bytes", labels(pod, one), memoryBytes, atMs)),
    ),
  ].join("");
}

/** As kube-state-metrics 2 writes it, as far as Deployments and what containers ask for go. */
export function objectsText(pods: readonly PodObject[]): string {
  const deployments = Map.groupBy(pods, ({ namespace, app }) => `${namespace}/${app}`);
  const counted = (name: string, count: (of: readonly PodObject[]) => number): string =>
    family(
      name,
      "gauge",
      "Of a deployment.",
      [...deployments.values()].map((of) => line(name, { namespace: of[0]?.namespace ?? "", deployment: of[0]?.app ?? "" }, count(of))),
    );
  const ready = (of: readonly PodObject[]): number => of.filter((pod) => pod.ready).length;
  return [
    counted("kube_deployment_spec_replicas", (of) => of.length),
    counted("kube_deployment_status_replicas", (of) => of.length),
    counted("kube_deployment_status_replicas_ready", ready),
    counted("kube_deployment_status_replicas_available", ready),
    family(
      "kube_pod_container_resource_limits",
      "gauge",
      "The number of requested limit resource by a container.",
      pods.map(({ namespace, name, container, node, memoryLimitBytes }) =>
        line(
          "kube_pod_container_resource_limits",
          { namespace, pod: name, container, node, resource: "memory", unit: "byte" },
          memoryLimitBytes,
        ),
      ),
    ),
  ].join("");
}
