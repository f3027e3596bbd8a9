import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { Ledger, Peer } from "../ledger.ts";
import { uuid5 } from "../uuid.ts";
import { group, kindOf, type Manifest, type Plural } from "./resources.ts";

interface Stored {
  readonly plural: Plural;
  readonly namespace: string;
  readonly manifest: Manifest;
  readonly uid: string;
  readonly createdAtMs: number;
  resourceVersion: number;
  /** Set by whoever plays the operator; absent: it follows from the clock. */
  status?: Readonly<Record<string, unknown>>;
}

export type CustomResource = Readonly<Record<string, unknown>>;

export interface ClusterStore {
  create(plural: Plural, namespace: string, manifest: Manifest): Outcome<CustomResource, "ALREADY_EXISTS">;
  /** Answers the removed object's uid. Finalizers are done at once. */
  remove(plural: Plural, namespace: string, name: string): string | undefined;
  find(plural: Plural, namespace: string, name: string): CustomResource | undefined;
  /** Merged into the status there is. */
  setStatus(plural: Plural, namespace: string, name: string, status: Readonly<Record<string, unknown>>): CustomResource | undefined;
  list(plural: Plural, namespace?: string): { readonly items: readonly CustomResource[]; readonly resourceVersion: number };
  reset(): void;
}

export interface ClusterStoreOptions {
  readonly availableAfterMs: number;
  readonly now: () => number;
}

export function openClusterStore(cluster: string, ledger: Ledger, { availableAfterMs, now }: ClusterStoreOptions): ClusterStore {
  const peer: Peer = `cluster:${cluster}`;
  const objects = new Map<string, Stored>();
  let version = 0;

  const keyOf = (plural: Plural, namespace: string, name: string): string => `${plural}/${namespace}/${name}`;

  function statusOf(stored: Stored): Readonly<Record<string, unknown>> {
    const isAvailable = now() >= stored.createdAtMs + availableAfterMs;
    return { ...defaultStatus(stored, isAvailable), ...stored.status };
  }

  const render = (stored: Stored): CustomResource => ({
    apiVersion: `${group}/v1`,
    kind: kindOf(stored.plural),
    metadata: {
      ...stored.manifest.metadata,
      namespace: stored.namespace,
      uid: stored.uid,
      resourceVersion: String(stored.resourceVersion),
      generation: 1,
      creationTimestamp: `${new Date(stored.createdAtMs).toISOString().slice(0, 19)}Z`,
      finalizers: ["l2sm.operator.io/finalizer"],
    },
    spec: stored.manifest.spec,
    status: statusOf(stored),
  });

  return {
    create(plural, namespace, manifest) {
      const key = keyOf(plural, namespace, manifest.name);
      if (objects.has(key)) return refuse("ALREADY_EXISTS", `${plural}.${group} "${manifest.name}" already exists`);
      version += 1;
      const uid = uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", `${peer}/${key}/${String(version)}`);
      const stored: Stored = { plural, namespace, manifest, uid, createdAtMs: now(), resourceVersion: version };
      objects.set(key, stored);
      ledger.enter(peer, "created", key);
      return ok(render(stored));
    },
    remove(plural, namespace, name) {
      const key = keyOf(plural, namespace, name);
      const stored = objects.get(key);
      if (stored === undefined) return undefined;
      version += 1;
      objects.delete(key);
      ledger.enter(peer, "removed", key);
      return stored.uid;
    },
    find(plural, namespace, name) {
      const stored = objects.get(keyOf(plural, namespace, name));
      return stored === undefined ? undefined : render(stored);
    },
    setStatus(plural, namespace, name, status) {
      const key = keyOf(plural, namespace, name);
      const stored = objects.get(key);
      if (stored === undefined) return undefined;
      const before = JSON.stringify(statusOf(stored));
      stored.status = { ...stored.status, ...status };
      if (JSON.stringify(statusOf(stored)) !== before) {
        version += 1;
        stored.resourceVersion = version;
        ledger.enter(peer, "changed", key, "status");
      }
      return render(stored);
    },
    list(plural, namespace) {
      const found = [...objects.values()].filter((s) => s.plural === plural && (namespace === undefined || s.namespace === namespace));
      return { items: found.map(render), resourceVersion: version };
    },
    reset() {
      objects.clear();
      version = 0;
    },
  };
}

/** What the operator reports once a network's switches and its provider are connected; providerConnectivity only means something with one. */
function defaultStatus(stored: Stored, isAvailable: boolean): Readonly<Record<string, unknown>> {
  const connectivity = isAvailable ? "Available" : "Unavailable";
  switch (stored.plural) {
    case "l2networks":
      return {
        internalConnectivity: connectivity,
        ...("provider" in stored.manifest.spec ? { providerConnectivity: connectivity } : {}),
        connectedPodCount: 0,
      };
    case "networkedgedevices":
      return { availability: connectivity, connectedNeighbors: [] };
    case "overlays":
      return { linkMetrics: [] };
    default:
      return stored.plural satisfies never;
  }
}
