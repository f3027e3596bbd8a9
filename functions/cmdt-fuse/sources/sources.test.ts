import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../../domain/controllers.ts";
import { takePod } from "../../../domain/twin/fuse-pod.ts";
import type { Twin } from "../../../domain/twin/model.ts";
import { container, news, nobodys, pod } from "../../../test/support/pods.ts";
import { openTwinSources, type TwinSources } from "./sources.ts";

let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => answer(request, response, body));
});
let sources: TwinSources | undefined;
let address: URL;
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
});
afterEach(async () => {
  await sources?.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const twin: Twin = takePod(
  undefined,
  news(1, pod({ name: "web.1", containers: [container(), container({ name: "linkerd-proxy" })] })),
  nobodys,
).twin;
const asking = { signal: AbortSignal.timeout(10_000), now: () => new Date(0) };
const open = (executioner: string, more: Partial<ReachableController> = {}): TwinSources =>
  (sources = openTwinSources({ controllers: [{ executioner, origin: "http://source", address, ...more }] }));
const proxyOf = async (executioner: string, more?: Partial<ReachableController>) =>
  (await open(executioner, more).proxies(twin, asking))?.answers.get("u1");

describe("prometheus", () => {
  const vector = (result: unknown) => JSON.stringify({ status: "success", data: { resultType: "vector", result } });
  const sample = (metric: Record<string, string>, value: string) => ({
    metric: { namespace: "app", pod: "web.1", direction: "inbound", ...metric },
    value: [12.5, value],
  });

  it("is asked for raw counters of the pods by name, and never for a rate", async () => {
    let asked = "";
    answer = (_request, response, body) => {
      asked = new URLSearchParams(body).get("query") ?? "";
      response.end(vector([sample({ __name__: "response_total", status_code: "500", classification: "failure" }, "1")]));
    };
    expect(await proxyOf("prometheus")).toMatchObject({
      kind: "scraped",
      atMs: 12_500,
      scrape: { series: expect.objectContaining({ size: 1 }) as unknown },
    });
    expect(asked).toContain('namespace="app",pod=~"web\\\\.1"');
    expect(asked).toContain("response_total");
    expect(asked).not.toMatch(/rate|increase/);
  });

  it("calls a pod silent that it has no series of: its counters have not vanished", async () => {
    answer = (_request, response) => response.end(vector([]));
    expect(await proxyOf("prometheus")).toEqual({ kind: "silent", reason: "web.1: Prometheus has no series of its proxy" });
  });

  it.each([
    ["<html>", "answered no JSON"],
    ['{"status":"error"}', "answered no vector"],
  ])("is silent where it answers %s", async (body, reason) => {
    answer = (_request, response) => response.end(body);
    expect(await proxyOf("prometheus")).toEqual({ kind: "silent", reason: expect.stringContaining(reason) });
  });
});

describe("every source", () => {
  it("gets the operator's token as it is now, and is silent where that cannot be read", async () => {
    const tokens: (string | undefined)[] = [];
    answer = (request, response) => {
      tokens.push(request.headers.authorization);
      response.end("process_start_time_seconds 1\n");
    };
    let token: string | undefined = "first";
    const renewed = {
      token: (): string => {
        if (token === undefined) throw new Error("ENOENT");
        return token;
      },
    };
    open("linkerd", renewed);
    const scrape = async () => (await sources?.proxies(twin, asking))?.answers.get("u1");
    expect(await scrape()).toMatchObject({ kind: "scraped" });
    token = "second";
    expect(await scrape()).toMatchObject({ kind: "scraped" });
    token = undefined;
    expect(await scrape()).toEqual({ kind: "silent", reason: `web.1: the tokenFile of ${address.host} cannot be read` });
    expect(tokens).toEqual(["Bearer first", "Bearer second"]);
  });

  it("is silent where it answers more than it may, whether it says so or not", async () => {
    for (const declared of [true, false]) {
      answer = (_request, response) => {
        const big = Buffer.alloc(17 * 1024 * 1024, "a 1\n");
        if (declared) response.setHeader("content-length", big.length);
        response.on("error", () => undefined);
        response.write(big); // without a length, unless it was declared
        response.end();
      };
      expect(await proxyOf("linkerd")).toEqual({ kind: "silent", reason: expect.stringContaining("answered more than 16 MiB") });
    }
  });

  it("is silent where its answer is cut off or is none, and the reason names the place", async () => {
    answer = (_request, response) => response.end("request_total 1");
    expect(await proxyOf("linkerd")).toEqual({
      kind: "silent",
      reason: "web.1: line 1: the last line is not ended, so the scrape may be cut off",
    });
    answer = (_request, response) => response.writeHead(403).end();
    expect(await proxyOf("linkerd")).toEqual({ kind: "silent", reason: `web.1: ${address.host} answered 403: check its tokenFile` });
  });

  it("does not keep a round waiting for ever", async () => {
    answer = () => undefined;
    const impatient = { signal: AbortSignal.timeout(50), now: asking.now };
    expect((await open("linkerd").proxies(twin, impatient))?.answers.get("u1")).toEqual({
      kind: "silent",
      reason: `web.1: no answer from ${address.host}`,
    });
  });
});

describe("kubelets", () => {
  it("are asked one by one, and one that is silent makes its own pods' usage stale and no other's", async () => {
    answer = (request, response) => {
      if (request.url?.includes("node-2") === true) response.writeHead(502).end();
      else response.end('container_memory_working_set_bytes{container="web",pod="web.1",namespace="app"} 5\n');
    };
    const { usage } = await open("kubelet").cluster("kind-1", ["node-1", "node-2"], asking);
    expect(usage?.usage.get("app/web.1")).toMatchObject([{ memoryBytes: 5 }]);
    expect([usage?.answerOf("node-1").kind, usage?.answerOf("node-2").kind, usage?.answerOf("node-3").kind]).toEqual([
      "answered",
      "silent",
      "silent",
    ]);
  });

  it.each([
    ["cadvisor", "/api/v1/nodes/node-1/proxy/metrics/cadvisor"],
    ["resource", "/api/v1/nodes/node-1/proxy/metrics/resource"],
    ["summary", "/api/v1/nodes/node-1/proxy/stats/summary"],
  ] as const)("are asked for %s by way of the API server", async (usage, path) => {
    let asked: string | undefined;
    answer = (request, response) => {
      asked = request.url;
      response.end(usage === "summary" ? '{"pods":[]}' : "");
    };
    const read = await open("kubelet", { usage }).cluster("kind-1", ["node-1"], asking);
    expect([asked, read.usage?.answerOf("node-1").kind]).toEqual([path, "answered"]);
  });
});
