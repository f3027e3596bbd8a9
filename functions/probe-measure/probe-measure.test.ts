import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProbeAgents } from "../../domain/probe/agents.ts";
import { nodeId } from "../../domain/probe/model.ts";
import type { AgentReport } from "../../domain/probe/report.ts";
import type { Probing } from "../../domain/probe/schedule.ts";
import { ProbeDue, ProbeMeasured } from "../../events/probe.ts";
import { exhausted, invoke, type Reply } from "../../runtime/invoke.ts";
import { memoryProbeLeases, type ProbeLeases } from "../../state/probe-leases.ts";
import { openAgents } from "./client.ts";
import probeMeasure from "./handler.ts";

const PERIOD_MS = 3_600_000;
const T0 = Date.UTC(2026, 0, 1);

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** Something that answers where an agent should. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const probingAt = (agent: string, more: Partial<Probing> = {}): Probing => ({
  agents: ProbeAgents.parse(["a", "b", "c"].map((node, i) => ({ cluster: "k", node, address: `10.0.0.${String(i)}`, agent }))),
  token: "t",
  periodMs: PERIOD_MS,
  strategy: "full-mesh",
  fanOut: 1,
  throughput: true,
  ...more,
});

let leases: ProbeLeases;
beforeEach(() => {
  leases = memoryProbeLeases();
});

const scopeOf = (probing: Probing | undefined) => {
  const backing = { controllers: [], sealKey: Buffer.alloc(32), ...(probing === undefined ? {} : { probing }) };
  const quiet = () => undefined;
  return {
    resources: { agents: openAgents(backing), leases },
    now: () => new Date(T0),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    lastAttempt: false,
    reached: quiet,
  };
};
const tickAt = (ms: number, throughput = true) => ({
  ...ProbeDue.make({ source: "/clock", subject: "probe", id: `tick ${String(ms)}`, data: { trigger: "period", throughput } }),
  time: new Date(ms).toISOString(),
});
const pair = { source: { cluster: "k", node: "a", address: "10.0.0.0" }, destination: { cluster: "k", node: "b", address: "10.0.0.1" } };
const due = (id = "due") => ProbeDue.make({ source: "/t", subject: "s", id, data: { pair, trigger: "demand", throughput: false } });
const eventsOf = (reply: Reply) => {
  if (reply.kind !== "done") throw new Error(JSON.stringify(reply));
  return reply.events;
};

describe("a tick", () => {
  const pairsIn = (reply: Reply): readonly string[] =>
    eventsOf(reply).map((event) => {
      const asked = ProbeDue.data.parse(event.data).pair;
      return asked === undefined ? "" : `${nodeId(asked.source)}->${nodeId(asked.destination)}`;
    });

  it("asks for every link once a period", async () => {
    const scope = scopeOf(probingAt("http://127.0.0.1:1"));
    expect(new Set(pairsIn(await invoke(probeMeasure, tickAt(T0), scope))).size).toBe(6);
    expect(pairsIn(await invoke(probeMeasure, tickAt(T0 + 60_000), scope))).toEqual([]);
    expect(pairsIn(await invoke(probeMeasure, tickAt(T0 + PERIOD_MS), scope))).toHaveLength(6);
  });

  it("that is delivered again says the same again, with the same ids", async () => {
    const scope = scopeOf(probingAt("http://127.0.0.1:1"));
    const first = eventsOf(await invoke(probeMeasure, tickAt(T0), scope));
    const again = eventsOf(await invoke(probeMeasure, tickAt(T0), scope));
    expect(again.map(({ id, data }) => [id, data])).toEqual(first.map(({ id, data }) => [id, data]));
  });

  it("leaves the throughput out where the settings do", async () => {
    const scope = scopeOf(probingAt("http://127.0.0.1:1", { throughput: false }));
    const [event] = eventsOf(await invoke(probeMeasure, tickAt(T0), scope));
    expect(event?.data).toMatchObject({ trigger: "period", throughput: false });
  });

  it("asks for nothing where nobody is to be measured", async () => {
    expect(eventsOf(await invoke(probeMeasure, tickAt(T0), scopeOf(undefined)))).toEqual([]);
    expect(eventsOf(await invoke(probeMeasure, tickAt(T0), scopeOf(probingAt("http://127.0.0.1:1", { agents: [] }))))).toEqual([]);
  });
});

const report = (more: Partial<AgentReport["link"]> = {}): AgentReport => ({
  link: {
    ...pair,
    measuredAt: "2026-01-01T00:00:01.000Z",
    measurements: [
      {
        metric: "delay-rt",
        unit: "ms",
        statistic: "p50",
        direction: "round-trip",
        n: 9,
        method: "stamp",
        floor: null,
        value: 1,
        error: null,
      },
    ],
    ...more,
  },
  counts: {
    sent: 10,
    received: 10,
    lost: 0,
    duplicates: 0,
    reordered: { forward: 0, backward: 0 },
    rejected: 0,
    closing: { sent: 0, lost: 0 },
    isClockStepped: false,
  },
  cost: { stampBytes: 1_440, throughputBytes: 0, cpuMs: 1, tookMs: 1 },
});
const told =
  (body: unknown): RequestListener =>
  (_request, response) =>
    void response.end(typeof body === "string" ? body : JSON.stringify(body));
const status =
  (code: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(code).end("{}");
const freed = async (): Promise<string> => (await leases.take(["k/a", "k/b"], "somebody else", 1_000)).kind;

describe("a link that is due", () => {
  it("is measured by its source's agent, with the token, and told as the agent told it", async () => {
    let asked: unknown;
    const agent = await answering((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked = { body: JSON.parse(body), url: request.url, authorization: request.headers.authorization };
        response.end(JSON.stringify(report()));
      });
    });
    const [event, ...more] = eventsOf(await invoke(probeMeasure, due(), scopeOf(probingAt(agent))));
    expect(more).toEqual([]);
    expect(asked).toEqual({
      url: "/v1/measurements",
      authorization: "Bearer t",
      body: { destination: { cluster: "k", node: "b" }, throughput: false },
    });
    expect(event).toMatchObject({ type: ProbeMeasured.type, subject: "k/a->k/b", causationid: "due", data: report().link });
    expect(await freed()).toBe("leased");
  });

  it.each<[string, RequestListener, string]>([
    ["has another token", status(401), "PROBE_TOKEN_WRONG"],
    ["does not know the target", status(403), "PROBE_TARGET_NOT_ALLOWED"],
    ["fails", status(500), "PROBE_AGENT_UNREACHABLE"],
    ["is something else", told("<html>"), "PROBE_AGENT_UNREACHABLE"],
    ["speaks of another link", told(report({ source: pair.destination })), "PROBE_AGENT_UNREACHABLE"],
    [
      "tells values that cannot be",
      told({ ...report(), link: { ...report().link, measurements: [{ metric: "delay-rt", value: "1" }] } }),
      "PROBE_AGENT_UNREACHABLE",
    ],
    ["hangs up", (request) => void request.socket.destroy(), "PROBE_AGENT_UNREACHABLE"],
  ])("is told as not measured, with the reason, when its agent %s", async (_, listener, code) => {
    const [event] = eventsOf(await invoke(probeMeasure, due(), scopeOf(probingAt(await answering(listener)))));
    const link = ProbeMeasured.data.parse(event?.data);
    expect(link).toMatchObject(pair);
    expect(new Set(link.measurements.map((m) => m.error?.code))).toEqual(new Set([code]));
    expect(await freed()).toBe("leased");
  });

  it("is told as not measured when its agent's answer has no end, of which little is read", async () => {
    let written = 0;
    const endless: RequestListener = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && written < 64_000_000 && response.write(Buffer.alloc(65_536, 0x20))) written += 65_536;
      };
      response.on("drain", more);
      more();
    };
    const [event] = eventsOf(await invoke(probeMeasure, due(), scopeOf(probingAt(await answering(endless)))));
    expect(ProbeMeasured.data.parse(event?.data).measurements[0]?.error?.reason).toContain("no end");
    expect(written).toBeLessThan(64_000_000);
  });

  it("is told as not measured when nobody listens where its agent should be", async () => {
    const [event] = eventsOf(await invoke(probeMeasure, due(), scopeOf(probingAt("http://127.0.0.1:1"))));
    expect(ProbeMeasured.data.parse(event?.data).measurements[0]?.error).toMatchObject({
      code: "PROBE_AGENT_UNREACHABLE",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("waits, and is not told as anything, while one of its ends is in another measurement", async () => {
    const scope = scopeOf(probingAt(await answering(told(report()))));
    await leases.take(["k/b"], "another link", 60_000);
    expect(await invoke(probeMeasure, due(), scope)).toMatchObject({ kind: "retry", code: "PROBE_BUSY", retryAfterMs: expect.any(Number) });
    await leases.giveBack(["k/b"], "another link");
    expect(eventsOf(await invoke(probeMeasure, due(), scope))).toHaveLength(1);
  });

  it("waits while its agent is busy for somebody else, and leaves both ends free", async () => {
    expect(await invoke(probeMeasure, due(), scopeOf(probingAt(await answering(status(503)))))).toMatchObject({
      kind: "retry",
      code: "PROBE_BUSY",
    });
    expect(await freed()).toBe("leased");
  });

  it("is told as not measured when it is given up", () => {
    const reply = exhausted(probeMeasure, due(), { code: "PROBE_BUSY", reason: "k/b is being measured" });
    const [event] = eventsOf(reply);
    expect(ProbeMeasured.data.parse(event?.data).measurements[0]).toMatchObject({ value: null, error: { code: "PROBE_BUSY" } });
    expect(eventsOf(exhausted(probeMeasure, tickAt(T0), { code: "X", reason: "" }))).toEqual([]);
  });

  it("of a node that is not known any more is told as not measured", async () => {
    const gone = ProbeDue.make({
      source: "/t",
      subject: "s",
      data: { trigger: "period", throughput: true, pair: { ...pair, destination: { ...pair.destination, node: "gone" } } },
    });
    const [event] = eventsOf(await invoke(probeMeasure, gone, scopeOf(probingAt("http://127.0.0.1:1"))));
    expect(ProbeMeasured.data.parse(event?.data).measurements[0]?.error?.code).toBe("PROBE_NODE_UNKNOWN");
  });
});
