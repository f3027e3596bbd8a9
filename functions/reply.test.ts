import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonIn, mayPass, retryAfterIn, textWithin } from "./reply.ts";
import { restconfErrorsIn } from "./restconf.ts";

const KIB = 1 << 10;

describe("a reply's text", () => {
  let server: Server;

  /** Answers with so many letters, with or without saying so beforehand. */
  beforeEach(async () => {
    server = createServer(({ url }, response) => {
      const { searchParams } = new URL(url ?? "", "http://server");
      const text = "a".repeat(Number(searchParams.get("length")));
      if (searchParams.has("declared")) response.setHeader("content-length", text.length);
      else response.flushHeaders();
      response.end(text);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const read = async (query: string): Promise<string> => {
    const reply = await request(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/?${query}`);
    return textWithin(reply, 64 * KIB, (limit) => new Error(`more than ${limit}`));
  };

  it.each(["declared&", ""])("is read to its last byte up to the limit, and not a byte beyond (%j)", async (declared) => {
    await expect(read(`${declared}length=${String(64 * KIB)}`)).resolves.toHaveLength(64 * KIB);
    await expect(read(`${declared}length=${String(64 * KIB + 1)}`)).rejects.toThrow("more than 64 KiB");
  });

  it("tells a limit of MiB in MiB", async () => {
    const body = (async function* () {
      yield await Promise.resolve(Buffer.alloc((2 << 20) + 1));
    })();
    await expect(textWithin({ body: body as never, headers: {} }, 2 << 20, (limit) => new Error(limit))).rejects.toThrow("2 MiB");
  });
});

it("JSON is what it says, and anything else is undefined", () => {
  expect(jsonIn('{"a":[1]}')).toEqual({ a: [1] });
  expect(jsonIn("<html>")).toBeUndefined();
  expect(jsonIn("")).toBeUndefined();
});

it.each([
  ["3", { retryAfterMs: 3_000 }],
  ["0", { retryAfterMs: 0 }],
  ["-1", {}],
  ["Wed, 21 Oct 2026 07:28:00 GMT", {}],
  [undefined, {}],
])("Retry-After %j is %j", (header, expected) => {
  expect(retryAfterIn({ "retry-after": header })).toEqual(expected);
});

it("what is the server's trouble may pass, and what is the request's does not", () => {
  expect([500, 502, 503, 504, 408, 429].map(mayPass)).not.toContain(false);
  expect([200, 301, 400, 401, 404, 409, 422].map(mayPass)).not.toContain(true);
});

describe("a RESTCONF error", () => {
  const errors = (...error: readonly object[]): string => JSON.stringify({ "ietf-restconf:errors": { error } });

  it("says its message, or its tag where it has none", () => {
    const text = errors(
      { "error-tag": "invalid-value", "error-message": "no such node" },
      { "error-tag": "data-missing", "error-message": 7 },
    );
    expect(restconfErrorsIn({ status: 400, text })).toEqual({ words: ["no such node", "data-missing"], mayPass: false });
  });

  it("with 409 may pass where somebody else is at it, and not where the data is there already", () => {
    const of = (tag: string): boolean => restconfErrorsIn({ status: 409, text: errors({ "error-tag": tag }) }).mayPass;
    expect(["in-use", "lock-denied", "resource-denied"].map(of)).not.toContain(false);
    expect(of("data-exists")).toBe(false);
    expect(restconfErrorsIn({ status: 409, text: "conflict" })).toEqual({ words: [], mayPass: false });
  });

  it("with a status that may pass may pass, whatever it says", () => {
    expect(restconfErrorsIn({ status: 503, text: errors({ "error-tag": "invalid-value" }) }).mayPass).toBe(true);
  });
});
