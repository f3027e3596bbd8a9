import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { openFaults } from "../../lab/faults.ts";
import { startFiveg } from "../../lab/fiveg/server.ts";
import { openLedger } from "../../lab/ledger.ts";
import { fivegAdaptor } from "./adaptor.ts";
import { type FivegConnections, openFivegConnections } from "./connections.ts";

const origin = "https://nef.example";
const ues = { "imsi-001010000000001": "10.45.0.7" };
const flow: Flow5g = {
  name: "flow_1-1",
  supi: "imsi-001010000000001",
  profile: "audio4k",
  ulCapacityMbps: 3,
  remote: { address: "1.1.1.1", protocol: "UDP", ports: ["36000"] },
  direction: "BOTH",
};
const order: Order = {
  executioner: "5g",
  resource: "flow/flow_1-1",
  expectationIds: ["1"],
  controller: origin,
  origins: [],
  payload: flow,
};
const absent = { ok: true, value: { state: "absent" } };

let connections: FivegConnections;
beforeEach(() => {
  connections = openFivegConnections({ controllers: [] });
});
afterEach(() => connections.close());

const adaptorOf = (address: URL, change: Partial<ReachableController> = {}, signal = AbortSignal.timeout(20_000)) =>
  fivegAdaptor({ controllers: [{ executioner: "5g", origin, address, ues, ...change }], connections, signal });

// Answers that no NEF in order gives, so the lab's does not either.
describe("a NEF that does not answer as it should", () => {
  let server: Server;
  let address: URL;
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  beforeEach(async () => {
    server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const observe = (signal?: AbortSignal) => adaptorOf(address, {}, signal).observe(order);
  const json = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

  it("is unreachable when nothing listens", async () => {
    server.closeAllConnections();
    server.close();
    await expect(observe()).rejects.toMatchObject({
      name: "TransientError",
      code: "NEF_UNREACHABLE",
      message: expect.stringContaining("no answer from 127.0.0.1") as string,
    });
  });

  it("is unreachable when the time for the order is up, and after 10 s whatever time it has", async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(observe(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: "NEF_UNREACHABLE",
      message: expect.stringContaining("time for the order") as string,
    });
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect(observe()).rejects.toMatchObject({ message: expect.stringContaining("did not answer within 10 s") as string });
    expect(performance.now() - started).toBeLessThan(14_000);
  });

  it("is not read without an end", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(1 << 20, " ");
      const more = (): void => void (response.destroyed || response.write(chunk, () => setImmediate(more)));
      more();
    };
    await expect(observe()).rejects.toMatchObject({
      code: "NEF_UNAVAILABLE",
      message: expect.stringContaining("more than 4 MiB") as string,
    });
  });

  it.each([307, 308])("is not followed to where %i points", async (status) => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.url);
      response.writeHead(status, { location: "/elsewhere" }).end();
    };
    expect(await observe()).toMatchObject({ ok: false, code: "NEF_REFUSED", reason: expect.stringContaining("not followed") as string });
    expect(asked).toHaveLength(1);
  });

  it.each([
    [429, { "retry-after": "7" }, 7_000],
    [503, { "retry-after": "7" }, 7_000],
    [403, { "retry-after": "7" }, 7_000],
    [500, {}, undefined],
    [408, {}, undefined],
    [503, { "retry-after": "soon" }, undefined],
  ])("may pass with %i %j", async (status, headers, retryAfterMs) => {
    answer = (_request, response) => json(response, status, { title: "later" }, headers);
    await expect(observe()).rejects.toMatchObject({ name: "TransientError", code: "NEF_UNAVAILABLE", retryAfterMs });
  });

  it.each([401, 403, 404, 411, 413, 415])("says no with %i, in its words and in one line", async (status) => {
    const problem = { cause: "SOME_CAUSE", detail: "two\nlines", invalidParams: [{ param: "a", reason: "b" }, { param: "c" }] };
    answer = (_request, response) => json(response, status, problem);
    expect(await observe()).toMatchObject({
      ok: false,
      code: "NEF_REFUSED",
      reason: expect.stringContaining(`${String(status)} to GET subscriptions: SOME_CAUSE: two lines: a (b), c`) as string,
    });
  });

  it("has no list of subscriptions, and that may pass", async () => {
    for (const body of [{}, "[", [{ self: "x" }]]) {
      answer = (_request, response) => json(response, 200, body);
      await expect(observe()).rejects.toMatchObject({ code: "NEF_UNAVAILABLE", message: expect.stringContaining("not a list") as string });
    }
  });

  it("does not know the query, and is asked without it", async () => {
    answer = (request, response) =>
      request.url?.includes("?") === true ? json(response, 400, { cause: "INVALID_QUERY_PARAM" }) : json(response, 200, []);
    expect(await observe()).toEqual(absent);
  });

  it.each([
    ["http://198.51.100.9/steal/s1", "/3gpp-as-session-with-qos/v1/nemo/subscriptions/s1"],
    ["http://nef.example/x/a%2Fb", "/3gpp-as-session-with-qos/v1/nemo/subscriptions/a%2Fb"],
  ])("points to %s, and is asked for that id at its own address", async (self, path) => {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      if (request.method !== "GET") return response.writeHead(204).end();
      return json(response, 200, [{ self, notificationDestination: "https://gateway.example/notify/flow_1-1" }]);
    };
    const present = { state: "present", differs: [], pending: false, declared: {} } as const;
    expect(await adaptorOf(address).withdraw(order, present)).toEqual({ ok: true, value: undefined });
    expect(asked.at(-1)).toBe(`DELETE ${path}`);
  });

  it.each([undefined, "", "http://nef.example/x/..", "http://nef.example/x/%2e%2e"])("is not asked about a self of %j", async (self) => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.method);
      return json(response, 200, [{ self, notificationDestination: "https://gateway.example/notify/flow_1-1" }]);
    };
    const present = { state: "present", differs: [], pending: false, declared: {} } as const;
    expect(await adaptorOf(address).withdraw(order, present)).toMatchObject({ ok: false, code: "NEF_REFUSED" });
    expect(asked).toEqual(["GET"]);
  });

  it("has a prefix before its paths", async () => {
    let asked = "";
    answer = (request, response) => {
      asked = String(request.url);
      return json(response, 200, []);
    };
    expect(await adaptorOf(new URL("/nef/api/v1/", address)).observe(order)).toEqual(absent);
    expect(asked).toBe("/nef/api/v1/3gpp-as-session-with-qos/v1/nemo/subscriptions");
  });

  it("lost the subscription while it was being changed, which the next try finds out", async () => {
    answer = (request, response) =>
      request.method === "GET"
        ? json(response, 200, [
            { self: "http://nef/s1", notificationDestination: "https://x.example/notify/flow_1-1", ueIpv4Addr: "10.45.0.7" },
          ])
        : json(response, 404, {});
    const present = { state: "present", differs: ["profile"], pending: false, declared: {} } as const;
    await expect(adaptorOf(address).apply(order, present, undefined)).rejects.toMatchObject({ code: "NEF_UNAVAILABLE" });
  });
});

describe("tokens", () => {
  const oauth = { clientId: "nemo", clientSecret: "hunter2-secret" };
  const ledger = openLedger();
  afterEach(() => ledger.reset());
  const start = async () => {
    const core = await startFiveg(ledger, openFaults(), { oauth });
    return { core, client: { ...oauth, tokenUrl: new URL("/oauth/token", core.address), scope: "nef" } };
  };
  const requests = (): Readonly<Record<string, number>> => ledger.counters().requests["nef"] ?? {};

  it("are asked for once, and once more when the core does not take one any more", async () => {
    const { core, client } = await start();
    const observe = () => adaptorOf(core.address, { oauth: client }).observe(order);
    expect(await Promise.all([observe(), observe()])).toEqual([absent, absent]);
    expect(requests()["oauth.token"]).toBe(1);
    core.revokeTokens();
    expect(await observe()).toEqual(absent);
    expect(requests()["oauth.token"]).toBe(2);
    await core.close();
  });

  it("that are never taken end in a refusal, after one renewal", async () => {
    const { core, client } = await start();
    const others = await startFiveg(openLedger(), openFaults(), { oauth: { clientId: "x", clientSecret: "y" } });
    const refused = await adaptorOf(others.address, { oauth: client }).observe(order);
    expect(refused).toMatchObject({ ok: false, code: "NEF_REFUSED", reason: expect.stringContaining("check tokenUrl") as string });
    expect(requests()["oauth.token"]).toBe(2);
    await Promise.all([core.close(), others.close()]);
  });

  it("that nobody gives end in a refusal without the secret", async () => {
    const { core, client } = await start();
    const refused = await adaptorOf(core.address, { oauth: { ...client, clientSecret: "another-secret" } }).observe(order);
    expect(refused).toMatchObject({ ok: false, code: "TOKEN_REFUSED" });
    expect(JSON.stringify(refused)).not.toContain("another-secret");
    await core.close();
  });

  it("may be repeated by the core, but not by us", async () => {
    const { core, client } = await start();
    const echo = createServer((request, response) => {
      response.writeHead(400, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ detail: `bad ${String(request.headers.authorization)} hunter2-secret` }));
    });
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const address = new URL(`http://127.0.0.1:${String((echo.address() as AddressInfo).port)}`);
    const refused = await adaptorOf(address, { oauth: client }).apply(order, { state: "absent" }, undefined);
    expect(refused).toMatchObject({ code: "NEF_REFUSED", reason: expect.stringContaining("bad Bearer [redacted] [redacted]") as string });
    echo.closeAllConnections();
    await new Promise((resolve) => echo.close(resolve));
    await core.close();
  });
});
