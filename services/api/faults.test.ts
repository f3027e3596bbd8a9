import type { FastifyInstance } from "fastify";
import { describe, expect, it, vi } from "vitest";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { TransientError } from "../../runtime/errors.ts";
import { memoryCostMaps } from "../../state/cost-map.ts";
import { memoryIntents } from "../../state/intents.ts";
import { memoryTwins } from "../../state/twins.ts";
import { memoryTopology } from "../../state/topology.ts";
import { memoryTsn } from "../../state/tsn.ts";
import { openApi } from "./server.ts";
import { openTail } from "./tail.ts";

async function* none(): AsyncGenerator<never> {
  yield* [];
}

describe("the API while something behind it is away", () => {
  const silent = { warn: () => undefined, error: vi.fn() };
  const api = (publish: () => Promise<never>): FastifyInstance => {
    const broker = openMemoryBroker();
    return openApi({
      broker,
      tail: openTail(broker),
      intents: { ...memoryIntents(), list: publish },
      ingress: { read: () => ({ ok: true, candidates: [] }), objections: publish, submit: publish, repair: publish, terminate: publish },
      twins: { ...memoryTwins(), list: publish, get: publish },
      planner: { plan: publish },
      drift: { of: publish, all: () => none() },
      topology: memoryTopology(),
      costMaps: memoryCostMaps(),
      publish,
      probing: undefined,
      tsn: { schedules: memoryTsn(), publish },
      metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
      log: silent,
    });
  };

  it("answers 503 with Retry-After and the code of what is away", async () => {
    const app = api(() => Promise.reject(new TransientError("BROKER_UNAVAILABLE", "no connection to the broker")));
    for (const [method, url] of [
      ["POST", "/v1/intents"],
      ["POST", "/v1/plans"],
      ["DELETE", "/v1/intents/i"],
      ["GET", "/v1/intents"],
      ["GET", "/v1/reports"],
      ["GET", "/v1/twins"],
      ["GET", "/v1/twins/w"],
      ["GET", "/v1/twins/w/history"],
    ] as const) {
      const { statusCode, headers, body } = await app.inject({ method, url });
      expect([statusCode, headers["retry-after"], String(headers["content-type"])]).toEqual([
        503,
        "1",
        expect.stringContaining("application/problem+json"),
      ]);
      expect(JSON.parse(body)).toMatchObject({ status: 503, code: "BROKER_UNAVAILABLE" });
    }
  });

  it("answers 500 to a fault of its own, and lets nothing of it out", async () => {
    const app = api(() => Promise.reject(new Error("canary at /home/somebody")));
    const { statusCode, body } = await app.inject({ method: "POST", url: "/v1/intents" });
    expect([statusCode, JSON.parse(body)]).toEqual([
      500,
      { type: "/docs/errors#internal", title: "an unexpected fault", status: 500, code: "INTERNAL" },
    ]);
    expect(silent.error).toHaveBeenCalledWith({ err: expect.any(Error) }, "request failed");
  });

  it("is not ready without its broker", async () => {
    const broker = openMemoryBroker();
    const app = openApi({
      broker,
      tail: openTail(broker),
      intents: memoryIntents(),
      twins: memoryTwins(),
      ingress: {
        read: () => ({ ok: true, candidates: [] }),
        objections: () => Promise.resolve([]),
        submit: () => Promise.resolve({ ok: true, records: [] }),
        repair: () => Promise.resolve(undefined),
        terminate: () => Promise.resolve(undefined),
      },
      drift: { of: () => Promise.reject(new Error("nothing to look at")), all: () => none() },
      planner: { plan: () => Promise.resolve({ ok: false, code: "X", reason: "" }) },
      topology: memoryTopology(),
      costMaps: memoryCostMaps(),
      publish: () => Promise.resolve(),
      probing: undefined,
      tsn: { schedules: memoryTsn(), publish: () => Promise.resolve() },
      metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
      log: silent,
    });
    await broker.close();
    const { statusCode, body } = await app.inject({ method: "GET", url: "/_/ready" });
    expect([statusCode, JSON.parse(body)]).toMatchObject([503, { code: "BROKER_UNAVAILABLE" }]);
  });
});
