import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { nscAdaptor } from "./adaptor.ts";
import { type NscConnections, openNscConnections } from "./connections.ts";
import { sliceUuid } from "./uuid.ts";

// Answers that no controller in order gives, so the lab's do not either.

const bounds = [{ metric: "one-way-bandwidth", unit: "Gbps", bound: "1" }] as const;
const slice: NetworkSlice = {
  slice: "i-~slice",
  policy: "gold",
  sdps: [
    { id: "1", node: "r1", address: "10.0.0.1", port: "p1", bounds: [...bounds] },
    { id: "2", node: "r2", address: "10.0.0.2", port: "p2", bounds: [] },
  ],
};
const order: Order = {
  executioner: "nsc",
  resource: "slice-service/i-~slice",
  expectationIds: ["1", "2"],
  origins: [],
  payload: slice,
};
const json = { "content-type": "application/yang-data+json" };
const restconfError = (tag: string, message: string) =>
  JSON.stringify({ "ietf-restconf:errors": { error: [{ "error-type": "application", "error-tag": tag, "error-message": message }] } });

describe("a network slice controller that does not answer as it should", () => {
  let server: Server;
  let answer: Parameters<typeof createServer>[1];
  let connections: NscConnections;
  let asked: string[];
  const adaptor = (options: { signal?: AbortSignal; face?: "rfc9543" | "tfs-slice" } = {}) => {
    const controllers: readonly ReachableController[] = connections.controllers.map((c) => ({ ...c, face: options.face ?? "rfc9543" }));
    return nscAdaptor({ controllers, connections, signal: options.signal ?? AbortSignal.timeout(20_000) });
  };

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      answer?.(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/behind/a/proxy/`);
    const controller = { executioner: "nsc", origin: "https://nsc.example.net", address, user: "nsc", password: "hunter2" };
    connections = openNscConnections({ controllers: [controller] });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await connections.close();
  });

  it("is unreachable when nothing listens, or when the time for the order is up", async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(adaptor({ signal: AbortSignal.timeout(100) }).observe(order)).rejects.toMatchObject({ code: "NSC_UNREACHABLE" });
    expect(performance.now() - started).toBeLessThan(2_000);
    server.closeAllConnections();
    server.close();
    await expect(adaptor().observe(order)).rejects.toMatchObject({ name: "TransientError", code: "NSC_UNREACHABLE" });
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
      response.writeHead(200, json);
      const chunk = Buffer.alloc(1 << 20, " ");
      const more = (): void => void (response.destroyed || response.write(chunk, () => setImmediate(more)));
      more();
    };
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      code: "NSC_UNAVAILABLE",
      message: expect.stringContaining("more than 4 MiB"),
    });
  });

  it("is asked below its address, by a percent-encoded id or by the derived UUID, and not followed to where it points", async () => {
    answer = (_request, response) => void response.writeHead(308, { location: "/elsewhere" }).end();
    const root = "GET /behind/a/proxy/restconf/data/ietf-network-slice-service:network-slice-services";
    const named = { ...order, payload: { ...slice, slice: "a:b+c-~slice" } };
    expect(await adaptor().observe(named)).toMatchObject({ code: "NSC_REFUSED", reason: expect.stringContaining("308") });
    expect(await adaptor({ face: "tfs-slice" }).observe(order)).toMatchObject({ code: "NSC_REFUSED" });
    expect(asked).toEqual([`${root}/slice-service=a%3Ab%2Bc-~slice`, `${root}/slice-service=${sliceUuid("i-~slice")}`]);
  });

  it("says when to come back", async () => {
    answer = (_request, response) => void response.writeHead(503, { "retry-after": "7" }).end();
    await expect(adaptor().observe(order)).rejects.toMatchObject({ code: "NSC_UNAVAILABLE", retryAfterMs: 7_000 });
  });

  it.each(["rfc9543", "tfs-slice"] as const)("may repeat our credentials, but we do not (%s)", async (face) => {
    answer = (request, response) => {
      response.writeHead(400, json);
      response.end(JSON.stringify({ message: `bad: ${String(request.headers.authorization)} hunter2` }));
    };
    const seen = await adaptor({ face }).observe(order);
    expect(seen).toMatchObject({ code: "NSC_REFUSED", reason: expect.stringContaining("bad: Basic [redacted] [redacted]") });
    expect(JSON.stringify(seen)).not.toContain("hunter2");
  });

  it("serves something else: its page of 404 says nothing about slices", async () => {
    answer = (_request, response) => void response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not Found</h1>");
    expect(await adaptor().observe(order)).toMatchObject({ ok: false, code: "NSC_REFUSED", reason: expect.stringContaining("404") });
    answer = (_request, response) => void response.writeHead(404, json).end(restconfError("invalid-value", "not there"));
    expect(await adaptor().observe(order)).toEqual({ ok: true, value: { state: "absent" } });
  });

  it.each(["{}", "no json", `{"ietf-network-slice-service:slice-service":[]}`, `{"slice-service":[{"id":"i-~slice"}]}`])(
    "answers 200 with %s, which is no slice service",
    async (body) => {
      answer = (_request, response) => void response.writeHead(200, json).end(body);
      for (const face of ["rfc9543", "tfs-slice"] as const)
        await expect(adaptor({ face }).observe(order)).rejects.toMatchObject({
          code: "NSC_UNAVAILABLE",
          message: expect.stringContaining("not a slice"),
        });
    },
  );

  it("says no with a reason, or not now", async () => {
    let tag = "data-missing";
    answer = (request, response) => {
      response.writeHead(request.method === "GET" ? 404 : 409, json).end(restconfError(tag, "a leafref leads nowhere"));
    };
    expect(await adaptor().apply(order, { state: "absent" }, undefined)).toMatchObject({
      code: "NSC_REFUSED",
      reason: expect.stringContaining("409 to PUT slice-service: a leafref leads nowhere"),
    });
    tag = "lock-denied";
    await expect(adaptor().apply(order, { state: "absent" }, undefined)).rejects.toMatchObject({ code: "NSC_UNAVAILABLE" });
  });

  it("keeps a slice that it said it removed", async () => {
    const entry = { id: "i-~slice", sdps: { sdp: [] } };
    answer = (request, response) => {
      response.writeHead(request.method === "DELETE" ? 204 : 200, json);
      response.end(request.method === "DELETE" ? undefined : JSON.stringify({ "ietf-network-slice-service:slice-service": [entry] }));
    };
    const seen = { state: "present", differs: [], pending: false, declared: {} } as const;
    for (const face of ["rfc9543", "tfs-slice"] as const)
      await expect(adaptor({ face }).withdraw(order, seen)).rejects.toMatchObject({
        code: "NSC_UNAVAILABLE",
        message: expect.stringContaining("still has i-~slice"),
      });
  });

  it("has a slice of that UUID that another interface of TeraFlowSDN made: all of it differs", async () => {
    let capacity = 0;
    const service = { id: "i-~slice", sdps: { sdp: [] } };
    const native = (running?: object) => ({
      slice_id: { slice_uuid: { uuid: sliceUuid("i-~slice") } },
      slice_status: { slice_status: "SLICESTATUS_SLA_VIOLATED" },
      slice_constraints: [{ sla_capacity: { capacity_gbps: capacity } }],
      slice_config: {
        config_rules:
          running === undefined ? [] : [{ custom: { resource_key: "running_ietf_slice", resource_value: JSON.stringify(running) } }],
      },
    });
    let body = native();
    answer = (_request, response) => void response.writeHead(504, { "content-type": "application/json" }).end(JSON.stringify(body));
    const tfs = adaptor({ face: "tfs-slice" });
    expect(await tfs.observe(order)).toMatchObject({ value: { state: "present", differs: ["connectivity"], pending: false } });
    body = native({ "network-slice-services": { "slice-service": [service] } });
    expect(await tfs.observe(order)).toMatchObject({ value: { differs: ["slo-sle-policy", "sdp-id", "one-way-bandwidth"] } });
    capacity = 1; // what is configured counts beside what was asked for
    body = native({ "network-slice-services": { "slice-service": [service] } });
    expect(await tfs.observe(order)).toMatchObject({ value: { differs: ["slo-sle-policy", "sdp-id"] } });
  });
});
