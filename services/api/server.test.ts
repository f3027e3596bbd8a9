import { readFileSync } from "node:fs";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../runtime/config.ts";
import { reachable } from "../controllers.ts";
import { LIMITS } from "../ingress/parse.ts";
import { startSystem, type System } from "../system.ts";
import { openapi } from "./openapi.ts";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const vpn = readFileSync(new URL("../../test/golden/annex-9.1-tfs-l2vpn.yaml", import.meta.url), "utf8");

/** An intent that ends in the log: everything happens, and no controller is needed. */
const logged = (id: string, { note = "a", state = "ACTIVATED", expectations = ["1"] } = {}): string =>
  JSON.stringify({
    Intent: {
      id,
      userLabel: "cloud_continuum",
      intentAdminState: state,
      intentExpectations: expectations.map((expectationId) => ({
        expectationId,
        expectationVerb: "DELIVER",
        expectationObject: {
          objectType: "LOG",
          objectContexts: [
            { contextAttribute: "note", contextCondition: "IS_EQUAL_TO", contextValueRange: note },
            { contextAttribute: "bearer_token", contextCondition: "IS_EQUAL_TO", contextValueRange: "canary-token" },
          ],
        },
      })),
    },
  });

let system: System;
let ask: (method: string, path: string, body?: string | Buffer, headers?: Record<string, string>) => Promise<Answer>;

beforeAll(async () => {
  // The one controller is a port on which nobody listens.
  const controllers = reachable([{ executioner: "tfs", origin: "http://192.168.165.10", connect: "http://127.0.0.1:1" }]);
  const config = readConfig({ PORT: "0" });
  system = await startSystem({ config, log: pino({ level: "silent" }), controllers, sealKey: Buffer.alloc(32, 1) });
  ask = async (method, path, body, headers = {}) => {
    const response = await fetch(new URL(path, system.address), {
      method,
      headers,
      ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
    });
    const type = response.headers.get("content-type") ?? "";
    const text = await response.text();
    return {
      status: response.status,
      type,
      headers: response.headers,
      body: (type.includes("json") ? JSON.parse(text) : { text }) as Record<string, unknown>,
    };
  };
});
afterAll(() => system.stop());

const apply = (file: string, query = "") => ask("POST", `/v1/intents${query}`, file);
const settled = (id: string) => ask("GET", `/v1/intents/${id}?waitMs=10000`);

/** RFC 9457, with our code. */
const expectProblem = ({ status, type, body }: Answer, wanted: number, code: string): void => {
  expect({ status, type: type.split(";")[0], code: body["code"] }).toEqual({ status: wanted, type: "application/problem+json", code });
  expect(body).toMatchObject({ type: `/docs/errors#${code.toLowerCase()}`, status: wanted, title: expect.stringMatching(/./) });
};

describe("applying over HTTP", () => {
  it("takes an intent with 202, and answers when it is settled", async () => {
    const taken = await apply(logged("first"));
    expect(taken).toMatchObject({
      status: 202,
      body: { intents: [{ id: "first", generation: 1, submission: 1, state: "ACKNOWLEDGED", isSettled: false }], warnings: [] },
    });
    const view = await settled("first");
    expect(view).toMatchObject({
      status: 200,
      body: {
        id: "first",
        state: "FULFILLED",
        isSettled: true,
        orders: [{ executioner: "log", action: "apply", state: "executed", effect: "created" }],
      },
    });
    expect(JSON.stringify([taken, view])).not.toMatch(/canary-token|secretRef/);
  });

  it("takes YAML and JSON, whatever they are called", async () => {
    for (const type of [
      "application/yaml",
      "application/json",
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ])
      expect((await ask("POST", "/v1/intents", logged("typed"), { "content-type": type })).status).toBe(202);
    expect((await apply(logged("typed"))).status).toBe(202);
    expectProblem(await ask("POST", "/v1/intents", logged("typed"), { "content-type": "nonsense" }), 415, "REQUEST_INVALID");
  });

  it("says what it forgave", async () => {
    const printed = logged("comma").replace(
      '"intentExpectations":[{',
      '"intentExpectations":[{"expectationTargets":[{"targetName":"latency","targetCondition":"IS_LESS_THAN","targetValueRange":"10,0"}],',
    );
    expect((await apply(printed)).body).toMatchObject({ warnings: ["latency: 10,0 is read as 10.0"] });
  });

  it("answers 400 to what is no file of intents at all", async () => {
    for (const body of ["{", "a: [", "", "# nothing", undefined]) {
      const answer = await ask("POST", "/v1/intents", body);
      expectProblem(answer, 400, "INPUT_UNPARSABLE");
      expect(answer.body["problems"]).toMatchObject([{ document: 1, code: "INPUT_UNPARSABLE" }]);
    }
  });

  it("answers 413 to what is too large, at the door and at the reading", async () => {
    expectProblem(await apply("a".repeat(LIMITS.bytes + 1)), 413, "INPUT_TOO_LARGE");
    expectProblem(await apply("a:\n".repeat(150_000)), 413, "INPUT_TOO_LARGE");
  });

  it("answers 422 to what it understood and refuses, with every problem and place, and takes nothing", async () => {
    const answer = await apply(`${logged("good")}\n---\n${vpn.replace("'999'", "'0'")}\n---\nIntent: 7\n`);
    expectProblem(answer, 422, "CONTEXT_INVALID");
    expect(answer.body["problems"]).toMatchObject([
      {
        document: 2,
        intentId: "new_intent_2",
        code: "CONTEXT_INVALID",
        path: expect.stringContaining("/objectContexts/4"),
        line: expect.any(Number),
      },
      { document: 3, code: "INTENT_INVALID" },
    ]);
    expect(answer.body["detail"]).toContain("and 1 more");
    expectProblem(await ask("GET", "/v1/intents/good"), 404, "INTENT_UNKNOWN");
  });

  it("answers 404 for intents and reports that nobody submitted", async () => {
    for (const [method, path] of [
      ["GET", "/v1/intents/nobody"],
      ["GET", "/v1/intents/nobody?waitMs=5000"],
      ["DELETE", "/v1/intents/nobody"],
      ["GET", "/v1/reports/nobody"],
      ["GET", `/v1/intents/${encodeURIComponent("../../etc/passwd")}`],
    ] as const)
      expectProblem(await ask(method, path), 404, "INTENT_UNKNOWN");
    expectProblem(await ask("GET", "/nowhere"), 404, "ROUTE_UNKNOWN");
    expectProblem(await ask("PUT", "/v1/intents/first", "x"), 404, "ROUTE_UNKNOWN");
    expectProblem(await ask("GET", "/v1/lab/ledger"), 404, "LAB_OFF");
  });

  it("answers 400 to a query that it cannot read", async () => {
    for (const path of [
      "/v1/intents?limit=0",
      "/v1/intents?limit=many",
      "/v1/reports?limit=501",
      "/v1/intents/first?waitMs=-1",
      "/v1/intents/first?waitMs=60001",
      "/v1/events?limit=1001",
      "/v1/intents?limit=1&limit=2",
    ])
      expectProblem(await ask("GET", path), 400, "QUERY_INVALID");
    expectProblem(await apply(logged("planned"), "?plan=nonsense"), 400, "QUERY_INVALID");
  });

  it("suspends, activates and terminates", async () => {
    await apply(logged("life"));
    await settled("life");
    await apply(logged("life", { state: "DEACTIVATED" }));
    expect((await settled("life")).body).toMatchObject({
      state: "SUSPENDED",
      generation: 2,
      orders: [{ action: "withdraw", state: "executed" }],
    });
    await apply(logged("life"));
    expect((await settled("life")).body).toMatchObject({ state: "FULFILLED", generation: 3 });
    expect(await ask("DELETE", "/v1/intents/life")).toMatchObject({ status: 202, body: { wanted: "terminated" } });
    expect((await settled("life")).body).toMatchObject({ state: "TERMINATED", isSettled: true });
    expect(await ask("DELETE", "/v1/intents/life")).toMatchObject({ status: 202, body: { state: "TERMINATED" } });
  });

  it("waits no longer than it was told for what does not settle, and answers how it is", async () => {
    await apply(vpn);
    const started = performance.now();
    const answer = await ask("GET", "/v1/intents/new_intent_2?waitMs=150");
    expect(answer).toMatchObject({ status: 200, body: { isSettled: false, state: "ACKNOWLEDGED" } });
    expect(performance.now() - started).toBeGreaterThan(140);
    expect((await ask("GET", "/v1/intents/new_intent_2")).body).toMatchObject({ isSettled: false });
  });
});

describe("planning over HTTP", () => {
  it("says what apply would do, and keeps nothing", async () => {
    const plan = await ask("POST", "/v1/plans", logged("only-planned"));
    expect(plan).toMatchObject({
      status: 200,
      body: { changes: 1, steps: [{ intentId: "only-planned", executioner: "log", change: "create" }] },
    });
    expectProblem(await ask("GET", "/v1/intents/only-planned"), 404, "INTENT_UNKNOWN");
    expect(JSON.stringify(plan)).not.toContain("canary-token");
  });

  it("refuses as apply would", async () => {
    expectProblem(await ask("POST", "/v1/plans", vpn.replace("'999'", "'0'")), 422, "CONTEXT_INVALID");
    expectProblem(await ask("POST", "/v1/plans", "{"), 400, "INPUT_UNPARSABLE");
    expectProblem(await ask("POST", "/v1/plans"), 400, "INPUT_UNPARSABLE");
  });

  it("answers 503 with Retry-After when a controller does not answer", async () => {
    const answer = await ask("POST", "/v1/plans", vpn);
    expectProblem(answer, 503, "TFS_UNREACHABLE");
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  it("applies a plan that still holds, and answers 409 to one that has drifted, and takes nothing", async () => {
    const file = logged("drifting", { expectations: ["1"] });
    const { hash } = (await ask("POST", "/v1/plans", file)).body;
    expect((await apply(file, `?plan=${String(hash)}`)).status).toBe(202);
    await settled("drifting");
    const next = logged("drifting", { expectations: ["2"] });
    const planned = String((await ask("POST", "/v1/plans", next)).body["hash"]);
    await apply(logged("drifting", { expectations: ["1", "3"] }));
    const before = (await settled("drifting")).body["submission"];
    const answer = await apply(next, `?plan=${planned}`);
    expectProblem(answer, 409, "PLAN_DRIFTED");
    expect(answer.body["detail"]).toContain(planned);
    expect((await settled("drifting")).body["submission"]).toBe(before);
  });
});

describe("lists over HTTP", () => {
  it("come page by page, in the order of the ids, none twice and none left out", async () => {
    await apply(["p1", "p2", "p3", "p4", "p5"].map((id) => logged(id)).join("\n---\n"));
    for (const [path, name] of [
      ["/v1/intents", "intents"],
      ["/v1/reports", "reports"],
    ] as const) {
      const ids: string[] = [];
      for (let after: string | undefined; ;) {
        const { body } = await ask("GET", `${path}?limit=2${after === undefined ? "" : `&after=${encodeURIComponent(after)}`}`);
        const page = (body[name] as { id: string }[]).map(({ id }) => id);
        expect(page.length).toBeLessThanOrEqual(2);
        ids.push(...page);
        after = body["next"] as string | undefined;
        if (after === undefined) break;
      }
      expect(ids).toEqual([...new Set(ids)].toSorted());
      expect(ids.filter((id) => id.startsWith("p")).map((id) => id.slice(0, 2))).toEqual(["p1", "p2", "p3", "p4", "p5"]);
    }
  });

  it("have one report under the name that the standard gives it", async () => {
    await apply(logged("reported"));
    await settled("reported");
    expect((await ask("GET", "/v1/reports/reported")).body).toMatchObject({
      IntentReport: {
        id: "reported-report",
        intentReference: "Intent=reported",
        intentFulfilmentReport: { intentFulfilmentInfo: { fulfilmentStatus: "FULFILLED" } },
      },
    });
  });
});

describe("what the API says of itself", () => {
  it("is the OpenAPI document that it serves, and every path of it is served", async () => {
    const { body } = await ask("GET", "/openapi.json");
    expect(body).toEqual(JSON.parse(JSON.stringify(openapi)));
    const paths = Object.entries(openapi.paths);
    expect(paths.length).toBeGreaterThan(8);
    for (const [path, operations] of paths)
      for (const method of Object.keys(operations)) {
        const answer = await ask(method.toUpperCase(), path.replace("{id}", "first"), method === "post" ? logged("first") : undefined);
        expect([path, method, answer.body["code"]]).not.toEqual([path, method, "ROUTE_UNKNOWN"]);
        expect(Object.keys((operations as Record<string, { responses: object }>)[method]?.responses ?? {}), `${method} ${path}`).toContain(
          String(answer.status),
        );
      }
  });

  it("is health, readiness and metrics", async () => {
    expect(await ask("GET", "/_/health")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await ask("GET", "/_/ready")).toMatchObject({ status: 200, body: { status: "ready" } });
    const { type, body } = await ask("GET", "/metrics");
    expect([type, String(body["text"])]).toEqual([expect.stringContaining("text/plain"), expect.stringContaining("invocations_total")]);
  });
});
