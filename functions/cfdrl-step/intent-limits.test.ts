import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import { type IntentLimits, openIntentLimits } from "./intent-limits.ts";

const TWO_HOURS_S = 7_200;
const uuid = "cbcb208a-4d9c-4f7b-9a6e-1f0f5b3c2d1e";

let server: Server;
let limits: IntentLimits;
let nowMs: number;
/** Tokens that were issued, and until when the API takes each. */
let tokens: Map<string, number>;
let served: { path: string; token: string; status: number }[];
let warned: unknown[];
let cpuLimit: string;
let fault: number | undefined;

/** NEMO's identity management and its intent API in one, with a clock of their own: a token is good for two hours, to the second. */
beforeEach(async () => {
  [tokens, served, warned] = [new Map(), [], []];
  [nowMs, cpuLimit, fault] = [0, "500m", undefined];
  server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.url === "/token") {
      const token = `t${String(tokens.size + 1)}`;
      tokens.set(token, nowMs + 1_000 * TWO_HOURS_S);
      return answer(200, { access_token: token, token_type: "Bearer", expires_in: TWO_HOURS_S });
    }
    const token = String(request.headers.authorization).replace("Bearer ", "");
    const status = fault ?? ((tokens.get(token) ?? -1) > nowMs ? 200 : 401);
    served.push({ path: request.url ?? "", token, status });
    return answer(status, status === 200 ? [intent()] : { detail: "no" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  limits = openIntentLimits({ controllers: [controller()] }, () => nowMs);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await limits.close();
});

const intent = () => ({
  intentExpectations: [
    {
      expectationObject: {
        objectContexts: [{ contextAttribute: "NEMO_WORKLOAD", contextCondition: "IS_EQUAL_TO", contextValueRange: uuid }],
      },
      expectationTargets: [
        { targetName: "cpuUsage", targetCondition: "IS_LESS_THAN", targetValueRange: cpuLimit },
        { targetName: "ramUsage", targetCondition: "IS_LESS_THAN", targetValueRange: "256Mi" },
      ],
    },
  ],
});
function controller(): ReachableController {
  const address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  const oauth = { tokenUrl: new URL("/token", address), clientId: "cfdrl", clientSecret: "s3cret" };
  return { executioner: "intent-api", origin: "https://intent-api.example", address, oauth };
}
const log = { debug: () => {}, info: () => {}, warn: (fields: object) => void warned.push(fields), error: () => {} };
const get = (workload = uuid) => limits.of(workload, { signal: AbortSignal.timeout(20_000), log });
const both = { cpuCores: 0.5, ramBytes: 2 ** 28 };

describe("limits from the intent API", () => {
  it("are asked for with a token, at the path that D2.3 names, and kept for a minute", async () => {
    expect(await get()).toEqual(both);
    expect(await get("another")).toBeUndefined();
    nowMs += 59_999;
    cpuLimit = "2";
    expect(await get()).toEqual(both);
    expect(served).toEqual([{ path: "/api/v1/intent/", token: "t1", status: 200 }]);
    nowMs += 1;
    expect(await get()).toEqual({ ...both, cpuCores: 2 });
  });

  it("survive the token's end: over a day of decisions every token is renewed before it expires, and none is refused", async () => {
    for (; nowMs < 86_400_000; nowMs += 61_000) expect(await get()).toEqual(both);
    expect(served.map(({ status }) => status)).not.toContain(401);
    expect(tokens.size).toBe(Math.ceil(86_400 / TWO_HOURS_S) + 1);
  });

  it("are asked for once more, with another token, where the API does not take the one at hand", async () => {
    await get();
    tokens.set("t1", 0); // revoked
    nowMs += 60_000;
    expect(await get()).toEqual(both);
    expect(served.slice(1)).toEqual([
      { path: "/api/v1/intent/", token: "t1", status: 401 },
      { path: "/api/v1/intent/", token: "t2", status: 200 },
    ]);
  });

  it("are not asked for a third time", async () => {
    fault = 401;
    expect(await get()).toBeUndefined();
    expect(served).toHaveLength(2);
    expect(warned).toMatchObject([{ code: "INTENT_API_REFUSED" }]);
  });

  it("stay what they were while the API is away, for an hour, and nobody waits for it again and again", async () => {
    await get();
    fault = 503;
    nowMs += 60_000;
    expect(await get()).toEqual(both);
    nowMs += 9_999;
    expect(await get()).toEqual(both);
    expect(served).toHaveLength(2);
    expect(warned).toMatchObject([{ code: "INTENT_API_UNAVAILABLE" }]);
    nowMs += 3_600_000;
    expect(await get()).toBeUndefined();
    fault = undefined;
    nowMs += 10_000;
    expect(await get()).toEqual(both);
  });

  it("are one request for all who need them at once", async () => {
    expect(await Promise.all([get(), get(), get()])).toEqual([both, both, both]);
    expect(served).toHaveLength(1);
  });

  it("are unknown where no intent API is configured, and no fault when it cannot be reached", async () => {
    expect(await openIntentLimits({ controllers: [] }).of(uuid, { signal: AbortSignal.timeout(1_000), log })).toBeUndefined();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await get()).toBeUndefined();
    expect(JSON.stringify(warned)).toMatch(/TOKEN_UNREACHABLE/);
    expect(JSON.stringify(warned)).not.toContain("s3cret");
  });
});
