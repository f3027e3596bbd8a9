import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../runtime/config.ts";
import { reachable } from "../controllers.ts";
import { startSystem, type System } from "../system.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem({
    config: readConfig({ PORT: "0" }),
    log: pino({ level: "silent" }),
    controllers: reachable([]),
    sealKey: Buffer.alloc(32, 1),
  });
});
afterAll(() => system.stop());

const intent = (id: string, token: string): string =>
  JSON.stringify({
    id,
    userLabel: "cloud_continuum",
    intentExpectations: [
      {
        expectationId: "1",
        expectationVerb: "DELIVER",
        expectationObject: {
          objectType: "LOG",
          objectContexts: [{ contextAttribute: "bearer_token", contextCondition: "IS_EQUAL_TO", contextValueRange: token }],
        },
      },
    ],
  });

async function fulfil(id: string): Promise<void> {
  await fetch(new URL("/v1/intents", system.address), { method: "POST", body: intent(id, "canary-token") });
  const view = (await (await fetch(new URL(`/v1/intents/${id}?waitMs=10000`, system.address))).json()) as { state: string };
  expect(view.state).toBe("FULFILLED");
}

interface Sent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly id: string; readonly type: string; readonly subject: string };
}

/** Reads an event stream as a browser does, until it has `count` events. */
async function read(query: string, count: number, last?: string): Promise<readonly Sent[]> {
  const away = new AbortController();
  const headers = { accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": last }) };
  const response = await fetch(new URL(`/v1/events${query}`, system.address), {
    headers,
    signal: AbortSignal.any([away.signal, AbortSignal.timeout(10_000)]),
  });
  expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
    200,
    "text/event-stream",
    "no-store",
  ]);
  const sent: Sent[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      if (fields.has("data"))
        sent.push({
          id: fields.get("id") ?? "",
          event: fields.get("event") ?? "",
          data: JSON.parse(fields.get("data") ?? "") as Sent["data"],
        });
    }
    if (sent.length >= count) break;
  }
  away.abort();
  return sent.slice(0, count);
}

const page = async (query: string) => {
  const { events } = (await (await fetch(new URL(`/v1/events${query}`, system.address))).json()) as {
    events: (Sent["data"] & { offset: string })[];
  };
  return events;
};

const short = (type: string): string => type.replace(/^eu\.meta-os\.nemo\.|\.v\d+$/g, "");

describe("the events over HTTP", () => {
  it("tell an intent's whole life in order, as JSON, without its token", async () => {
    await fulfil("told");
    const events = await page("?subject=told");
    expect(events.map((e) => short(e.type))).toEqual([
      "intent.submitted",
      "intent.classified",
      "order.placed",
      "order.executed",
      "intent.reported",
    ]);
    expect(JSON.stringify(events)).not.toContain("canary-token");
    expect(JSON.stringify(events)).toContain("secretRef:");
  });

  it("are chosen by type and subject, and are the newest", async () => {
    await fulfil("chosen");
    expect((await page("?type=order&subject=chosen")).map((e) => short(e.type))).toEqual(["order.placed", "order.executed"]);
    expect((await page("?type=intent.reported&subject=chosen")).map((e) => short(e.type))).toEqual(["intent.reported"]);
    expect(await page("?type=order.plac")).toEqual([]);
    expect((await page("?limit=2")).map((e) => short(e.type))).toEqual(["order.executed", "intent.reported"]);
  });

  it("come live as a stream, with the place in the log as their id", async () => {
    const reading = read("?subject=live", 5);
    await fulfil("live");
    const sent = await reading;
    expect(sent.map((s) => short(s.event))).toEqual([
      "intent.submitted",
      "intent.classified",
      "order.placed",
      "order.executed",
      "intent.reported",
    ]);
    expect(sent.map((s) => s.data.type)).toEqual(sent.map((s) => s.event));
    const logged = await page("?subject=live");
    expect(sent.map((s) => s.id)).toEqual(logged.map((e) => e.offset));
  });

  it("are sent again from just after Last-Event-ID, none left out and none twice, and then go on live", async () => {
    await fulfil("missed");
    const logged = await page("?subject=missed");
    const seen = logged[1];
    const reading = read("?type=intent.reported", 2, seen?.offset);
    await fulfil("later");
    expect((await reading).map((s) => [short(s.event), s.data.subject])).toEqual([
      ["intent.reported", "missed"],
      ["intent.reported", "later"],
    ]);
    const again = await read("?subject=missed", 3, seen?.offset);
    expect(again.map((s) => s.data.id)).toEqual(logged.slice(2).map((e) => e.id));
  });

  it("are live ones when Last-Event-ID is no place in the log", async () => {
    for (const last of ["first", "-1", "1; drop", "9".repeat(30)]) {
      const reading = read("?type=intent.reported", 1, last);
      await fulfil("nonsense");
      expect((await reading).map((s) => s.data.subject)).toEqual(["nonsense"]);
    }
  });
});
