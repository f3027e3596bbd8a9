import { z } from "zod";
import type { Event } from "../../events/define.ts";
import { NodeChanged } from "../../events/node.ts";
import type { Change } from "../kubernetes/reflector.ts";
import type { Told } from "./pods.ts";

const Raw = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  status: z
    .object({
      addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .default({ addresses: [], conditions: [] }),
});

const Known = NodeChanged.data;
type Known = z.infer<typeof Known>;

/** Turns changes of nodes into node.changed events. A kubelet's heartbeat, which changes nothing that is told, is none. */
export function openNodes({ cluster, known }: { readonly cluster: string; readonly known: ReadonlyMap<string, string> }): {
  take(changes: readonly Change[]): Told;
} {
  const nodes = new Map([...known].map(([uid, text]) => [uid, JSON.parse(text) as Known]));

  const tell = (data: Known): Event =>
    NodeChanged.make({
      source: `/clusters/${encodeURIComponent(cluster)}/pod-watch`,
      subject: `${cluster}/${data.name}`,
      id: [cluster, data.uid, data.resourceVersion, ...(data.kind === "removed" ? ["removed"] : [])].join("/"),
      data,
    });

  return {
    take(changes) {
      const events: Event[] = [];
      const told = new Map<string, string>();
      const removed = new Set<string>();
      for (const { kind, uid, object } of changes) {
        const before = nodes.get(uid);
        const after = nodeOf(cluster, object);
        if (kind === "removed") {
          nodes.delete(uid);
          told.delete(uid);
          removed.add(uid);
          const last = after ?? before;
          if (last !== undefined) events.push(tell({ ...last, kind }));
        } else if (after !== undefined && !isSame(before, after)) {
          const data = { ...after, kind };
          nodes.set(uid, data);
          told.set(uid, JSON.stringify(data));
          removed.delete(uid);
          events.push(tell(data));
        }
      }
      return { events, told, removed: [...removed] };
    },
  };
}

function nodeOf(cluster: string, object: unknown): Omit<Known, "kind"> | undefined {
  const read = Raw.safeParse(object);
  if (!read.success) return undefined;
  const { metadata, status } = read.data;
  const ready = status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
  return { cluster, ...metadata, addresses: status.addresses, ready };
}

function isSame(before: Known | undefined, after: Omit<Known, "kind">): boolean {
  const told = ({ name, addresses, ready, labels }: Omit<Known, "kind">): string => JSON.stringify([name, addresses, ready, labels]);
  return before !== undefined && told(before) === told(after);
}
