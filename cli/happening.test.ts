import { describe, expect, it } from "vitest";
import { eventLine, shortType, whatOf } from "./happening.ts";
import { painter } from "./screen.ts";
import { messagesOf } from "./sse.ts";

const type = (short: string): string => `eu.meta-os.nemo.${short}.v1`;
const order = { executioner: "tfs", resource: "service/a-1" };

describe("an event in a few words", () => {
  it.each([
    ["intent.submitted", { generation: 2, submission: 3, wanted: "active" }, "generation 2 submission 3 wanted active"],
    ["intent.derived", { library: "l2vpn" }, "by l2vpn"],
    ["intent.classified", { matches: [{ library: "tfs-l2vpn" }, { library: "l2sm" }] }, "tfs-l2vpn, l2sm"],
    ["intent.refused", { code: "INTENT_UNCLASSIFIABLE", reason: "no library" }, "INTENT_UNCLASSIFIABLE: no library"],
    ["order.placed", { action: "apply", order }, "apply tfs service/a-1"],
    ["order.executed", { ...order, effect: "created" }, "created tfs service/a-1"],
    ["order.failed", { ...order, code: "TFS_REFUSED", reason: "400" }, "tfs service/a-1 TFS_REFUSED: 400"],
    ["intent.reported", { report: { intentFulfilmentReport: { intentFulfilmentInfo: { fulfilmentStatus: "FULFILLED" } } } }, "FULFILLED"],
    [
      "intent.reported",
      {
        report: {
          intentFulfilmentReport: {
            intentFulfilmentInfo: {
              fulfilmentStatus: "NOT_FULFILLED",
              notFullfilledState: "FULFILMENTFAILED",
              notFulfilledReasons: ["A: b"],
            },
          },
        },
      },
      "FULFILMENTFAILED A: b",
    ],
    ["pod.changed", { kind: "modified", pod: { name: "web-1", phase: "Running" } }, "modified web-1 Running"],
    ["node.changed", { kind: "added", name: "node-1", ready: true }, "added node-1 ready"],
    [
      "twin.anomaly.detected",
      { anomaly: { state: "open", severity: "critical", rule: "restart-loop", summary: "5 restarts in 10 minutes" } },
      "open critical restart-loop 5 restarts in 10 minutes",
    ],
    ["twin.snapshot.taken", { twin: { status: { current: null, phase: "Pending" } } }, "Pending"],
    ["weather.changed", { resource: "x", other: 1 }, "x"],
    ["weather.changed", undefined, ""],
    ["tsn.requested", { operation: "plan", domain: "d" }, "plan"],
    [
      "tsn.scheduled",
      { operation: "admit", revision: 2, streamCount: 8, worstLatencyNs: 8_583_212 },
      "admit revision 2 streams 8 worst latency 8.583 ms",
    ],
    ["tsn.infeasible", { operation: "plan", certificate: { kind: "latency", reason: "too slow" } }, "plan latency too slow"],
    ["tsn.undecided", { operation: "plan", unscheduledCount: 3 }, "plan 3 without a place"],
    ["tsn.refused", { operation: "remove", code: "TSN_STREAM_UNKNOWN", reason: "no x" }, "remove TSN_STREAM_UNKNOWN: no x"],
    ["intent.classified", { matches: "no list" }, ""],
  ])("%s", (short, data, what) => {
    expect(whatOf({ type: type(short), data })).toBe(what);
  });

  it("is one line: when, what kind, of which intent, what", () => {
    const event = {
      type: type("order.executed"),
      subject: "a\nb",
      time: "2026-11-24T04:58:27.279Z",
      data: { ...order, effect: "created" },
    };
    expect(eventLine(event, painter(false))).toBe("2026-11-24T04:58:27.279Z  order.executed      a b  created tfs service/a-1");
  });

  it("keeps the type of a stranger", () => {
    expect(shortType("org.example.thing.v2")).toBe("org.example.thing.v2");
  });
});

describe("server-sent events", () => {
  async function read(...chunks: readonly (string | Uint8Array)[]) {
    const body = (async function* () {
      for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
    })();
    const messages = [];
    for await (const message of messagesOf(body)) messages.push(message);
    return messages;
  }

  it("are read whatever way the bytes are cut", async () => {
    const text = ': hello\n\nid: 4\nevent: x\ndata: {"a":"é"}\n\nid:5\r\ndata: one\r\ndata: two\r\n\r\nid: 6\rdata:  three\r\r: beat\n\n';
    const wanted = [
      { id: "4", data: '{"a":"é"}' },
      { id: "5", data: "one\ntwo" },
      { id: "6", data: " three" },
    ];
    expect(await read(text)).toEqual(wanted);
    expect(await read(...Array.from(new TextEncoder().encode(text), (byte) => Uint8Array.of(byte)))).toEqual(wanted);
  });

  it("that were cut off before their end are none", async () => {
    expect(await read("id: 1\ndata: whole\n\nid: 2\ndata: ha")).toEqual([{ id: "1", data: "whole" }]);
  });
});
