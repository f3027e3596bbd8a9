import type { Controller } from "../domain/controllers.ts";
import type { Generation } from "./cluster/resources.ts";
import { startCluster } from "./cluster/server.ts";
import { startControl } from "./control.ts";
import { type Faults, openFaults } from "./faults.ts";
import { dataflowsPath } from "./fiveg/dataflows.ts";
import { type FivegOptions, type FivegSimulator, startFiveg } from "./fiveg/server.ts";
import { live } from "./kubernetes/living.ts";
import { type KubernetesSimulator, startKubernetes } from "./kubernetes/server.ts";
import { startL2sm } from "./l2sm/server.ts";
import type { ProtoPackage } from "./l2sm/messages.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { type MetricsSimulator, startMetrics } from "./metrics/server.ts";
import { type NscOptions, startNsc } from "./nsc/server.ts";
import { type PeeringOptions, startPeering } from "./peering/server.ts";
import { startRestconf } from "./restconf/server.ts";
import { startTfs, type TfsOptions } from "./tfs/server.ts";

export interface LabCluster {
  readonly name: string;
  /** As intents write its API. */
  readonly origin: string;
  /** The only bearer token it takes; absent: any that is not empty. */
  readonly token?: string;
  readonly availableAfterMs?: number;
  readonly generation?: Generation;
}

export interface LabOptions {
  /** What every call that changes something on TeraFlowSDN or L2S-M waits first. */
  readonly delayMs?: number;
  readonly tfs?: Omit<TfsOptions, "now">;
  readonly l2sm?: { readonly packages?: readonly ProtoPackage[] };
  readonly nsc?: Omit<NscOptions, "now">;
  readonly peering?: Omit<PeeringOptions, "now" | "oauth">;
  readonly fiveg?: Omit<FivegOptions, "now" | "oauth">;
  readonly clusters?: readonly LabCluster[];
  /** A cluster whose pods may be watched; absent: none. Alive: it has workloads, which come up and restart now and again. */
  readonly kubernetes?: { readonly isAlive?: boolean };
  readonly now?: () => number;
}

export interface Lab {
  /** What a host needs to be given to reach the simulators under the origins that intents write. */
  readonly controllers: readonly Controller[];
  readonly kubernetes?: KubernetesSimulator;
  /** What its proxies, kubelets and kube-state-metrics say. */
  readonly metrics?: MetricsSimulator;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly controlAddress: URL;
  readonly fiveg: Pick<FivegSimulator, "notify">;
  /** Everything as after the start; the delay that the lab was started with stays. */
  reset(): void;
  close(): Promise<void>;
}

/** D2.3's addresses: annex 9.1 for TeraFlowSDN, annex 9.2 for the clusters. */
const controllerOrigin = "http://192.168.165.10";
/** D2.3 names no Peering API, and no public one exists. */
const peeringOrigin = "https://peering.example.net";
/** D2.3 names no network slice controller; TeraFlowSDN's slices are at TeraFlowSDN. */
const nscOrigin = "https://nsc.example.net";
/** D2.3 names no address of a 5G core either. Its subscribers are those of the test network 001/01. */
const nefOrigin = "https://nef.example";
const subscribers = { "imsi-001010000000001": "10.45.0.7", "imsi-001010000000002": "10.45.0.8" };
/** The same core, asked for Cumucore's own dataflows. */
const dataflowOrigin = "https://cumucore.example";
const restconfOrigin = "https://router.example.net";
const restconfRoots = ["ietf-interfaces:interfaces", "ietf-system:system/contact"];
const defaultClusters: readonly LabCluster[] = [
  { name: "kind-worker-cluster-1", origin: "https://172.18.0.3:6443" },
  { name: "kind-worker-cluster-2", origin: "https://172.18.0.4:6443" },
];

/** Where the pods are that are watched; D2.3 runs its twins in a kind cluster of one name with it (4.2.2.1). */
const watchedCluster = { name: "kind-kind", origin: "https://172.18.0.2:6443" };
/** All simulators on ephemeral ports of the loopback interface. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const now = options.now ?? Date.now;
  const ledger = openLedger(now);
  const faults = openFaults();
  const declareDelay = (): void => {
    if (options.delayMs === undefined || options.delayMs === 0) return;
    for (const peer of ["tfs", "l2sm-md", "nsc", "peering", "nef", "restconf"])
      faults.add({ kind: "delay", peer, operation: "mutating", delayMs: options.delayMs });
  };
  declareDelay();

  const asked = options.clusters ?? defaultClusters;
  const clusters = await Promise.all(
    asked.map(async ({ origin, ...cluster }) => ({ origin, simulator: await startCluster(ledger, faults, { ...cluster, now }) })),
  );
  const tfs = await startTfs(ledger, faults, { ...options.tfs, now });
  const addresses = new Map(clusters.map(({ origin, simulator }) => [new URL(origin).origin, simulator.address]));
  const l2sm = await startL2sm(ledger, faults, { ...options.l2sm, clusters: addresses });
  const nsc = await startNsc(ledger, faults, { ...options.nsc, now });
  const peering = await startPeering(ledger, faults, { ...options.peering, now });
  const restconf = await startRestconf(ledger, faults);
  const fiveg = await startFiveg(ledger, faults, { ...options.fiveg, now });

  const kubernetes =
    options.kubernetes === undefined ? undefined : await startKubernetes(ledger, faults, { name: watchedCluster.name, now });
  const breathe = () => (kubernetes !== undefined && options.kubernetes?.isAlive === true ? live(kubernetes.world) : undefined);
  let life = breathe();
  const metrics =
    kubernetes === undefined
      ? undefined
      : await startMetrics(ledger, faults, { pods: kubernetes.world.pods, isAlive: options.kubernetes?.isAlive === true, now });

  const controllers: readonly Controller[] = [
    { executioner: "tfs", origin: controllerOrigin, connect: tfs.address.origin },
    { executioner: "l2sm", origin: controllerOrigin, connect: l2sm.address.origin },
    { executioner: "nsc", origin: nscOrigin, connect: nsc.rfc9543.origin, face: "rfc9543" },
    { executioner: "nsc", origin: controllerOrigin, connect: nsc.tfsSlice.origin, face: "tfs-slice" },
    {
      executioner: "peering",
      origin: peeringOrigin,
      connect: peering.address.href,
      ...(options.peering?.dialect === undefined ? {} : { dialect: options.peering.dialect }),
      ...(options.peering?.sessionsBody === "object" ? { sessionsBody: "object" as const } : {}),
    },
    { executioner: "5g", origin: nefOrigin, connect: fiveg.address.origin, ues: subscribers },
    { executioner: "5g", origin: dataflowOrigin, connect: fiveg.address.origin, exposure: "cumucore", dataflows: dataflowsPath },
    { executioner: "restconf", origin: restconfOrigin, connect: restconf.address.href, roots: restconfRoots },
    ...(kubernetes === undefined
      ? []
      : [{ executioner: "kubernetes", origin: watchedCluster.origin, connect: kubernetes.address.origin, cluster: watchedCluster.name }]),
    ...(metrics === undefined
      ? []
      : ["linkerd", "kubelet", "kube-state-metrics"].map((executioner) => ({
          executioner,
          origin: watchedCluster.origin,
          connect: metrics.address.origin,
          cluster: watchedCluster.name,
        }))),
    ...clusters.map(({ origin, simulator }) => ({
      executioner: "cluster",
      origin: new URL(origin).origin,
      connect: simulator.address.origin,
    })),
  ];
  const reset = (): void => {
    ledger.reset();
    faults.clear();
    declareDelay();
    tfs.reset();
    nsc.reset();
    peering.reset();
    fiveg.reset();
    restconf.reset();
    for (const { simulator } of clusters) simulator.reset();
    life?.stop();
    kubernetes?.reset();
    metrics?.reset();
    life = breathe();
  };
  const control = await startControl(ledger, faults, { controllers, reset });
  return {
    controllers,
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(metrics === undefined ? {} : { metrics }),
    ledger,
    faults,
    controlAddress: control.address,
    fiveg,
    reset,
    async close() {
      life?.stop();
      await l2sm.close(); // first: it calls the clusters
      await Promise.all([
        tfs.close(),
        nsc.close(),
        peering.close(),
        fiveg.close(),
        restconf.close(),
        control.close(),
        kubernetes?.close(),
        metrics?.close(),
        ...clusters.map(({ simulator }) => simulator.close()),
      ]);
    },
  };
}
