import { setTimeout as sleep } from "node:timers/promises";
import { Pod } from "../../domain/twin/pod.ts";
import type { Event } from "../../events/define.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Logger } from "../../runtime/log.ts";
import type { WatchPosition, WatchPositions } from "../../state/watch-positions.ts";
import type { KubernetesApi } from "../kubernetes/api.ts";
import { openBackoff } from "../kubernetes/backoff.ts";
import { type Batch, type Position, reflect, type ReflectorOptions } from "../kubernetes/reflector.ts";
import { openNodes } from "./nodes.ts";
import { openOwners, type OwnerResource, ownerResources } from "./owners.ts";
import { openPods, type Told } from "./pods.ts";

interface PodWatchParts {
  /** By the name that twins have. */
  readonly cluster: string;
  readonly api: KubernetesApi;
  /** Resolves when the broker has confirmed all of them. */
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly positions: WatchPositions;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Nodes, and nothing that takes more rights; absent: pods and their owners too. */
  readonly only?: "nodes" | undefined;
  readonly now?: () => Date;
  readonly reflector?: Omit<Partial<ReflectorOptions>, "signal" | "log">;
}

export interface PodWatch {
  /** True once everything that was there at the start was told, or had been by an earlier life: readiness. */
  isUpToDate(): boolean;
  /** How long ago the API server last said anything of pods or of nodes, whichever is longer: the only sign of a dead watch in a quiet cluster. */
  silenceMs(): number;
  /** Lets what is being published be confirmed first. */
  stop(): Promise<void>;
  /** Resolves when it was stopped; rejects on a fault that no further try helps. */
  readonly ended: Promise<void>;
}

export const paths: Readonly<Record<OwnerResource | "pods" | "nodes", string>> = {
  pods: "/api/v1/pods",
  nodes: "/api/v1/nodes",
  replicasets: "/apis/apps/v1/replicasets",
  deployments: "/apis/apps/v1/deployments",
  statefulsets: "/apis/apps/v1/statefulsets",
  daemonsets: "/apis/apps/v1/daemonsets",
};

const nowhere: Position = { known: new Map() };

/**
 * Tells of every change of a cluster's pods and nodes, at least once. A position moves on when the broker has confirmed what came before it, so
 * that a restart, of this or of anything on the way, tells again rather than not at all.
 */
export function startPodWatch(parts: PodWatchParts): PodWatch {
  const { cluster, api, publish, positions, log, only, now = () => new Date(), reflector = {} } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  const current = new Set<string>();
  const heardAtMs = { pods: now().getTime(), nodes: now().getTime() };
  const inTurn = openTurns();
  const owners = openOwners();

  const batchesOf = (resource: keyof typeof paths, position: Position): AsyncIterable<Batch> =>
    reflect(api, { path: paths[resource] }, position, { ...reflector, signal, log });

  /** Until it is done: what waits behind it waits in the API server. */
  async function persistently(act: () => Promise<void>, phrase: string): Promise<void> {
    const backoff = openBackoff({ firstMs: 100, lastMs: 10_000 });
    for (;;)
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof TransientError) || signal.aborted) throw error;
        log.warn({ cluster, code: error.code }, phrase);
        await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
  }

  async function tell(
    resource: "pods" | "nodes",
    { events, told, removed }: Told,
    place: { seq: number; resourceVersion?: string | undefined },
  ) {
    if (events.length > 0) await persistently(() => publish(events), "publishing again");
    await persistently(() => positions.save(cluster, resource, { ...place, told, removed }), "keeping the position again");
  }

  async function watchNodes(): Promise<void> {
    const { objects, resourceVersion } = await positions.load(cluster, "nodes");
    if (resourceVersion !== undefined) current.add("nodes");
    const nodes = openNodes({ cluster, known: objects });
    for await (const batch of batchesOf("nodes", { resourceVersion, known: versionsIn(objects) })) {
      heardAtMs.nodes = now().getTime();
      await inTurn(() => tell("nodes", nodes.take(batch.changes), { seq: 0, resourceVersion: batch.resourceVersion }));
      if (batch.resourceVersion !== undefined) current.add("nodes");
    }
  }

  async function watchPods(): Promise<void> {
    const { objects, resourceVersion, seq } = await positions.load(cluster, "pods");
    if (resourceVersion !== undefined) current.add("pods");
    const known = new Map([...objects].map(([uid, text]) => [uid, Pod.parse(JSON.parse(text))]));
    const refused = (uid: string, reason: string): void => log.warn({ cluster, uid, reason }, "pod left out");
    const pods = openPods({ cluster, seq, known, findOwner: owners.find, now, refused });
    const watching = await watchOwners((uids) => inTurn(() => tell("pods", pods.ownersChanged(uids), { seq: pods.seq() })));
    const telling = async (): Promise<void> => {
      for await (const batch of batchesOf("pods", { resourceVersion, known: versionsIn(objects) })) {
        heardAtMs.pods = now().getTime();
        await inTurn(() => tell("pods", pods.take(batch.changes), { seq: pods.seq(), resourceVersion: batch.resourceVersion }));
        if (batch.resourceVersion !== undefined) current.add("pods");
      }
    };
    await Promise.all([watching.ended, telling()]);
  }

  /** Resolves when all owners are known: a chain that is not whole yet must not be told as if it had changed. */
  async function watchOwners(changed: (uids: readonly string[]) => Promise<void>): Promise<{ readonly ended: Promise<unknown> }> {
    const early = new Set<string>();
    let areListed = false;
    const watchOne = async (resource: OwnerResource, listed: () => void): Promise<void> => {
      for await (const { changes, resourceVersion } of batchesOf(resource, nowhere)) {
        const uids = owners.take(changes);
        if (!areListed) for (const uid of uids) early.add(uid);
        else if (uids.length > 0) await changed(uids);
        if (resourceVersion !== undefined) listed();
      }
    };
    const watches = ownerResources.map((resource) => {
      const { promise: listed, resolve } = Promise.withResolvers<void>();
      return { listed, ended: watchOne(resource, resolve).finally(resolve) };
    });
    const ended = Promise.all(watches.map((watch) => watch.ended));
    await Promise.race([Promise.all(watches.map((watch) => watch.listed)), ended]);
    areListed = true;
    if (!signal.aborted) await changed([...early]);
    return { ended };
  }

  const watched: readonly ("pods" | "nodes")[] = only === undefined ? ["pods", "nodes"] : [only];
  const ended = Promise.all(watched.map((resource) => (resource === "pods" ? watchPods() : watchNodes())))
    .then(() => undefined)
    .catch((error: unknown) => {
      if (signal.aborted) return;
      stop.abort();
      throw error;
    });
  return {
    isUpToDate: () => watched.every((resource) => current.has(resource)),
    silenceMs: () => now().getTime() - Math.min(...watched.map((resource) => heardAtMs[resource])),
    ended,
    async stop() {
      stop.abort();
      await ended.catch(() => undefined);
    },
  };
}

/** One after the other, in the order of the asking: the numbers of changes must leave in their order. */
function openTurns(): (act: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (act) => {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  };
}

const versionsIn = (objects: WatchPosition["objects"]): ReadonlyMap<string, string> =>
  new Map([...objects].map(([uid, text]) => [uid, (JSON.parse(text) as { resourceVersion: string }).resourceVersion]));
