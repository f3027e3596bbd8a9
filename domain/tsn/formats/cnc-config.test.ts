import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { plan } from "../operations.ts";
import { answerCnc, readCncConfig } from "./cnc-config.ts";
import { CNC_ROOT } from "./cnc-schema.ts";
import { readNetwork } from "./network.ts";

const text = readFileSync(new URL("../examples/cnc.json", import.meta.url), "utf8");
type Document = Record<string, unknown> & { [CNC_ROOT]: { domain: { cuc: { stream: Record<string, never>[] }[] }[] } };
const changed = (change: (stream: Record<string, never>, document: Document) => void): string => {
  const document = JSON.parse(text) as Document;
  change(document[CNC_ROOT].domain[0]?.cuc[0]?.stream[0] ?? {}, document);
  return JSON.stringify(document, null, 2);
};
/** Sets a member somewhere below. */
const set = (object: unknown, path: readonly (string | number)[], value: unknown): void => {
  const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], object);
  (parent as Record<string | number, unknown>)[path.at(-1) ?? ""] = value;
};
const talker = (...path: string[]) => ["talker", ...path];
const read = (given: string) => {
  const cnc = readCncConfig(given);
  if (!cnc.ok) throw new Error(JSON.stringify(cnc.faults));
  return cnc.value;
};
const faultOf = (given: string) => {
  const refused = readCncConfig(given);
  return refused.ok ? undefined : refused.faults[0];
};

describe("a CUC's request", () => {
  it("gives streams between the stations of its MAC addresses, with sizes and times of clause 46", () => {
    const { problem, frames } = read(text).input;
    expect(problem.streams[0]).toEqual({
      id: "02-00-00-00-00-0B:00-01",
      talker: "talker",
      listeners: ["listener"],
      intervalNs: 500_000,
      frameBytes: 400,
      framesPerInterval: 1,
      maxLatencyNs: 400_000,
      earliestOffsetNs: 0,
      latestOffsetNs: 499_999,
      talkerJitterNs: 0,
      trafficClass: 7,
      trees: 1,
      rank: 1,
    });
    expect(problem.semantics).toEqual({ size: "payload", latencyFrom: "interval", latencyTo: "start-of-frame" });
    expect(frames["02-00-00-00-00-0B:00-01"]).toEqual({
      destinationMac: "03-00-00-00-00-01",
      sourceMac: "02-00-00-00-00-0B",
      vlanId: 100,
      priority: 7,
    });
  });

  it("finds a station by the name that stands before its interface", () => {
    const given = changed((stream) =>
      set(stream, talker("end-station-interfaces"), [{ "mac-address": "02-00-00-00-00-FF", "interface-name": "talker:eth0" }]),
    );
    expect(read(given).input.problem.streams[0]?.talker).toBe("talker");
  });

  it("takes its network from another file", () => {
    const document = JSON.parse(text) as { network?: unknown };
    const network = readNetwork(JSON.stringify(document.network));
    delete document.network;
    expect(faultOf(JSON.stringify(document))).toMatchObject({ reason: expect.stringContaining("--topology") });
    if (!network.ok) throw new Error("the network is in the example");
    expect(readCncConfig(JSON.stringify(document), network.value).ok).toBe(true);
  });

  it("counts latency from the transmission where no talker is time-aware", () => {
    const given = changed((_, document) => {
      for (const stream of document[CNC_ROOT].domain[0]?.cuc[0]?.stream ?? [])
        set(stream, talker("traffic-specification", "time-aware"), undefined);
    });
    expect(read(given).input.problem.semantics.latencyFrom).toBe("release");
  });

  it("reads max-latency 0 as no bound, and the least of several otherwise", () => {
    const none = changed((stream) => {
      set(stream, talker("user-to-network-requirements", "max-latency"), 0);
      set(stream, ["listener", 0, "user-to-network-requirements", "max-latency"], 0);
    });
    expect(read(none).input.problem.streams[0]?.maxLatencyNs).toBe(60_000_000_000);
    const one = changed((stream) => set(stream, ["listener", 0, "user-to-network-requirements", "max-latency"], 70_000));
    expect(read(one).input.problem.streams[0]?.maxLatencyNs).toBe(70_000);
  });

  it.each<[string, readonly (string | number)[], unknown, string]>([
    [
      "an interval of no whole ns",
      talker("traffic-specification", "interval"),
      { numerator: 1, denominator: 3 },
      "is not a whole number of nanoseconds",
    ],
    ["a denominator of 0", talker("traffic-specification", "interval", "denominator"), 0, "expected number to be >=1"],
    ["a frame of 70,000 octets", talker("traffic-specification", "max-frame-size"), 70_000, "<=65535"],
    ["a stream-id with colons in the MAC", ["stream-id"], "02:00:00:00:00:0b:00-01", "expected a stream-id"],
    [
      "a station that is nowhere",
      talker("end-station-interfaces"),
      [{ "mac-address": "02-00-00-00-00-FF", "interface-name": "" }],
      "no node of the network",
    ],
    ["five trees", talker("user-to-network-requirements", "num-seamless-trees"), 5, "at most 4"],
    ["one talker of two that is not time-aware", talker("traffic-specification", "time-aware"), undefined, "one kind at a time"],
    ["an unknown leaf", ["talker", "speed"], 1, "is not known here"],
  ])("refuses %s, at its place", (_, path, value, reason) => {
    const fault = faultOf(changed((stream) => set(stream, path, value)));
    expect(fault).toMatchObject({ reason: expect.stringContaining(reason) });
    expect(fault?.line).toBeGreaterThan(1);
  });

  it("is answered with status, latency and offset, and reads its own answer again", () => {
    const cnc = read(text);
    const planned = plan(cnc.input.problem);
    if (!planned.ok) throw new Error(planned.reason);
    const answer = answerCnc(cnc, planned.value) as Document;
    const [stream] = answer[CNC_ROOT].domain[0]?.cuc[0]?.stream ?? [];
    expect(stream).toMatchObject({
      "stream-status": "configured",
      "status-info": { "talker-status": "ready", "listener-status": "ready", "failure-code": 0 },
    });
    const seen = stream as unknown as {
      talker: {
        "accumulated-latency": number;
        "interface-configuration": { "interface-list": { "config-list": { "time-aware-offset": number }[] }[] };
      };
      listener: { "accumulated-latency": number }[];
    };
    expect(seen.talker["accumulated-latency"]).toBeLessThanOrEqual(400_000);
    expect(seen.listener[0]?.["accumulated-latency"]).toBeLessThanOrEqual(seen.talker["accumulated-latency"]);
    expect(seen.talker["interface-configuration"]["interface-list"][0]?.["config-list"][0]?.["time-aware-offset"]).toBeLessThan(500_000);
    const again = readCncConfig(JSON.stringify({ ...answer, network: (JSON.parse(text) as Document)["network"] }));
    expect(again.ok && again.value.input.problem).toEqual(cnc.input.problem);
  });

  it("is told of every stream that has no place", () => {
    const cnc = read(changed((stream) => set(stream, ["listener", 0, "user-to-network-requirements", "max-latency"], 1)));
    const planned = plan(cnc.input.problem);
    if (!planned.ok) throw new Error(planned.reason);
    expect(planned.value.verdict).toBe("infeasible");
    const answer = answerCnc(cnc, planned.value) as Document;
    for (const stream of answer[CNC_ROOT].domain[0]?.cuc[0]?.stream ?? [])
      expect(stream).toMatchObject({ "stream-status": "planned", "status-info": { "talker-status": "failed" } });
  });
});
