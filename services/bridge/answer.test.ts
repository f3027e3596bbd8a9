import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineEvent } from "../../events/define.ts";
import { encodeBatch, encodeBinary, encodeStructured } from "../../runtime/codec/http.ts";
import { failure } from "../../runtime/host/answer.ts";
import { problem } from "../../runtime/host/problem.ts";
import { rejectedEvent } from "../../runtime/rejected.ts";
import { readAnswer } from "./answer.ts";

const Made = defineEvent({ type: "t.made.v1", summary: "", data: z.object({ n: z.int() }) });
const made = (n = 1) => Made.make({ source: "/f", subject: "s", id: `made-${String(n)}`, data: { n } });
const emits: ReadonlySet<string> = new Set([Made.type]);
const read = (status: number, headers: Readonly<Record<string, string>> = {}, body = "") =>
  readAnswer({ status, headers, body: Buffer.from(body) }, emits);

describe("what a function answered", () => {
  it("is one event, structured or binary, or several in a batch", () => {
    for (const encoded of [encodeBinary(made()), encodeStructured(made())])
      expect(readAnswer({ status: 200, ...encoded }, emits)).toMatchObject({ kind: "done", events: [{ id: "made-1", data: { n: 1 } }] });
    const several = readAnswer({ status: 200, ...encodeBatch([made(1), made(2)]) }, emits);
    expect(several).toMatchObject({ kind: "done", events: [{ id: "made-1" }, { id: "made-2" }] });
  });

  it("is nothing where it is empty, plain JSON, or a 202, whose reply must not be processed", () => {
    const nothing = { kind: "done", events: [] };
    expect(read(200)).toEqual(nothing);
    expect(read(200, { "content-type": "application/json" }, "{}")).toEqual(nothing);
    expect(readAnswer({ status: 202, ...encodeBinary(made()) }, emits)).toEqual(nothing);
  });

  it("is a rejection where the function tells one", () => {
    const rejection = rejectedEvent("f", { code: "DATA_INVALID", reason: "/data/n must be number" }, made());
    expect(readAnswer({ status: 200, ...encodeBinary(rejection) }, emits)).toEqual({
      kind: "rejected",
      code: "DATA_INVALID",
      reason: "/data/n must be number",
    });
  });

  it("is the function's fault where it is no event, or one that it does not declare", () => {
    expect(read(200, { "content-type": "application/cloudevents+json" }, "{")).toMatchObject({ kind: "bug" });
    expect(readAnswer({ status: 200, ...encodeBinary(made()) }, new Set(["other"]))).toMatchObject({ kind: "bug" });
  });
});

describe("a fault", () => {
  const over = (reply: Parameters<typeof failure>[0]) => readAnswer(failure(reply), emits);

  it("keeps over HTTP whether it said when to come back, which decides whether the try counts", () => {
    const plain = { kind: "retry", code: "PEER_DOWN", reason: "the peer is down" } as const;
    expect(over(plain)).toEqual(plain);
    const told = { ...plain, code: "EFFECT_BUSY", retryAfterMs: 250 };
    expect(over(told)).toEqual(told);
  });

  it("is a bug where the function had one", () => {
    expect(over({ kind: "bug", code: "INTERNAL", cause: new Error("hunter2") })).toMatchObject({ kind: "bug", code: "INTERNAL" });
  });

  it("of too many at once is waited out as long as it says", () => {
    const overloaded = problem(429, "OVERLOADED", undefined, { "retry-after": "2" });
    expect(readAnswer(overloaded, emits)).toMatchObject({ kind: "retry", code: "OVERLOADED", retryAfterMs: 2_000 });
    expect(read(429)).toMatchObject({ kind: "retry", code: "OVERLOADED", retryAfterMs: 1_000 });
  });

  it.each([
    [404, "retry"],
    [408, "retry"],
    [500, "bug"],
    [502, "crashed"],
    [503, "unreachable"],
    [504, "retry"],
    [302, "retry"],
    [400, "rejected"],
    [401, "rejected"],
    [422, "rejected"],
  ])("of a gateway or a foreign function, %i, is %s", (status, kind) => {
    expect(read(status).kind).toBe(kind);
  });
});
