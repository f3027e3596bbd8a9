import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Disruption } from "../faults.ts";
import { type Resource, resources } from "./resources.ts";
import type { Change, KubernetesStore } from "./store.ts";

export interface WatchAsked {
  readonly resource: Resource;
  readonly namespace?: string;
  /** The version to go on after; absent: begin with what is there. Before one that is yet to come nothing is said, as by the real server. */
  readonly after?: number;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
}

export interface Watches {
  /** A disruption strikes at the first event: the watch breaks, or falls silent without a word. */
  serve(raw: ServerResponse, asked: WatchAsked, disruption?: Disruption): void;
  /** Breaks every open watch in the middle: the client sees ECONNRESET. */
  disconnect(): void;
  /** Open watches send nothing any more, and stay open. */
  stall(): void;
  open(): number;
}

/** A client that does not read is cut off, as an API server does. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

/** Watches as the API server serves them: one JSON object a line, in the order of the versions. */
export function openWatches(store: KubernetesStore, bookmarkEveryMs: number): Watches {
  const open = new Set<{ readonly socket: Socket | null; stalled: boolean }>();
  const lines = new WeakMap<Change, string>();

  const lineOf = (change: Change): string => {
    const line = lines.get(change) ?? `${JSON.stringify({ type: change.type, object: change.object })}\n`;
    lines.set(change, line);
    return line;
  };

  function serve(raw: ServerResponse, { resource, namespace, after, bookmarks, timeoutMs }: WatchAsked, disruption?: Disruption): void {
    const watch = { socket: raw.socket, stalled: false };
    raw.writeHead(200, { "content-type": "application/json" });
    raw.flushHeaders();
    const say = (line: string): void => {
      if (watch.stalled || raw.writableEnded) return;
      raw.write(line);
      if (raw.writableLength > MAX_BUFFERED_BYTES) raw.destroy();
    };
    const strike = (): void => {
      if (disruption?.kind === "destroy") setImmediate(() => watch.socket?.resetAndDestroy());
      if (disruption?.kind === "hang") watch.stalled = true;
    };
    const isWanted = (change: Change): boolean =>
      change.resource === resource &&
      change.version > (after ?? 0) &&
      (namespace === undefined || change.object.metadata.namespace === namespace);
    const tell = (change: Change): void => {
      if (!isWanted(change)) return;
      say(lineOf(change));
      strike();
    };

    const missed = after === undefined ? initial(store, resource) : store.since(after);
    if (missed === undefined) {
      say(`${JSON.stringify({ type: "ERROR", object: expired(after ?? 0, store.head()) })}\n`);
      raw.end();
      return;
    }
    for (const change of missed) tell(change);

    open.add(watch);
    const quiet = store.listen(tell);
    const { apiVersion, kind } = resources[resource];
    const bookmark = (): void => {
      if (store.head() < (after ?? 0)) return;
      const metadata = { resourceVersion: String(store.head()), creationTimestamp: null };
      say(`${JSON.stringify({ type: "BOOKMARK", object: { kind, apiVersion, metadata } })}\n`);
    };
    const beat = bookmarks ? setInterval(bookmark, bookmarkEveryMs) : undefined;
    const end = setTimeout(() => {
      if (!watch.stalled) raw.end();
    }, timeoutMs);
    beat?.unref();
    end.unref();
    raw.on("close", () => {
      open.delete(watch);
      quiet();
      clearInterval(beat);
      clearTimeout(end);
    });
  }

  return {
    serve,
    disconnect() {
      for (const { socket } of open) socket?.resetAndDestroy();
    },
    stall() {
      for (const watch of open) watch.stalled = true;
    },
    open: () => open.size,
  };
}

const initial = (store: KubernetesStore, resource: Resource): readonly Change[] =>
  store.all(resource).map((object): Change => ({ version: Number(object.metadata.resourceVersion), type: "ADDED", resource, object }));

/** What a watch says in its first line when it cannot resume, with HTTP 200. */
const expired = (after: number, head: number): object => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: `too old resource version: ${String(after)} (${String(head)})`,
  reason: "Expired",
  code: 410,
});
