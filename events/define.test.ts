import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvent, derivedId, type Event, type EventType, schemaId, TYPE_PREFIX } from "./define.ts";
import * as costMap from "./cost-map.ts";
import * as intent from "./intent.ts";
import * as node from "./node.ts";
import * as order from "./order.ts";
import * as probe from "./probe.ts";
import * as rejected from "./rejected.ts";

const Happened = defineEvent({
  type: `${TYPE_PREFIX}test.happened.v1`,
  summary: "Something happened.",
  data: z.strictObject({ n: z.int() }),
});
const from = { source: "/s", subject: "i" };
const first = (id: string): Event => Happened.make({ ...from, id, data: { n: 1 } });

describe("an event that starts a story", () => {
  it("is a CloudEvent 1.0 with the attributes of the design", () => {
    const event = Happened.make({ ...from, id: "one", data: { n: 1 } });
    expect(event).toEqual({
      specversion: "1.0",
      id: "one",
      type: "eu.meta-os.nemo.test.happened.v1",
      source: "/s",
      subject: "i",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      datacontenttype: "application/json",
      dataschema: schemaId("eu.meta-os.nemo.test.happened.v1"),
      partitionkey: "i",
      correlationid: "one",
      hops: 0,
      data: { n: 1 },
    });
    expect(URL.canParse(String(event.dataschema))).toBe(true);
  });

  it("has an id of its own when none is given", () => {
    const ids = [1, 2].map((n) => Happened.make({ ...from, data: { n } }).id);
    expect(new Set(ids).size).toBe(2);
  });

  it("says which executioner it is for, where it is for one", () => {
    expect(Happened.make({ ...from, data: { n: 1 }, executioner: "tfs" })["executioner"]).toBe("tfs");
    expect(first("one")).not.toHaveProperty("executioner");
  });
});

describe("an event that another one led to", () => {
  const after = (cause: Event, index?: number): Event =>
    Happened.make({ ...from, cause, data: { n: 2 }, ...(index === undefined ? {} : { index }) });

  it("goes on with the story, one hop further", () => {
    const cause = { ...first("one"), traceparent: "00-1-2-01", tracestate: "a=b" };
    const second = after(cause);
    const third = after(second);
    expect(
      [second, third].map(({ causationid, correlationid, hops, traceparent, tracestate }) => [
        causationid,
        correlationid,
        hops,
        traceparent,
        tracestate,
      ]),
    ).toEqual([
      ["one", "one", 1, "00-1-2-01", "a=b"],
      [second.id, "one", 2, "00-1-2-01", "a=b"],
    ]);
  });

  it("has the same id whenever the same cause leads to it, and another for another cause, type or place", () => {
    const id = after(first("one")).id;
    expect(after(first("one")).id).toBe(id);
    expect(id).toMatch(/^[\w-]{22}$/);
    const others = [
      after(first("two")).id,
      after(first("one"), 1).id,
      after({ ...first("one"), source: "/t" }).id,
      derivedId(first("one"), "other.type", 0),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });

  it("cannot be confused by ids and sources that run together", () => {
    expect(derivedId({ source: "a", id: "bc" }, "t", 0)).not.toBe(derivedId({ source: "ab", id: "c" }, "t", 0));
    expect(derivedId({ source: 'a","b', id: "c" }, "t", 0)).not.toBe(derivedId({ source: "a", id: 'b","c' }, "t", 0));
  });

  it("takes a cause from elsewhere, which has no story of its own", () => {
    const { correlationid: _c, hops: _h, ...foreign } = first("one");
    expect(after(foreign as Event)).toMatchObject({ correlationid: "one", causationid: "one", hops: 1 });
    expect(after({ ...first("one"), hops: "3" } as Event)["hops"]).toBe(4);
  });
});

describe("the catalogue of events", () => {
  const types = Object.values({ ...costMap, ...intent, ...node, ...order, ...probe, ...rejected }) as readonly EventType[];

  it("has types of the form that the design fixes, each once and with a sentence", () => {
    expect(types.length).toBeGreaterThan(7);
    expect(new Set(types.map((t) => t.type)).size).toBe(types.length);
    for (const { type, summary } of types) {
      expect(type).toMatch(/^eu\.meta-os\.nemo\.[a-z-]+(\.[a-z-]+){1,2}\.v\d+$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("has for each the JSON Schema that its dataschema names", () => {
    for (const { type } of types) {
      const file = new URL(`./schemas/${type}.json`, import.meta.url);
      expect(existsSync(file), type).toBe(true);
      expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ $id: schemaId(type) });
    }
  });

  it("lets nothing travel that its schema does not know", () => {
    const unknown = { surprise: 1 };
    for (const { type, data } of types) expect(data.safeParse(unknown).success, type).toBe(false);
    const failed = { intentId: "i", submission: 1, executioner: "x", resource: "r", code: "C", reason: "", residue: [] };
    expect(order.OrderFailed.data.safeParse(failed).success).toBe(true);
    expect(order.OrderFailed.data.safeParse({ ...failed, ...unknown }).success).toBe(false);
  });
});
