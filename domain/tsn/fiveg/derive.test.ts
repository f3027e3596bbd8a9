import { describe, expect, it } from "vitest";
import { goldenJson } from "../../../test/support/golden.ts";
import { small } from "../../../test/support/tsn.ts";
import { deriveTscai } from "./derive.ts";

const { input, schedule } = small();
const baseTimeNs = 1_767_225_600_000_000_000n;
const derived = deriveTscai(input, schedule, { baseTimeNs });

describe("what a 5G core is asked for", () => {
  it("is its golden file, to the letter", () => {
    expect(JSON.stringify(derived)).toBe(goldenJson(new URL("golden/derived.json", import.meta.url), derived));
  });

  it("tells the burst from the moment that its first octet can be at the port", () => {
    const [answer] = derived.ok ? derived.value : [];
    // 120 µs at the bridge before, 100 ns on the way, less that bridge's 100 ns of clock error.
    expect(answer?.containers).toMatchObject([
      {
        streams: [{ stream: "cmd", tree: 0 }],
        direction: "downlink",
        burstArrivalTime: "2026-01-01T00:00:00.000120000Z",
        periodicityUs: 10_000,
        burstBytes: 200,
      },
    ]);
  });

  it("asks for no more time than the schedule reckons with, without the residence in the DS-TT", () => {
    const [answer] = derived.ok ? derived.value : [];
    expect(answer?.containers[0]).toMatchObject({ packetDelayMs: 8, fiveQi: 85, packetDelayBudgetMs: 5 });
  });

  it("is refused where no 5GS bridge is described, and where a stream crosses one by a port that is not", () => {
    expect(deriveTscai({ ...input, fiveGs: [] }, schedule)).toMatchObject({ ok: false, code: "FIVEGS_NONE" });
    const fewer = input.fiveGs.map((bridge) => ({ ...bridge, ports: bridge.ports.filter(({ side }) => side === "nw-tt") }));
    expect(deriveTscai({ ...input, fiveGs: fewer }, schedule)).toMatchObject({ ok: false, code: "FIVEGS_PORT_UNKNOWN" });
  });

  it("is refused where the burst is more than a 5QI takes", () => {
    const streams = input.problem.streams.map((stream) => ({ ...stream, frameBytes: 1400 }));
    expect(deriveTscai({ ...input, problem: { ...input.problem, streams } }, schedule)).toMatchObject({ ok: false, code: "FIVEQI_NONE" });
  });
});
