import type { ReachableController } from "../../domain/controllers.ts";
import type { Event } from "../../events/define.ts";
import type { Logger } from "../../runtime/log.ts";
import type { WatchPositions } from "../../state/watch-positions.ts";
import type { PodWatch } from "./watch.ts";

interface ClusterParts {
  readonly controllers: readonly ReachableController[];
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly positions: WatchPositions;
  readonly log: Logger;
}

/**
 * Watches every cluster that the operator's file has a `kubernetes` controller for, in this process. A deployment has one process a cluster
 * instead: main.ts.
 */
export function watchClusters({ controllers, publish, positions, log }: ClusterParts): { stop(): Promise<void> } {
  const wanted = controllers.filter(({ executioner }) => executioner === "kubernetes");
  const watches = wanted.length === 0 ? Promise.resolve([]) : open();

  // The Kubernetes client takes a third of a second to load and 80 MB: who watches no cluster does not pay for it.
  async function open(): Promise<readonly PodWatch[]> {
    const [{ configOf, openKubernetes }, { startPodWatch }] = await Promise.all([import("../kubernetes/api.ts"), import("./watch.ts")]);
    return wanted.map(({ cluster, origin, address, token, ca }) => {
      const api = openKubernetes(
        configOf({ server: address, ...(token === undefined ? {} : { token }), ...(ca === undefined ? {} : { ca }) }),
      );
      const watch = startPodWatch({ cluster: cluster ?? new URL(origin).hostname, api, publish, positions, log });
      watch.ended.catch((error: unknown) => log.error({ err: error, cluster }, "the watch of a cluster has ended"));
      return watch;
    });
  }

  watches.catch((error: unknown) => log.error({ err: error }, "clusters are not watched"));
  return {
    async stop() {
      for (const watch of await watches.catch(() => [])) await watch.stop();
    },
  };
}
