import { setTimeout as sleep } from "node:timers/promises";
import { type KubernetesApi, type RawObject, StatusError } from "./api.ts";
import { type Backoff, openBackoff } from "./backoff.ts";
import { SilenceError, watchFrom } from "./watch.ts";

/** One resource of the API, as `/api/v1/pods`. */
export interface Reflected {
  readonly path: string;
  readonly labelSelector?: string;
}

/** `uid` is the object's identity; a name may come again. A removal that nobody watched has no object. */
export type Change =
  | { readonly kind: "added" | "changed"; readonly uid: string; readonly object: RawObject }
  | { readonly kind: "removed"; readonly uid: string; readonly object: RawObject | undefined };

export interface Batch {
  readonly changes: readonly Change[];
  /** Where a watch may go on once the changes are dealt with. Absent in the middle of a list: there is no such place. */
  readonly resourceVersion?: string;
}

/** Where an earlier life got to: what it told of every object, and the place up to which it told everything. */
export interface Position {
  readonly resourceVersion?: string | undefined;
  /** uid to resourceVersion. */
  readonly known: ReadonlyMap<string, string>;
}

export interface ReflectorOptions {
  readonly signal: AbortSignal;
  readonly log: Readonly<Record<"info" | "warn", (fields: object, phrase: string) => void>>;
  /** Objects in a page of a list. */
  readonly pageSize?: number;
  /** How long one watch lasts at least; up to twice as long, so that many watches do not end together. */
  readonly watchS?: number;
  /** Without a line for so long a watch may be dead, or its resource quiet: it is begun anew. No bookmark has to come where nothing happens. */
  readonly silenceMs?: number;
  readonly backoff?: Backoff;
  readonly chance?: () => number;
  /** Objects that may wait for whoever reads. */
  readonly room?: number;
}

/** Only a new list helps: the server has forgotten what came after the place, or has not come to it. */
const isForgotten = (error: unknown): boolean => error instanceof StatusError && error.status === 410;

/** Versions of one resource are numbers that grow (KEP-5504); of what is no number nothing is said. */
const isAhead = (place: string, head: string): boolean => /^\d+$/.test(place) && /^\d+$/.test(head) && BigInt(place) > BigInt(head);

/**
 * Lists and watches one resource for ever, and yields every change once, in the order of the API server: the part that client-go's reflector
 * plays. Asking for the next batch says that the last one is dealt with. Objects are told apart by uid and changes by resourceVersion, so that a
 * second list tells only what is new; what is not in it any more was removed meanwhile.
 */
export async function* reflect(
  api: KubernetesApi,
  reflected: Reflected,
  position: Position,
  { signal, log, pageSize = 500, watchS = 240, silenceMs = 150_000, room = 1_000, ...options }: ReflectorOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { path, labelSelector } = reflected;
  const { chance = Math.random } = options;
  const backoff = options.backoff ?? openBackoff({ firstMs: 500, lastMs: 30_000, chance });
  const known = new Map(position.known);
  let { resourceVersion } = position;
  /** Whether the server itself has named the place lately. */
  let isSure = false;

  function told(object: RawObject): Change | undefined {
    const { uid, resourceVersion: version } = object.metadata;
    const before = known.get(uid);
    if (before === version) return undefined;
    known.set(uid, version);
    return { kind: before === undefined ? "added" : "changed", uid, object };
  }

  const removed = (object: RawObject): Change | undefined =>
    known.delete(object.metadata.uid) ? { kind: "removed", uid: object.metadata.uid, object } : undefined;

  async function* list(): AsyncGenerator<Batch, void, undefined> {
    const gone = new Set(known.keys());
    let next: string | undefined;
    do {
      const page = await api.list(path, { limit: pageSize, continue: next, labelSelector }, signal);
      for (const { metadata } of page.items) gone.delete(metadata.uid);
      const changes = page.items.flatMap((object) => told(object) ?? []);
      ({ next } = page);
      if (next !== undefined) {
        if (changes.length > 0) yield { changes };
        continue;
      }
      for (const uid of gone) known.delete(uid);
      ({ resourceVersion } = page);
      yield { changes: [...changes, ...[...gone].map((uid): Change => ({ kind: "removed", uid, object: undefined }))], resourceVersion };
    } while (next !== undefined);
  }

  async function* watch(from: string): AsyncGenerator<Batch, void, undefined> {
    const timeoutS = Math.ceil(watchS * (1 + chance()));
    for await (const batch of watchFrom(api, { path, labelSelector, resourceVersion: from }, { signal, timeoutS, silenceMs, room })) {
      const changes = batch.objects.flatMap(({ type, object }) => (type === "DELETED" ? removed(object) : told(object)) ?? []);
      ({ resourceVersion } = batch);
      backoff.reset();
      yield { changes, resourceVersion };
    }
  }

  /**
   * Asks whether the server has come to a place at all. A watch does not tell: from a place that is yet to come it is answered 200 and hears nothing, of
   * a restored etcd for as long as that takes to get there again. Nor does a list that must not be older than the place: it is answered 504 where
   * nothing has happened to the resource, too.
   */
  async function* confirm(place: string): AsyncGenerator<Batch, void, undefined> {
    const { resourceVersion: head } = await api.list(path, { limit: 1, labelSelector }, signal);
    if (isAhead(place, head)) throw new StatusError(410, `the server is at ${head}, and has not come to ${place}`);
    isSure = true;
    yield { changes: [], resourceVersion: place };
  }

  while (!signal.aborted) {
    let isAlive = false;
    try {
      if (resourceVersion !== undefined && !isSure) yield* confirm(resourceVersion);
      for await (const batch of resourceVersion === undefined ? list() : watch(resourceVersion)) {
        isAlive = true;
        isSure = batch.resourceVersion !== undefined;
        yield batch;
      }
      isSure &&= isAlive;
    } catch (error) {
      if (signal.aborted) return;
      isSure = false;
      if (error instanceof SilenceError) continue; // it has waited long enough, and mostly there was nothing to say
      const forgotten = isForgotten(error);
      if (forgotten) resourceVersion = undefined;
      isAlive = false;
      const reason = error instanceof Error ? error.message : String(error);
      log[forgotten ? "info" : "warn"]({ path, reason }, resourceVersion === undefined ? "listing again" : "watching again");
    }
    // A server that ends every watch at once must not be asked without end; one that ended it at its time may be at once.
    if (!isAlive) await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
  }
}
