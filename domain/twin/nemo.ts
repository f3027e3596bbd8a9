import type { Latency, Network, Traffic, Twin } from "./model.ts";

/** Why a message is sent: D2.3 2.3 sends them periodically and on changes. */
export type NemoTrigger = "periodic" | "status" | "anomaly";

const latency = (latencyMs: Latency | null) =>
  latencyMs === null
    ? null
    : { p50: latencyMs.p50, p95: latencyMs.p95, p99: latencyMs.p99, samples: latencyMs.samples, saturated: latencyMs.saturated };

const direction = (traffic: Traffic | null) =>
  traffic === null
    ? null
    : {
        req_rate: traffic.requestRate,
        success_ratio: traffic.successRatio,
        res_rate_by_code: traffic.responseRateByCode,
        res_count_by_code: traffic.responseCountByCode,
        grpc_count_by_code: traffic.grpcCountByCode,
        latency_ms: latency(traffic.latencyMs),
        tcp: {
          open: traffic.tcp.openConnections,
          read_Bps: traffic.tcp.readBytesPerSecond,
          write_Bps: traffic.tcp.writeBytesPerSecond,
        },
      };

const linkerd = ({ meshed, windowSeconds, inbound, outbound, byDestination }: Network) => ({
  meshed,
  window_s: windowSeconds,
  inbound: direction(inbound),
  outbound:
    outbound === null
      ? null
      : {
          ...direction(outbound),
          by_dst: byDestination.map(({ namespace, kind, name, requestRate, successRatio }) => ({
            namespace,
            kind,
            name,
            req_rate: requestRate,
            success_ratio: successRatio,
          })),
        },
});

/**
 * One component's twin as D2.3's consumers get it, in plain JSON on #CMDT (2.1, 2.3, 6.1.1). Its Figure 15 is a picture without a text: the one key that is
 * known to the letter is `res_rate_by_code`; the others are D2.3's words in the same spelling. Rates are per second, unknown is null.
 */
export function nemoTwin(twin: Twin, trigger: NemoTrigger) {
  const { status, resources, pods } = twin;
  return {
    timestamp: twin.updatedAt,
    trigger,
    workload_id: twin.workloadId,
    user_id: twin.userId,
    cluster: twin.cluster,
    namespace: twin.namespace,
    component: twin.component,
    seq: twin.seq,
    replicas: twin.replicas,
    resources: {
      cpu_cores: resources.cpuCores,
      memory_bytes: resources.memoryBytes,
      cpu_request_cores: resources.cpuRequestCores,
      cpu_limit_cores: resources.cpuLimitCores,
      memory_request_bytes: resources.memoryRequestBytes,
      memory_limit_bytes: resources.memoryLimitBytes,
      source: resources.source,
      sampled_at: resources.sampledAt,
    },
    linkerd: linkerd(twin.network),
    status: {
      current: status.current,
      phase: status.phase,
      reason: status.reason,
      since: status.since,
      pods: pods.map(({ name, uid, node, ready, restarts, status: current }) => ({ name, uid, node, status: current, ready, restarts })),
      history: status.history.map(({ seq, pod, container, status: became, phase, reason, exitCode, count, at, observedAt }) => ({
        seq,
        pod,
        container,
        status: became,
        phase,
        reason,
        exit_code: exitCode,
        count,
        at,
        observed_at: observedAt,
      })),
    },
    anomalies: twin.anomalies.map(({ rule, what, severity, since, summary }) => ({ rule, what, severity, since, summary })),
  };
}
