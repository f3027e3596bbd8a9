import type { PodNews } from "../../domain/twin/fuse-pod.ts";
import type { Ownership } from "../../domain/twin/ownership.ts";
import type { Pod, PodContainer, Termination } from "../../domain/twin/pod.ts";

export const nobodys: Ownership = { workloadId: null, mappedBy: null, userId: null };
export const alices: Ownership = { workloadId: "cbcb208a-0001", mappedBy: "label", userId: "alice" };

/** Midnight, and so many seconds. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();

const ended = (reason: string | null, exitCode: number): Termination => ({ reason, exitCode, finishedAt: at(0) });

export const container = (given: Partial<PodContainer> = {}): PodContainer => ({
  name: "web",
  kind: "app",
  ready: true,
  restartCount: 0,
  state: { kind: "running", startedAt: at(0) },
  lastTermination: null,
  cpuRequestCores: 0.1,
  cpuLimitCores: null,
  memoryRequestBytes: null,
  memoryLimitBytes: 100_000_000,
  ...given,
});
export const waiting = (reason: string | null): PodContainer["state"] => ({ kind: "waiting", reason });
export const terminated = (reason: string | null, exitCode: number): PodContainer["state"] => ({
  kind: "terminated",
  termination: ended(reason, exitCode),
});
export const oomKilled = ended("OOMKilled", 137);

/** A pod of the Deployment app/web, which is ready unless it is said to be otherwise. */
export const pod = (given: Partial<Pod> = {}, ready = true): Pod => ({
  uid: "u1",
  name: "web-5d9c7b8f6d-1",
  namespace: "app",
  labels: { "pod-template-hash": "5d9c7b8f6d" },
  owners: [{ kind: "ReplicaSet", name: "web-5d9c7b8f6d", uid: "rs", labels: {} }],
  node: "node-1",
  ip: "10.42.0.7",
  phase: "Running",
  reason: null,
  conditions: [{ type: "Ready", status: ready ? "True" : "False", reason: null, changedAt: at(0) }],
  containers: [container()],
  createdAt: at(0),
  startedAt: at(0),
  deletionAt: null,
  resourceVersion: "1",
  ...given,
});

export const news = (seq: number, of: Pod, given: Partial<PodNews> = {}): PodNews => ({
  kind: "modified",
  cluster: "kind-1",
  seq,
  observedAt: at(seq),
  pod: of,
  ...given,
});
