import type { ReachableController } from "../../../domain/controllers.ts";
import type { ProxyRound } from "../../../domain/twin/fuse-round.ts";
import type { Twin } from "../../../domain/twin/model.ts";
import type { ClusterReading } from "../../../domain/twin/reading-of.ts";
import type { Backing } from "../../../state/backing.ts";
import { openPools } from "../../pools.ts";
import type { Asking } from "./http.ts";
import { readNodes, readObjects } from "./cluster.ts";
import { queryProxies, scrapeProxies } from "./proxies.ts";

/** Where twins get what pods do not say of themselves. Only what the operator's list of controllers names is asked. */
export interface TwinSources {
  /** What speaks of a whole cluster. */
  cluster(cluster: string, nodes: readonly string[], asking: Asking): Promise<ClusterReading>;
  /** The proxies of one twin's pods; undefined where nobody has configured a way to them. */
  proxies(twin: Twin, asking: Asking): Promise<ProxyRound | undefined>;
  close(): Promise<void>;
}

const CONNECTIONS = 16;

export function openTwinSources({ controllers }: Pick<Backing, "controllers">): TwinSources {
  const pools = openPools(CONNECTIONS);
  /** A source without a cluster is everybody's: there may be only one. */
  const find = (executioner: string, cluster: string): ReachableController | undefined =>
    controllers.find((source) => source.executioner === executioner && (source.cluster === undefined || source.cluster === cluster));
  return {
    async cluster(cluster, nodes, asking) {
      const [ksm, kubelet] = [find("kube-state-metrics", cluster), find("kubelet", cluster)];
      const [kubeStateMetrics, usage] = await Promise.all([
        ksm === undefined ? undefined : readObjects(ksm, pools, asking),
        kubelet === undefined ? undefined : readNodes(kubelet, pools, nodes, asking),
      ]);
      return { ...(kubeStateMetrics === undefined ? {} : { kubeStateMetrics }), ...(usage === undefined ? {} : { usage }) };
    },
    async proxies(twin, asking) {
      const linkerd = find("linkerd", twin.cluster);
      if (linkerd !== undefined) return scrapeProxies(linkerd, pools, twin, asking);
      const prometheus = find("prometheus", twin.cluster);
      return prometheus === undefined ? undefined : queryProxies(prometheus, pools, twin, asking);
    },
    close: () => pools.close(),
  };
}
