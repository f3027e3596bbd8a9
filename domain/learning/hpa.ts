import type { Change, HpaSettings, Recommendation } from "./model.ts";

/*
 * The Kubernetes Horizontal Pod Autoscaler, autoscaling/v2, as of 1.33: replica_calculator.go and horizontal.go of
 * pkg/controller/podautoscaler, and the page "Horizontal Pod Autoscaling". One resource metric, scale-down policy and tolerance at their
 * defaults' shape.
 */

/**
 * One pod as the HPA sees it. `usage` and `request` in the same unit. unready: pending, or its CPU metric is of before it was ready.
 * missing: it runs and there is no metric of it. Pods that are being deleted or have failed are left out by the caller (`groupPods`).
 */
export type PodMetric =
  | { readonly state: "ready"; readonly usage: number; readonly request: number }
  | { readonly state: "unready" | "missing"; readonly request: number };

/** In whole per cent, cut off, as `GetResourceUtilizationRatio` does. */
function utilisationPercent(pods: readonly { readonly usage: number; readonly request: number }[]): number {
  const usage = pods.reduce((sum, pod) => sum + pod.usage, 0);
  const request = pods.reduce((sum, pod) => sum + pod.request, 0);
  // A quotient that is a whole number but for rounding (0.29 × 100) is that number.
  return Math.trunc(Number(((usage * 100) / request).toPrecision(12)));
}

/**
 * Replicas that one resource metric asks for (`GetResourceReplicas`).
 * @param target utilisation in per cent of the request.
 * @returns undefined where no ready pod has a metric: then the HPA does nothing.
 */
export function replicasForUtilisation(pods: readonly PodMetric[], current: number, target: number, tolerance = 0.1): number | undefined {
  const withMetric = pods.filter((pod) => pod.state === "ready");
  const missing = pods.filter((pod) => pod.state === "missing");
  const unready = pods.filter((pod) => pod.state === "unready");
  if (withMetric.length === 0) return undefined;
  const isWithin = (ratio: number): boolean => 1 - tolerance <= ratio && ratio <= 1 + tolerance;
  const ratio = utilisationPercent(withMetric) / target;
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0) return isWithin(ratio) ? current : Math.ceil(ratio * withMetric.length);

  // The conservative assumption: who cannot be seen is busy when it would be taken away, and idle when there would be more.
  const assumed = ratio === 1 ? [] : missing.map((pod) => ({ ...pod, usage: ratio < 1 ? (pod.request * Math.max(100, target)) / 100 : 0 }));
  const counted = [...withMetric, ...assumed, ...(countsUnready ? unready.map((pod) => ({ ...pod, usage: 0 })) : [])];
  const again = utilisationPercent(counted) / target;
  if (isWithin(again) || (ratio < 1 && again > 1) || (ratio > 1 && again < 1)) return current;
  const replicas = Math.ceil(again * counted.length);
  return (again < 1 && replicas > current) || (again > 1 && replicas < current) ? current : replicas;
}

/**
 * The greatest of what several metrics ask for (`computeReplicasForMetrics`). A metric that failed is undefined: it forbids scaling down,
 * because it might have asked for more.
 */
export function replicasForMetrics(asked: readonly (number | undefined)[], current: number): number | undefined {
  const known = asked.filter((replicas) => replicas !== undefined);
  if (known.length === 0) return undefined;
  const most = Math.max(...known);
  return known.length < asked.length && most < current ? undefined : most;
}

export interface HpaState {
  readonly recommendations: readonly Recommendation[];
  readonly changes: readonly Change[];
}

/** Stabilisation: never below the most of the scale-down window, never above the least of the scale-up window. */
function stabilise(desired: number, current: number, past: readonly Recommendation[], nowMs: number, settings: HpaSettings): number {
  const within = (windowMs: number): number[] => past.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas);
  const up = Math.min(desired, ...within(settings.scaleUpWindowMs));
  const down = Math.max(desired, ...within(settings.scaleDownWindowMs));
  return Math.min(Math.max(current, up), down);
}

/** How many replicas the scale-up policies (per cent and pods a period, the greater counts) allow. */
function scaleUpLimit(current: number, changes: readonly Change[], nowMs: number, settings: HpaSettings): number {
  const inPeriod = changes.filter(({ atMs }) => atMs > nowMs - settings.policyPeriodMs).reduce((sum, { by }) => sum + by, 0);
  const before = current - inPeriod;
  return Math.max(before + settings.scaleUpPods, Math.ceil(before * (1 + settings.scaleUpPercent / 100)), current);
}

/**
 * What the HPA would scale to: the metric's replicas, stabilised, and limited by the behaviour's policies and by min and max.
 * @param desired of `replicasForUtilisation`; undefined (no metric) keeps the current number.
 * @returns the replicas, and the recommendations to remember for the next call.
 */
export function recommendHpa(
  desired: number | undefined,
  current: number,
  state: HpaState,
  nowMs: number,
  settings: HpaSettings,
  bounds: { readonly minReplicas: number; readonly maxReplicas: number },
): { readonly replicas: number; readonly recommendations: readonly Recommendation[] } {
  const wanted = desired ?? current;
  const longest = Math.max(settings.scaleDownWindowMs, settings.scaleUpWindowMs);
  const recent = state.recommendations.filter(({ atMs }) => atMs > nowMs - longest);
  const stable = stabilise(wanted, current, recent, nowMs, settings);
  const limited = stable > current ? Math.min(stable, scaleUpLimit(current, state.changes, nowMs, settings)) : stable;
  return {
    replicas: Math.min(Math.max(limited, bounds.minReplicas), bounds.maxReplicas),
    recommendations: desired === undefined ? recent : [...recent, { atMs: nowMs, replicas: wanted }],
  };
}
