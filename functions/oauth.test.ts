import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../domain/controllers.ts";
import { openTokens, type Tokens } from "./oauth.ts";

let server: Server;
let tokens: Tokens;
let nowMs: number;
let asked: { readonly headers: IncomingMessage["headers"]; readonly form: string }[];
let answer: () => { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } | undefined;

beforeEach(async () => {
  asked = [];
  nowMs = 0;
  answer = () => ({ body: { access_token: `t${String(asked.length)}`, token_type: "bearer", expires_in: 600 } });
  server = createServer((request, response) => {
    let form = "";
    request.on("data", (chunk: Buffer) => (form += chunk.toString()));
    request.on("end", () => {
      asked.push({ headers: request.headers, form });
      const said = answer();
      if (said === undefined) return;
      response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
      response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  tokens = openTokens(() => nowMs);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await tokens.close();
});

const controllerOf = (change: object = {}, origin = "https://a.example"): ReachableController => {
  const tokenUrl = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/token`);
  const oauth = { tokenUrl, clientId: "us:64512", clientSecret: "s%cret ü", ...change };
  return { executioner: "peering", origin, address: new URL(origin), oauth };
};
const signal = () => AbortSignal.timeout(20_000);
const get = (controller = controllerOf()) => tokens.of(controller, signal());

describe("a token by client credentials", () => {
  it("is asked for by Basic, both parts form-encoded, with the scope there is", async () => {
    expect(await get(controllerOf({ scope: "a b" }))).toEqual({ ok: true, value: "t1" });
    const [request] = asked;
    expect(request?.form).toBe("grant_type=client_credentials&scope=a+b");
    expect(request?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const basic = String(request?.headers.authorization).replace("Basic ", "");
    expect(Buffer.from(basic, "base64").toString()).toBe("us%3A64512:s%25cret+%C3%BC");
  });

  it("is not asked for where the controller names no token endpoint", async () => {
    const { oauth: _, ...controller } = controllerOf();
    expect(await get(controller)).toEqual({ ok: true, value: undefined });
    tokens.spurned(controller, "x");
    expect(asked).toEqual([]);
  });

  it("is kept until shortly before it expires", async () => {
    await get();
    nowMs = 569_999;
    expect(await get()).toEqual({ ok: true, value: "t1" });
    nowMs = 570_000;
    expect(await get()).toEqual({ ok: true, value: "t2" });
    answer = () => ({ body: { access_token: "short", token_type: "Bearer", expires_in: "10" } });
    const short = controllerOf({}, "https://short.example");
    await get(short);
    nowMs += 8_999;
    await get(short);
    expect(asked).toHaveLength(3);
    nowMs += 1;
    await get(short);
    expect(asked).toHaveLength(4);
  });

  it("without an end of its own is kept for a minute", async () => {
    answer = () => ({ body: { access_token: "t", token_type: "Bearer" } });
    await get();
    nowMs = 53_999;
    await get();
    expect(asked).toHaveLength(1);
    nowMs = 54_000;
    await get();
    expect(asked).toHaveLength(2);
  });

  it("is one request for all who need it at once, and one a controller", async () => {
    expect(await Promise.all([get(), get(), get(controllerOf({}, "https://b.example"))])).toEqual(
      ["t1", "t1", "t2"].map((value) => ({ ok: true, value })),
    );
    expect(asked).toHaveLength(2);
  });

  it("is another one after a controller did not take it, but not when it was another already", async () => {
    const controller = controllerOf();
    await get(controller);
    tokens.spurned(controller, "t0");
    expect(await get(controller)).toMatchObject({ value: "t1" });
    tokens.spurned(controller, "t1");
    expect(await get(controller)).toMatchObject({ value: "t2" });
  });
});

describe("no token", () => {
  it("is a refusal when the endpoint says no, in words of RFC 6749 alone", async () => {
    answer = () => ({ status: 401, body: { error: "invalid_client", error_description: "s%cret ü" } });
    const refused = await get();
    expect(refused).toMatchObject({
      ok: false,
      code: "TOKEN_REFUSED",
      reason: expect.stringMatching(/401: invalid_client; check clientIdFile/),
    });
    expect(JSON.stringify(refused)).not.toContain("s%cret");
    answer = () => ({ status: 400, body: { error: "s%cret ü" } });
    expect(JSON.stringify(await get())).not.toContain("s%cret");
  });

  it("may pass when the endpoint is busy, garbles, or hangs", async () => {
    answer = () => ({ status: 503, headers: { "retry-after": "3" } });
    await expect(get()).rejects.toMatchObject({ name: "TransientError", code: "TOKEN_UNAVAILABLE", retryAfterMs: 3_000 });
    for (const body of ["<html>", { access_token: "two words", token_type: "Bearer" }, { access_token: "t", token_type: "mac" }]) {
      answer = () => ({ body });
      await expect(get()).rejects.toMatchObject({ code: "TOKEN_UNAVAILABLE" });
    }
    answer = () => ({ body: " ".repeat(70_000) });
    await expect(get()).rejects.toMatchObject({ code: "TOKEN_UNAVAILABLE", message: expect.stringContaining("64 KiB") });
    answer = () => undefined;
    await expect(tokens.of(controllerOf(), AbortSignal.timeout(50))).rejects.toMatchObject({ code: "TOKEN_UNREACHABLE" });
  });

  it("is not followed to where the endpoint points, and may pass when none is there", async () => {
    answer = () => ({ status: 307, headers: { location: "/elsewhere" } });
    expect(await get()).toMatchObject({ ok: false, code: "TOKEN_REFUSED" });
    expect(asked).toHaveLength(1);
    const controller = controllerOf();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(get(controller)).rejects.toMatchObject({ code: "TOKEN_UNREACHABLE", message: expect.stringContaining("check tokenUrl") });
  });
});
