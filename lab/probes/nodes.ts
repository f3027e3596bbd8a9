import type { ProbeNode } from "../../domain/probe/model.ts";

/**
 * The lab's nodes: three in two clusters, as in D2.3 §6.3.3. Each is an address of this machine's loopback, on which `npm start` runs a real probe
 * agent: what they measure is real, and of no network but the loopback.
 */
export const labNodes: readonly ProbeNode[] = [
  { cluster: "kind-worker-cluster-1", node: "lab-worker-1", address: "127.0.10.1" },
  { cluster: "kind-worker-cluster-1", node: "lab-worker-2", address: "127.0.10.2" },
  { cluster: "kind-worker-cluster-2", node: "lab-worker-3", address: "127.0.20.1" },
];
