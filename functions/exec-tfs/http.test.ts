import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { tfsAdaptor } from "./adaptor.ts";
import { openTfsConnections, type TfsConnections } from "./connections.ts";

// Answers that no TeraFlowSDN in order gives, so the lab's does not either.

const origin = "http://192.168.165.10";
const endpoint = "GigabitEthernet0/0/0/1";
const plain: L2vpn = {
  service: "new_intent_2-1",
  source: { node: "3.3.3.3", endpoint },
  destination: { node: "5.5.5.5", endpoint },
  vlanId: 999,
};
const annex: L2vpn = { ...plain, niName: "ninametfs", bandwidthGbps: 10, latencyMs: 15.2 };
const orderOf = (payload: L2vpn, path = ""): Order => ({
  executioner: "tfs",
  resource: `service/${payload.service}`,
  expectationIds: ["1"],
  controller: origin + path,
  origins: [],
  payload,
});
const absent = { ok: true, value: { state: "absent" } };

let connections: TfsConnections;
const adaptor = (options: { signal?: AbortSignal } = {}) =>
  tfsAdaptor({ controllers: connections.controllers, connections, signal: AbortSignal.timeout(20_000), ...options });

describe("a TeraFlowSDN that does not answer as it should", () => {
  let server: Server;
  let answer: Parameters<typeof createServer>[1];
  const order = orderOf(annex);
  beforeEach(async () => {
    server = createServer((request, response) => answer?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    connections = openTfsConnections({ controllers: [{ executioner: "tfs", origin, address, user: "tfs", password: "hunter2" }] });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await connections.close();
  });

  it("is unreachable when nothing listens", async () => {
    server.closeAllConnections();
    server.close();
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      name: "TransientError",
      code: "TFS_UNREACHABLE",
      message: expect.stringContaining("no answer from 127.0.0.1"),
    });
  });

  it("is unreachable when the time for the order is up", async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(adaptor({ signal: AbortSignal.timeout(100) }).observe(order)).rejects.toMatchObject({ code: "TFS_UNREACHABLE" });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("is unreachable after 10 s, whatever time the order has", async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(adaptor().observe(order)).rejects.toMatchObject({ message: expect.stringContaining("did not answer within 10 s") });
    expect(performance.now() - started).toBeGreaterThan(9_500);
    expect(performance.now() - started).toBeLessThan(13_000);
  });

  it("is not read without an end", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(1 << 20, " ");
      const more = (): void => void (response.destroyed || response.write(chunk, () => setImmediate(more)));
      more();
    };
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      code: "TFS_UNAVAILABLE",
      message: expect.stringContaining("more than 4 MiB"),
    });
  });

  it("is not followed to where it points", async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    };
    expect(await adaptor().observe(order)).toMatchObject({ ok: false, code: "TFS_REFUSED", reason: expect.stringContaining("302") });
    expect(asked).toEqual(["/tfs-api/context/admin/service/new_intent_2-1"]);
  });

  it("says when to come back", async () => {
    answer = (_request, response) => void response.writeHead(503, { "retry-after": "7" }).end();
    await expect(adaptor().observe(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE", retryAfterMs: 7_000 });
  });

  it("may repeat our credentials, but we do not", async () => {
    answer = (request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ message: `bad: ${String(request.headers.authorization)} hunter2` }));
    };
    const seen = await adaptor().observe(order);
    expect(seen).toMatchObject({ ok: false, code: "TFS_REFUSED", reason: expect.stringContaining("bad: Basic [redacted] [redacted]") });
  });

  it("shows its form again: refused after one more try with a fresh token", async () => {
    let uploads = 0;
    const pageOf = (n: number) =>
      `<div class="alert"><b>csrf_token</b> The CSRF token is invalid.</div><input name="csrf_token" value="t${String(n)}">`;
    answer = (request, response) => {
      if (request.method === "POST") uploads += 1;
      if (request.url?.startsWith("/tfs-api") === true)
        response.writeHead(200, { "content-type": "application/json" }).end(`{"service_ids":[]}`);
      else response.writeHead(200, { "content-type": "text/html" }).end(pageOf(uploads));
    };
    const refused = await adaptor().apply(orderOf(annex, "/webui"), { state: "absent" }, undefined);
    expect(refused).toMatchObject({ ok: false, code: "TFS_REFUSED", reason: expect.stringContaining("The CSRF token is invalid.") });
    expect(uploads).toBe(2);
  });

  it("serves RESTCONF alone: what it shows decides, and a new generation is applied unseen", async () => {
    const asked: string[] = [];
    let status = 504;
    answer = (request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      if (request.url?.startsWith("/tfs-api") === true) return void response.writeHead(404).end();
      response.writeHead(request.method === "PUT" ? 204 : status, { "content-type": "application/json" });
      return void response.end(request.method === "PUT" ? undefined : `{"error":"VPN(new_intent_2-1) not found in database"}`);
    };
    const restconf = orderOf(plain, "/restconf/data");
    expect(await adaptor().observe(restconf)).toMatchObject({ value: { state: "present", pending: true, differs: [] } });
    status = 500;
    expect(await adaptor().observe(restconf)).toEqual(absent);
    status = 200;
    const seen = await adaptor().observe(restconf);
    expect(seen).toEqual({ ok: true, value: { state: "present", differs: [], pending: false, declared: {} } });
    const before = orderOf({ ...plain, vlanId: 5 }, "/restconf/data");
    asked.length = 0;
    expect(await adaptor().apply(restconf, (seen as { value: Observed }).value, before)).toEqual({ ok: true, value: undefined });
    expect(asked).toEqual(["PUT /restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services/vpn-service=new_intent_2-1"]);
  });
});
