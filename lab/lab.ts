import type { Controller } from "../domain/controllers.ts";
import { startCluster } from "./cluster/server.ts";
import { startControl } from "./control.ts";
import { type Faults, openFaults } from "./faults.ts";
import { startL2sm } from "./l2sm/server.ts";
import type { ProtoPackage } from "./l2sm/messages.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { startTfs, type TfsOptions } from "./tfs/server.ts";

export interface LabCluster {
  readonly name: string;
  /** As intents write its API. */
  readonly origin: string;
  /** The only bearer token it takes; absent: any that is not empty. */
  readonly token?: string;
  readonly availableAfterMs?: number;
}

export interface LabOptions {
  /** What every call that changes something on TeraFlowSDN or L2S-M waits first. */
  readonly delayMs?: number;
  readonly tfs?: Omit<TfsOptions, "now">;
  readonly l2sm?: { readonly packages?: readonly ProtoPackage[] };
  readonly clusters?: readonly LabCluster[];
  readonly now?: () => number;
}

export interface Lab {
  /** What a host needs to be given to reach the simulators under the origins that intents write. */
  readonly controllers: readonly Controller[];
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly controlAddress: URL;
  /** Everything as after the start; the delay that the lab was started with stays. */
  reset(): void;
  close(): Promise<void>;
}

/** D2.3's addresses: annex 9.1 for TeraFlowSDN, annex 9.2 for the clusters. */
const controllerOrigin = "http://192.168.165.10";
const defaultClusters: readonly LabCluster[] = [
  { name: "kind-worker-cluster-1", origin: "https://172.18.0.3:6443" },
  { name: "kind-worker-cluster-2", origin: "https://172.18.0.4:6443" },
];

/** All simulators on ephemeral ports of the loopback interface. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const now = options.now ?? Date.now;
  const ledger = openLedger(now);
  const faults = openFaults();
  const declareDelay = (): void => {
    if (options.delayMs === undefined || options.delayMs === 0) return;
    for (const peer of ["tfs", "l2sm-md"]) faults.add({ kind: "delay", peer, operation: "mutating", delayMs: options.delayMs });
  };
  declareDelay();

  const asked = options.clusters ?? defaultClusters;
  const clusters = await Promise.all(
    asked.map(async ({ origin, ...cluster }) => ({ origin, simulator: await startCluster(ledger, faults, { ...cluster, now }) })),
  );
  const tfs = await startTfs(ledger, faults, { ...options.tfs, now });
  const addresses = new Map(clusters.map(({ origin, simulator }) => [new URL(origin).origin, simulator.address]));
  const l2sm = await startL2sm(ledger, faults, { ...options.l2sm, clusters: addresses });

  const controllers: readonly Controller[] = [
    { executioner: "tfs", origin: controllerOrigin, connect: tfs.address.origin },
    { executioner: "l2sm", origin: controllerOrigin, connect: l2sm.address.origin },
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
    for (const { simulator } of clusters) simulator.reset();
  };
  const control = await startControl(ledger, faults, { controllers, reset });
  return {
    controllers,
    ledger,
    faults,
    controlAddress: control.address,
    reset,
    async close() {
      await l2sm.close(); // first: it calls the clusters
      await Promise.all([tfs.close(), control.close(), ...clusters.map(({ simulator }) => simulator.close())]);
    },
  };
}
