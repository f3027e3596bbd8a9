import { twinIdOf } from "../../domain/twin/component.ts";
import { type FindOwner, ownersOf, podFrom } from "../../domain/twin/pod-from.ts";
import type { Pod } from "../../domain/twin/pod.ts";
import type { Event } from "../../events/define.ts";
import { PodChanged } from "../../events/pod.ts";
import type { Change } from "../kubernetes/reflector.ts";

/** Events to publish, and what to remember once they are confirmed. */
export interface Told {
  readonly events: readonly Event[];
  readonly told: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

export interface Pods {
  take(changes: readonly Change[]): Told;
  /** One pod of each component that hangs on the owners tells of them anew, where it told otherwise. */
  ownersChanged(uids: readonly string[]): Told;
  seq(): number;
}

interface PodsOptions {
  readonly cluster: string;
  readonly seq: number;
  /** What was told of each pod last, by uid. */
  readonly known: ReadonlyMap<string, Pod>;
  readonly findOwner: FindOwner;
  readonly now: () => Date;
  readonly refused: (uid: string, reason: string) => void;
}

/**
 * Turns changes of pods into pod.changed events. `seq` is the millisecond, or one more than the last where several fall into it: it grows across
 * restarts too, even of a process whose memory is lost.
 */
export function openPods({ cluster, known, findOwner, now, refused, ...options }: PodsOptions): Pods {
  const pods = new Map<string, Pod>();
  /** Pods by the uid of their nearest owner: the pods of one owner have the same chain. */
  const siblings = new Map<string, Set<string>>();
  let { seq } = options;
  for (const pod of known.values()) keep(pod);

  function keep(pod: Pod): void {
    pods.set(pod.uid, pod);
    const [owner] = pod.owners;
    if (owner === undefined) return;
    const those = siblings.get(owner.uid) ?? new Set();
    siblings.set(owner.uid, those.add(pod.uid));
  }

  function drop(uid: string): void {
    const owner = pods.get(uid)?.owners[0]?.uid ?? "";
    const those = siblings.get(owner);
    those?.delete(uid);
    if (those?.size === 0) siblings.delete(owner);
    pods.delete(uid);
  }

  function tell(kind: "added" | "modified" | "deleted", pod: Pod): Event {
    const at = now();
    seq = Math.max(seq + 1, at.getTime());
    return PodChanged.make({
      source: `/clusters/${encodeURIComponent(cluster)}/pod-watch`,
      subject: twinIdOf(cluster, pod),
      id: `${cluster}/${pod.uid}/${String(seq)}`,
      data: { kind, cluster, seq, observedAt: at.toISOString(), pod },
    });
  }

  function deleted(change: Change, before: Pod): Event {
    const last = change.object === undefined ? undefined : podFrom(change.object, findOwner);
    return tell("deleted", last?.ok === true ? last.value : before);
  }

  return {
    take(changes) {
      const events: Event[] = [];
      const told = new Map<string, string>();
      const removed = new Set<string>();
      for (const change of changes) {
        const { kind, uid, object } = change;
        const before = pods.get(uid);
        if (kind === "removed") {
          drop(uid);
          told.delete(uid);
          removed.add(uid);
          if (before !== undefined) events.push(deleted(change, before));
          continue;
        }
        const read = podFrom(object, findOwner);
        if (!read.ok) {
          refused(uid, read.reason);
          continue;
        }
        keep(read.value);
        if (before !== undefined && isSame(before, read.value)) continue;
        told.set(uid, JSON.stringify(read.value));
        removed.delete(uid);
        events.push(tell(before === undefined ? "added" : "modified", read.value));
      }
      return { events, told, removed: [...removed] };
    },
    ownersChanged(uids) {
      const changed = new Set(uids);
      const events: Event[] = [];
      const told = new Map<string, string>();
      const done = new Set<string>();
      for (const [uid] of siblings.values()) {
        const pod = pods.get(uid ?? "");
        const [first] = pod?.owners ?? [];
        if (pod === undefined || first === undefined) continue;
        const owners = ownersOf(first, pod.namespace, findOwner);
        if (!owners.some((owner) => changed.has(owner.uid))) continue;
        const after = { ...pod, owners };
        const twin = twinIdOf(cluster, after);
        if (done.has(twin) || isSame(pod, after)) continue;
        done.add(twin);
        keep(after);
        told.set(pod.uid, JSON.stringify(after));
        events.push(tell("modified", after));
      }
      return { events, told, removed: [] };
    },
    seq: () => seq,
  };
}

/** A change of what no twin looks at, as an annotation, is none. */
const isSame = (before: Pod, after: Pod): boolean =>
  JSON.stringify({ ...before, resourceVersion: "" }) === JSON.stringify({ ...after, resourceVersion: "" });
