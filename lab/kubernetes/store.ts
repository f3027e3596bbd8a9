import { uuid5 } from "../uuid.ts";
import { type KubernetesObject, type Resource, resources, type StoredObject } from "./resources.ts";

export interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: Resource;
  readonly object: StoredObject;
}

export interface Page {
  readonly items: readonly StoredObject[];
  readonly version: number;
  readonly next?: string;
  readonly remaining: number;
}

export interface KubernetesStore {
  /** Creates or replaces; the name decides which. */
  put(resource: Resource, object: KubernetesObject): StoredObject;
  remove(resource: Resource, name: string, namespace?: string): StoredObject | undefined;
  get(resource: Resource, name: string, namespace?: string): StoredObject | undefined;
  all(resource: Resource): readonly StoredObject[];
  /** The resource version of the newest change. */
  head(): number;
  /** A page of the list as it was at the first page; undefined where that is forgotten. */
  page(resource: Resource, wanted: { readonly limit: number; readonly token?: string }): Page | undefined;
  /** What happened after a version; undefined where that is forgotten. */
  since(version: number): readonly Change[] | undefined;
  /** Forgets what happened, as etcd does every five minutes. */
  compact(): void;
  listen(listener: (change: Change) => void): () => void;
  reset(): void;
}

/** etcd starts at 1; a cluster that has lived a while does not. */
const FIRST_VERSION = 1_000;
const SNAPSHOTS = 64;

const second = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const keyOf = (name: string, namespace = ""): string => `${namespace}/${name}`;

/** Objects under one version counter, as in etcd, with the history that watches resume from. Stored objects are never changed. */
export function openKubernetesStore(cluster: string, now: () => number): KubernetesStore {
  const objects = new Map<Resource, Map<string, StoredObject>>();
  const listeners = new Set<(change: Change) => void>();
  const snapshots = new Map<string, readonly StoredObject[]>();
  let history: Change[] = [];
  let version = FIRST_VERSION;
  let compacted = FIRST_VERSION;

  const of = (resource: Resource): Map<string, StoredObject> => {
    const known = objects.get(resource) ?? new Map<string, StoredObject>();
    objects.set(resource, known);
    return known;
  };

  function happened(change: Change): void {
    history.push(change);
    for (const listener of listeners) listener(change);
  }

  return {
    put(resource, object) {
      version += 1;
      const key = keyOf(object.metadata.name, object.metadata.namespace);
      const before = of(resource).get(key);
      const { apiVersion, kind } = resources[resource];
      const stored: StoredObject = {
        apiVersion,
        kind,
        ...object,
        metadata: {
          ...object.metadata,
          uid: before?.metadata.uid ?? uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", `${cluster}/${resource}/${key}/${String(version)}`),
          creationTimestamp: before?.metadata.creationTimestamp ?? second(now()),
          resourceVersion: String(version),
        },
      };
      of(resource).set(key, stored);
      happened({ version, type: before === undefined ? "ADDED" : "MODIFIED", resource, object: stored });
      return stored;
    },
    remove(resource, name, namespace) {
      const key = keyOf(name, namespace);
      const before = of(resource).get(key);
      if (before === undefined) return undefined;
      version += 1;
      of(resource).delete(key);
      // The last state, under the version of its deletion.
      const object: StoredObject = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
      happened({ version, type: "DELETED", resource, object });
      return object;
    },
    get: (resource, name, namespace) => of(resource).get(keyOf(name, namespace)),
    all: (resource) => [...of(resource).values()],
    head: () => version,
    page(resource, { limit, token }) {
      const at = token === undefined ? { version, start: 0 } : readToken(token);
      const name = `${resource}@${String(at.version)}`;
      const items = token === undefined ? [...of(resource).values()] : snapshots.get(name);
      if (items === undefined || at.version < compacted) return undefined;
      const end = limit === 0 ? items.length : at.start + limit;
      const page = items.slice(at.start, end);
      if (end >= items.length) return { items: page, version: at.version, remaining: 0 };
      if (token === undefined) remember(snapshots, name, items);
      return { items: page, version: at.version, next: writeToken({ version: at.version, start: end }), remaining: items.length - end };
    },
    since: (from) => (from < compacted ? undefined : history.slice(firstAfter(history, from))),
    compact() {
      compacted = version;
      history = [];
      snapshots.clear();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reset() {
      objects.clear();
      snapshots.clear();
      history = [];
      // Versions do not go back: whoever watches from before must be told that it is forgotten.
      version += 1;
      compacted = version;
    },
  };
}

function remember(snapshots: Map<string, readonly StoredObject[]>, name: string, items: readonly StoredObject[]): void {
  const [oldest] = snapshots.keys();
  if (snapshots.size >= SNAPSHOTS && oldest !== undefined) snapshots.delete(oldest);
  snapshots.set(name, items);
}

/** The place of the first change after a version; versions in the history grow. */
function firstAfter(history: readonly Change[], version: number): number {
  let [low, high] = [0, history.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((history[middle]?.version ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Token {
  readonly version: number;
  readonly start: number;
}

const writeToken = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64url");

/** A token that is none leads to a version that is long forgotten. */
function readToken(token: string): Token {
  try {
    const { version, start } = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as Partial<Token>;
    if (Number.isInteger(version) && Number.isInteger(start)) return { version: Number(version), start: Number(start) };
  } catch {
    // Not one of ours.
  }
  return { version: 0, start: 0 };
}
