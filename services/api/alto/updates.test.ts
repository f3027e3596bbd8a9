import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canonicalJson } from "../../../domain/topology/canonical.ts";
import { applyMergePatch } from "../../../domain/topology/merge-patch.ts";
import type { CostLink } from "../../../domain/topology/model.ts";
import { type CostMapStore, memoryCostMaps } from "../../../state/cost-map.ts";
import { memoryTopology, type TopologyStore } from "../../../state/topology.ts";
import * as rfc from "../../../test/support/alto-schemas.ts";
import { costNode, publishInto } from "../../../test/support/published.ts";
import { at, delay, rate } from "../../../test/support/topology.ts";
import type { TailedEvent } from "../tail.ts";
import { openMaps } from "./maps.ts";
import { altoRoutes } from "./routes.ts";

interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

const nodes = [costNode("a", "10.0.0.1"), costNode("b", "10.0.0.2")];
const link = (source: string, destination: string, ms: number): CostLink => ({
  source,
  destination,
  costs: [delay(ms), rate(ms)].map((measurement) => ({ at: at(0), measurement })),
});

/** The events of a stream, one by one. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string): string => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (!lines.every((line) => line.startsWith(":"))) yield { event: field("event"), data: field("data") };
    }
  }
}

describe("an update stream", () => {
  let app: FastifyInstance;
  let origin: string;
  let tell: (tailed: TailedEvent) => void;
  let given: { readonly topology: TopologyStore; readonly costMaps: CostMapStore };
  let open: AbortController;

  beforeEach(async () => {
    given = { topology: memoryTopology(), costMaps: memoryCostMaps() };
    open = new AbortController();
    app = fastify({ forceCloseConnections: true });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const tail = {
      listen: (listener: (tailed: TailedEvent) => void) => {
        tell = listener;
        return () => undefined;
      },
    };
    altoRoutes(app, openMaps({ ...given, tail, log: { warn: () => undefined } }));
    await publishInto(given, "c", { nodes, links: [link("a", "b", 1)] });
    origin = await app.listen({ port: 0, host: "127.0.0.1" });
  });
  afterEach(async () => {
    open.abort();
    await app.close();
  });

  const publish = async (map: Parameters<typeof publishInto>[2]): Promise<void> =>
    tell({ offset: "1", event: await publishInto(given, "c", map) });
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(new URL(path, origin), {
      method: "POST",
      signal: open.signal,
      headers: { "content-type": "application/alto-updatestreamparams+json", accept: "text/event-stream,application/alto-error+json" },
      body: JSON.stringify(body),
    });
  async function stream(add: object) {
    const response = await post("/alto/updates/c", { add });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    if (response.body === null) throw new Error("no body");
    const events = eventsOf(response.body);
    const next = async (): Promise<ServerSentEvent> => {
      const { value, done } = await events.next();
      if (done === true) throw new Error("the stream ended");
      return value as ServerSentEvent;
    };
    const control = await next();
    expect(control.event).toBe("application/alto-updatestreamcontrol+json");
    return { next, ended: async () => (await events.next()).done, control: rfc.StreamControl.parse(JSON.parse(control.data)) };
  }
  const whole = async (path: string): Promise<string> => (await fetch(new URL(path, origin))).text();

  it("gives each map whole, then every change as a patch that makes the map as the server has it, byte for byte", async () => {
    const { next, control } = await stream({
      net: { "resource-id": "network-map-c" },
      rtt: { "resource-id": "cost-map-delay-rt-c" },
      rate: { "resource-id": "cost-map-tput:mean-c", "incremental-changes": false },
    });
    expect(control.started).toEqual(["net", "rtt", "rate"]);
    const maps = new Map<string, unknown>();
    for (const [client, type] of [
      ["net", "networkmap"],
      ["rtt", "costmap"],
      ["rate", "costmap"],
    ] as const) {
      const { event, data } = await next();
      expect(event).toBe(`application/alto-${type}+json,${client}`);
      maps.set(client, JSON.parse(data));
    }
    const more = [...nodes, costNode("c", "10.0.0.3")];
    await publish({ nodes: more, links: [link("a", "b", 2), link("c", "a", 3)] });
    const told: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { event, data } = await next();
      told.push(event);
      const client = event.slice(event.indexOf(",") + 1);
      const change: unknown = JSON.parse(data);
      maps.set(client, event.startsWith("application/merge-patch+json") ? applyMergePatch(maps.get(client), change) : change);
    }
    // The network map first: the cost maps name its new tag.
    expect(told).toEqual(["application/merge-patch+json,net", "application/merge-patch+json,rtt", "application/alto-costmap+json,rate"]);
    expect(canonicalJson(maps.get("net"))).toBe(await whole("/alto/networkmap/c"));
    expect(canonicalJson(maps.get("rtt"))).toBe(await whole("/alto/costmap/c/delay-rt"));
    expect(canonicalJson(maps.get("rate"))).toBe(await whole("/alto/costmap/c/tput:mean"));
    rfc.NetworkMap.parse(maps.get("net"));
    rfc.CostMap.parse(maps.get("rtt"));
  });

  it("catches up from the store where news of a change did not come, or did not carry it", async () => {
    const { next } = await stream({ rtt: { "resource-id": "cost-map-delay-rt-c" } });
    const first = JSON.parse((await next()).data) as unknown;
    await publishInto(given, "c", { nodes, links: [link("a", "b", 5)] }); // nobody tells
    await publish({ nodes, links: [link("b", "a", 6)] });
    const patch = JSON.parse((await next()).data) as unknown;
    const patched = rfc.CostMap.parse(applyMergePatch(first, patch));
    expect(patched["cost-map"]).toEqual({ a: { b: 5_000 }, b: { a: 6_000 } });
    expect(canonicalJson(patched)).toBe(await whole("/alto/costmap/c/delay-rt"));
  });

  it("sends no network map to who names the tag of the one that is there", async () => {
    const { meta } = rfc.NetworkMap.parse(JSON.parse(await whole("/alto/networkmap/c")));
    const { next } = await stream({
      net: { "resource-id": "network-map-c", tag: meta.vtag.tag },
      rtt: { "resource-id": "cost-map-delay-rt-c" },
    });
    expect((await next()).event).toBe("application/alto-costmap+json,rtt");
  });

  it("is told to follow more and less at its control URI, and ends when nothing is left", async () => {
    const { next, ended, control } = await stream({ rtt: { "resource-id": "cost-map-delay-rt-c" } });
    const uri = String(control["control-uri"]);
    await next();
    expect((await post(uri, { add: { net: { "resource-id": "network-map-c" } } })).status).toBe(204);
    expect(JSON.parse((await next()).data)).toEqual({ started: ["net"] });
    expect((await next()).event).toBe("application/alto-networkmap+json,net");
    expect((await post(uri, { remove: ["rtt"] })).status).toBe(204);
    expect(JSON.parse((await next()).data)).toEqual({ stopped: ["rtt"] });
    const wrong = await post(uri, { remove: ["rtt"] });
    expect(rfc.AltoError.parse(await wrong.json()).meta).toEqual({ code: "E_INVALID_FIELD_VALUE", field: "remove", value: "rtt" });
    await post(uri, { remove: [] });
    expect(JSON.parse((await next()).data)).toEqual({ stopped: ["net"] });
    expect(await ended()).toBe(true);
    expect((await post(uri, { remove: [] })).status).toBe(404);
  });

  it.each([
    [{}, { code: "E_MISSING_FIELD", field: "add" }],
    [{ add: {} }, { code: "E_MISSING_FIELD", field: "add" }],
    [{ add: { x: {} } }, { code: "E_MISSING_FIELD", field: "add/x/resource-id" }],
    [{ add: { x: { "resource-id": "y" } } }, { code: "E_INVALID_FIELD_VALUE", field: "add/x/resource-id", value: "y" }],
  ])("is refused as RFC 7285 §8.5 says: %j", async (body, meta) => {
    const answer = await post("/alto/updates/c", body);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/alto-error+json"]);
    expect(rfc.AltoError.parse(await answer.json()).meta).toEqual(meta);
  });
});
