import { randomUUID } from "node:crypto";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { canonicalJson } from "../../../domain/topology/canonical.ts";
import { type Followed, paths, streamable } from "./directory.ts";
import { missing, wrongValue } from "./errors.ts";
import type { Maps } from "./maps.ts";
import { media } from "./media-types.ts";
import { costMapBytes, costMapPatch, networkMapBytes, networkMapPatch, type View } from "./view.ts";

const ClientId = z.string().regex(/^[\w:@-]{1,64}$/);

/** RFC 8895: what to follow from now on, under which names of the client's own, and what no more. */
export const UpdateStreamParams = z.object({
  add: z
    .record(
      ClientId,
      z.object({ "resource-id": z.string().max(64), tag: z.string().max(64).optional(), "incremental-changes": z.boolean().default(true) }),
    )
    .optional(),
  remove: z.array(ClientId).max(1_000).optional(),
});
type UpdateStreamParams = z.infer<typeof UpdateStreamParams>;

interface Subscription extends Followed {
  readonly isIncremental: boolean;
}

interface Stream {
  readonly cluster: string;
  follow(params: UpdateStreamParams): void;
}

/** The update streams that are open, by the id in their control URI. */
export interface Streams {
  open(reply: FastifyReply, view: View, params: UpdateStreamParams): void;
  get(cluster: string, id: string): Stream | undefined;
}

const HEARTBEAT_MS = 15_000;
/** A client that does not read is let go before it fills the memory; it comes back, and gets the maps whole. */
const MAX_UNREAD_BYTES = 64_000_000;
/** A patch under this is sent without looking whether the whole map were shorter. */
const SMALL_PATCH = 16_384;

export function openStreams(maps: Maps): Streams {
  const streams = new Map<string, Stream>();
  return {
    get: (cluster, id) => {
      const stream = streams.get(id);
      return stream?.cluster === cluster ? stream : undefined;
    },
    open(reply, first, params) {
      if (Object.keys(params.add ?? {}).length === 0) throw missing("add");
      const { raw } = reply;
      const { cluster } = first;
      const id = randomUUID();
      const subscriptions = new Map<string, Subscription>();
      let view = first;

      const write = (event: string, data: string | Buffer): void => {
        raw.write(`event: ${event}\ndata: ${data.toString()}\n\n`);
        if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
      };
      const wholeOf = ({ at }: Subscription, of: View): Buffer => (at === undefined ? networkMapBytes(of) : costMapBytes(of, at));

      function follow({ add = {}, remove }: UpdateStreamParams): void {
        const added = read(cluster, add, subscriptions);
        const unknown = remove?.find((client) => !subscriptions.has(client));
        if (unknown !== undefined) throw wrongValue("remove", unknown);
        const stopped = remove === undefined ? [] : remove.length === 0 ? [...subscriptions.keys()] : remove;
        for (const client of stopped) subscriptions.delete(client);
        for (const [client, subscription] of added) subscriptions.set(client, subscription);
        const isFirst = !streams.has(id);
        const told = {
          ...(isFirst ? { "control-uri": paths.control(cluster, id) } : {}),
          ...(added.length === 0 ? {} : { started: added.map(([client]) => client) }),
          ...(stopped.length === 0 ? {} : { stopped }),
        };
        write(media.updateStreamControl, JSON.stringify(told));
        for (const [client, subscription] of added)
          if (subscription.at !== undefined || add[client]?.tag !== view.networkTag)
            write(`${subscription.mediaType},${client}`, wholeOf(subscription, view));
        if (subscriptions.size === 0) raw.end();
      }

      /** The network map before the cost maps that depend on it. */
      function update(after: View): void {
        const before = view;
        view = after;
        for (const [client, subscription] of [...subscriptions].toSorted(([, a], [, b]) => (a.at ?? -1) - (b.at ?? -1))) {
          const { at, mediaType, isIncremental } = subscription;
          const patch = at === undefined ? networkMapPatch(before, after) : costMapPatch(before, after, at);
          if (patch === undefined) continue;
          const text = canonicalJson(patch);
          if (isIncremental && (text.length < SMALL_PATCH || text.length < wholeOf(subscription, after).length))
            write(`${media.mergePatch},${client}`, text);
          else write(`${mediaType},${client}`, wholeOf(subscription, after));
        }
      }

      read(cluster, params.add ?? {}, subscriptions); // before anything is written, a refusal can still be one
      reply.hijack();
      raw.writeHead(200, { "content-type": media.eventStream, "cache-control": "no-store", "x-accel-buffering": "no" });
      follow(params);
      streams.set(id, { cluster, follow });
      const quiet = maps.listen(cluster, update);
      const beat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
      raw.on("close", () => {
        streams.delete(id);
        quiet();
        clearInterval(beat);
      });
    },
  };
}

/** What is asked for, as subscriptions; a client's name stands for one thing at a time. */
function read(
  cluster: string,
  add: NonNullable<UpdateStreamParams["add"]>,
  taken: ReadonlyMap<string, Subscription>,
): readonly (readonly [client: string, subscription: Subscription])[] {
  const known = streamable(cluster);
  return Object.entries(add)
    .map(([client, { "resource-id": resource, "incremental-changes": isIncremental }]): [string, Subscription] => {
      const followed = known.get(resource);
      if (followed === undefined) throw wrongValue(`add/${client}/resource-id`, resource);
      if (taken.has(client)) throw wrongValue("add", client);
      return [client, { ...followed, isIncremental }];
    })
    .toSorted(([, a], [, b]) => (a.at ?? -1) - (b.at ?? -1));
}
