import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carryOutRequest, type Carried, type Kept, type TsnDomain, TsnRequest } from "./domain.ts";
import { NetworkDocument } from "./formats/network.ts";
import { Stream } from "./model.ts";
import { validate } from "./operations.ts";

const link = (from: string, to: string) => ({ id: `${from}>${to}`, from, to, rateMbps: 1000 });
const network = NetworkDocument.parse({
  nodes: [
    ...["a", "b", "c"].map((id) => ({ id, kind: "end-station" })),
    ...["s1", "s2"].map((id) => ({ id, kind: "bridge", processing: { minNs: 1000, maxNs: 1000 } })),
  ],
  links: [
    ["a", "s1"],
    ["s1", "s2"],
    ["s2", "b"],
    ["c", "s1"],
  ].flatMap(([from = "", to = ""]) => [link(from, to), link(to, from)]),
  streams: [{ id: "own", talker: "a", listeners: ["b"], intervalNs: 1_000_000, frameBytes: 400, maxLatencyNs: 500_000 }],
});
const stream = (id: string, more: Partial<Stream> = {}): Stream =>
  Stream.parse({ id, talker: "c", listeners: ["b"], intervalNs: 500_000, frameBytes: 200, maxLatencyNs: 400_000, ...more });

const carried = (kept: Kept, request: object): Carried => {
  const outcome = carryOutRequest(kept, TsnRequest.parse({ domain: "d", ...request }));
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.reason}`);
  return outcome.value;
};
const standingAfter = (kept: Kept, request: object): TsnDomain => {
  const { after } = carried(kept, request);
  if (after === undefined) throw new Error("nothing was scheduled");
  return after;
};
const codeOf = (kept: Kept, request: object) => {
  const outcome = carryOutRequest(kept, TsnRequest.parse({ domain: "d", ...request }));
  return outcome.ok ? outcome.value.verdict.verdict : outcome.code;
};
const planned = standingAfter({ network, standing: undefined }, { operation: "plan" });

describe("a TSN domain", () => {
  it("is planned from its network's own streams, at revision 1", () => {
    expect(planned).toMatchObject({ id: "d", revision: 1, schedule: { streams: [{ id: "own" }] } });
    expect(validate(planned.input.problem, planned.schedule)).toEqual([]);
  });

  it("is planned again with what was admitted, on another network, too", () => {
    const more = standingAfter({ network, standing: planned }, { operation: "admit", streams: [stream("x")] });
    const slower = { ...network, links: network.links.map((one) => ({ ...one, rateMbps: 100 })) };
    const again = standingAfter({ network: slower, standing: more }, { operation: "plan" });
    expect(again.revision).toBe(3);
    expect(again.schedule.streams.map(({ id }) => id)).toEqual(["own", "x"]);
    expect(again.input.problem.links[0]?.rateMbps).toBe(100);
  });

  it("takes a first stream without having been planned", () => {
    const first = standingAfter({ network, standing: undefined }, { operation: "admit", streams: [stream("x")] });
    expect(first).toMatchObject({ revision: 1, schedule: { streams: [{ id: "x" }] } });
  });

  it("admits all of several streams, or none", () => {
    const both = standingAfter({ network, standing: planned }, { operation: "admit", streams: [stream("x"), stream("y")] });
    expect(both.schedule.streams.map(({ id }) => id)).toEqual(["own", "x", "y"]);
    const refused = carried(
      { network, standing: planned },
      { operation: "admit", streams: [stream("x"), stream("y", { maxLatencyNs: 10 })] },
    );
    expect(refused).toMatchObject({ verdict: { verdict: "infeasible", certificate: { stream: "y" } } });
    expect(refused.after).toBeUndefined();
  });

  it("says no to what it does not know, has already, or has moved on from", () => {
    expect(codeOf({ network: undefined, standing: undefined }, { operation: "plan" })).toBe("TSN_DOMAIN_UNKNOWN");
    expect(codeOf({ network: undefined, standing: undefined }, { operation: "remove", streamIds: ["x"] })).toBe("TSN_DOMAIN_UNKNOWN");
    expect(codeOf({ network, standing: planned }, { operation: "remove", streamIds: ["x"] })).toBe("TSN_STREAM_UNKNOWN");
    expect(codeOf({ network, standing: planned }, { operation: "admit", streams: [stream("own")] })).toBe("TSN_STREAM_EXISTS");
    expect(codeOf({ network, standing: planned }, { operation: "admit", revision: 7, streams: [stream("x")] })).toBe(
      "TSN_REVISION_CHANGED",
    );
    expect(codeOf({ network, standing: planned }, { operation: "remove", revision: 0, streamIds: ["own"] })).toBe("TSN_REVISION_CHANGED");
  });

  it("stays valid through any trace of admissions and removals, and nobody else's stream ever moves", () => {
    const step = fc.record({
      id: fc.constantFrom("p", "q", "r", "s"),
      periodNs: fc.constantFrom(250_000, 500_000, 1_000_000),
      bytes: fc.integer({ min: 64, max: 1400 }),
      isUp: fc.boolean(),
    });
    let admitted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let standing = planned;
        for (const { id, periodNs, bytes, isUp } of steps) {
          const isThere = standing.schedule.streams.some((s) => s.id === id);
          const ends = isUp ? { talker: "b", listeners: ["a"] } : {};
          const request = isThere
            ? { operation: "remove", streamIds: [id] }
            : { operation: "admit", streams: [stream(id, { intervalNs: periodNs, frameBytes: bytes, ...ends })] };
          const { after } = carried({ network, standing }, request);
          if (after === undefined) continue;
          if (!isThere) admitted += 1;
          for (const kept of standing.schedule.streams)
            if (kept.id !== id) expect(after.schedule.streams.find((s) => s.id === kept.id)?.members).toEqual(kept.members);
          expect(after.revision).toBe(standing.revision + 1);
          expect(validate(after.input.problem, after.schedule)).toEqual([]);
          standing = after;
        }
      }),
      { numRuns: 30 },
    );
    expect(admitted).toBeGreaterThan(0);
  });
});
