import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvent, type Event } from "../events/define.ts";
import { PermanentError, TransientError } from "./errors.ts";
import { defineFunction, type HostedFunction, only } from "./function.ts";
import { queueOf } from "./host/queue.ts";
import { exhausted, type HostScope, invoke, isFor, settle } from "./invoke.ts";

const Asked = defineEvent({ type: "t.asked.v1", summary: "", data: z.strictObject({ n: z.number(), unit: z.string().default("ms") }) });
const Answered = defineEvent({ type: "t.answered.v1", summary: "", data: z.object({ text: z.string() }) });
const Other = defineEvent({ type: "t.other.v1", summary: "", data: z.unknown() });

const base = defineFunction({
  name: "answer",
  summary: "",
  on: [Asked],
  emits: [Answered],
  resources: {},
  handle: (event) => [
    Answered.make({ source: "/t", subject: "s", cause: event, data: { text: `${String(event.data.n)} ${event.data.unit}` } }),
  ],
});
const fn = (over: Partial<HostedFunction<unknown>> = {}): HostedFunction<unknown> => ({ ...base, ...over });
const asked = (data: unknown = { n: 1 }, extensions: object = {}): Event => ({
  specversion: "1.0",
  id: "1",
  source: "/t",
  type: Asked.type,
  data,
  ...extensions,
});
const nothing = () => undefined;
const scope: HostScope = {
  resources: {},
  now: () => new Date(0),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  lastAttempt: false,
  reached: nothing,
};
const throwing = (error: unknown) => fn({ handle: () => Promise.reject(error as Error) });

describe("invoke", () => {
  it("gives the handler checked data with the schema's defaults", async () => {
    expect(await invoke(fn(), asked(), scope)).toMatchObject({ kind: "done", events: [{ type: Answered.type, data: { text: "1 ms" } }] });
  });

  it("rejects a type that the function does not consume", async () => {
    expect(await invoke(fn(), Other.make({ source: "/t", subject: "s", data: 1 }), scope)).toMatchObject({
      kind: "rejected",
      code: "TYPE_UNEXPECTED",
    });
  });

  it.each([
    [{ n: "hunter2" }, "/data/n must be number"],
    [null, "/data must be object"],
    [{ n: 1, hunter2: 1 }, "/data has members that the schema does not know"],
    [{ n: 1, unit: 5 }, "/data/unit must be string"],
  ])("rejects %j with the place and no value", async (data, reason) => {
    expect(await invoke(fn(), asked(data), scope)).toEqual({ kind: "rejected", code: "DATA_INVALID", reason });
  });

  it("skips what `where` does not match", async () => {
    const tfs = fn({ where: { executioner: "tfs" } });
    expect(await invoke(tfs, asked({ n: 1 }, { executioner: "l2sm" }), scope)).toEqual({ kind: "skipped" });
    expect(await invoke(tfs, asked(), scope)).toEqual({ kind: "skipped" });
    expect(await invoke(tfs, asked({ n: 1 }, { executioner: "tfs" }), scope)).toMatchObject({ kind: "done" });
    expect([isFor(tfs, asked()), isFor(tfs, asked({}, { executioner: "tfs" }))]).toEqual([false, true]);
  });

  it("ends a cycle of types that nobody saw", async () => {
    expect(await invoke(fn(), asked({ n: 1 }, { hops: 65 }), scope)).toMatchObject({ kind: "rejected", code: "HOPS_EXCEEDED" });
    expect(await invoke(fn(), asked({ n: 1 }, { hops: "64" }), scope)).toMatchObject({ kind: "done" });
  });

  it("tells faults by their class", async () => {
    const cause = new Error("why");
    expect(await invoke(throwing(new PermanentError("NEVER", "never")), asked(), scope)).toEqual({
      kind: "rejected",
      code: "NEVER",
      reason: "never",
    });
    expect(await invoke(throwing(new TransientError("LATER", "later", { cause })), asked(), scope)).toEqual({
      kind: "retry",
      code: "LATER",
      reason: "later",
      cause,
    });
    expect(await invoke(throwing(new TransientError("SOON", "soon", { retryAfterMs: 5 })), asked(), scope)).toMatchObject({
      kind: "retry",
      retryAfterMs: 5,
    });
    expect(await invoke(throwing(cause), asked(), scope)).toEqual({ kind: "bug", code: "INTERNAL", cause });
    expect(await invoke(throwing("a string"), asked(), scope)).toMatchObject({ kind: "bug" });
  });

  it("takes an event that the manifest does not declare for a bug", async () => {
    const liar = fn({ handle: () => [Other.make({ source: "/t", subject: "s", data: 1 })] });
    expect(await invoke(liar, asked(), scope)).toMatchObject({ kind: "bug", code: "INTERNAL" });
  });

  it("gives a handler its time, aborts its signal, and leaves no timer behind", async () => {
    let aborted: unknown;
    const slow = fn({
      timeoutMs: 20,
      handle: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = signal.reason;
            reject(new Error("in its own words"));
          });
        }),
    });
    expect(await invoke(slow, asked(), scope)).toMatchObject({ kind: "retry", code: "HANDLER_TIMEOUT" });
    expect(aborted).toBeInstanceOf(TransientError);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    for (let i = 0; i < 50; i += 1) await invoke(fn(), asked(), scope);
    expect(timers()).toBe(before);
  });
});

describe("settle and exhausted", () => {
  it("do nothing where the function says nothing", async () => {
    expect(await settle(fn(), asked(), scope)).toEqual({ kind: "done", events: [] });
    expect(exhausted(fn(), asked(), { code: "X", reason: "x" })).toEqual({ kind: "done", events: [] });
  });

  it("see the same checked data as the handler", async () => {
    let settled: unknown;
    const spec = fn({
      settled: (event) => {
        settled = event.data;
        return Promise.resolve();
      },
      exhausted: (event, { code }) => [
        Answered.make({ source: "/t", subject: "s", cause: event, data: { text: code + (event.data as { unit: string }).unit } }),
      ],
    });
    await settle(spec, asked(), scope);
    expect(settled).toEqual({ n: 1, unit: "ms" });
    expect(exhausted(spec, asked(), { code: "X", reason: "x" })).toMatchObject({ kind: "done", events: [{ data: { text: "Xms" } }] });
  });

  it("pass faults on as replies", async () => {
    const spec = fn({
      settled: () => Promise.reject(new TransientError("STORE_DOWN", "down")),
      exhausted: () => {
        throw new Error("why");
      },
    });
    expect(await settle(spec, asked(), scope)).toMatchObject({ kind: "retry", code: "STORE_DOWN" });
    expect(exhausted(spec, asked(), { code: "X", reason: "x" })).toMatchObject({ kind: "bug" });
  });
});

describe("a function that takes one of its types under a condition", () => {
  const picky = fn({ on: [Other, only(Asked, { executioner: "tsn" })] });
  const other = Other.make({ source: "/t", subject: "s", data: 1 });

  it("gets all events of the other types, and of that one those alone that match", async () => {
    expect([isFor(picky, other), isFor(picky, asked()), isFor(picky, asked({ n: 1 }, { executioner: "tfs" }))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(isFor(picky, asked({ n: 1 }, { executioner: "tsn" }))).toBe(true);
    expect(await invoke(picky, asked({ n: 1 }, { executioner: "tfs" }), scope)).toMatchObject({ kind: "skipped" });
  });

  it("asks the broker for no more than that", () => {
    expect(queueOf(picky).bindings.map(({ key }) => key)).toEqual([`${Other.type}.#`, `${Asked.type}.tsn`]);
    expect(queueOf(fn({ where: { executioner: "tfs" } })).bindings.map(({ key }) => key)).toEqual([`${Asked.type}.tfs`]);
  });
});
