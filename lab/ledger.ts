/** Who had an effect: `cluster:<name>` is the Kubernetes API of a managed cluster. */
export type Peer = "tfs" | "l2sm-md" | "nsc" | "peering" | "nef" | "restconf" | "metrics" | `cluster:${string}`;

/** One true change of a simulator's state. A request that leaves everything as it was enters none, a read never does. */
export interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly peer: Peer;
  readonly effect: "created" | "changed" | "removed";
  /** Such as `service/new_intent_2-1` or `l2networks/default/spain-network`. */
  readonly object: string;
  /** For people. Whoever writes it leaves credentials out. */
  readonly detail?: string;
}

export interface InventoryItem {
  readonly peer: Peer;
  readonly object: string;
}

export interface Counters {
  /** By peer, then by operation: every request that arrived, whatever became of it. */
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How often a peer died of a request. */
  readonly crashes: Readonly<Record<string, number>>;
}

export interface Ledger {
  enter(peer: Peer, effect: Entry["effect"], object: string, detail?: string): void;
  requested(peer: Peer, operation: string): void;
  crashed(peer: Peer): void;
  entries(): readonly Entry[];
  /** What exists now, in the order of creation; drawn from the entries, so it can be compared with what a simulator answers. */
  objects(): readonly InventoryItem[];
  counters(): Counters;
  reset(): void;
}

/** Kept by the simulators themselves, so that what a client believes to have done can be compared with what was done. */
export function openLedger(now: () => number = Date.now): Ledger {
  const entries: Entry[] = [];
  const inventory = new Map<string, InventoryItem>();
  const requests = new Map<Peer, Map<string, number>>();
  const crashes = new Map<Peer, number>();

  return {
    enter(peer, effect, object, detail) {
      const entry: Entry = { seq: entries.length + 1, at: new Date(now()).toISOString(), peer, effect, object };
      entries.push(detail === undefined ? entry : { ...entry, detail });
      const key = `${peer} ${object}`;
      if (effect === "removed") inventory.delete(key);
      else if (!inventory.has(key)) inventory.set(key, { peer, object });
    },
    requested(peer, operation) {
      let ofPeer = requests.get(peer);
      if (ofPeer === undefined) requests.set(peer, (ofPeer = new Map<string, number>()));
      ofPeer.set(operation, (ofPeer.get(operation) ?? 0) + 1);
    },
    crashed(peer) {
      crashes.set(peer, (crashes.get(peer) ?? 0) + 1);
    },
    entries: () => entries.slice(),
    objects: () => [...inventory.values()],
    counters: () => ({
      requests: Object.fromEntries([...requests].map(([peer, operations]) => [peer, Object.fromEntries(operations)])),
      crashes: Object.fromEntries(crashes),
    }),
    reset() {
      entries.length = 0;
      inventory.clear();
      requests.clear();
      crashes.clear();
    },
  };
}
