import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceOf } from "../../load/tsn/grid.ts";
import { problems } from "../../test/support/tsn-problems.ts";
import { Problem, type Stream } from "./model.ts";
import { admit, plan, remove, validate } from "./operations.ts";
import { Verdict } from "./schedule.ts";
import { checkCertificate } from "./verify/certificate.ts";

const tiny = Problem.parse({
  nodes: [
    { id: "e0", kind: "end-station" },
    { id: "b", kind: "bridge", processing: { minNs: 1000, maxNs: 1000 } },
    { id: "e1", kind: "end-station" },
    { id: "e2", kind: "end-station" },
  ],
  links: ["e0 b", "b e1", "e2 b", "b e2"].map((id) => ({ id, from: id.split(" ")[0], to: id.split(" ")[1], rateMbps: 1000 })),
  streams: [{ id: "plain", talker: "e0", listeners: ["e1"], intervalNs: 10_000, frameBytes: 125, maxLatencyNs: 10_000 }],
  semantics: { size: "wire", latencyFrom: "release", latencyTo: "end-of-frame" },
});
const [plain] = tiny.streams as [Stream, ...Stream[]];

/** All times whole microseconds: two talkers, two listeners, intervals with little in common. */
const tinyProblems = fc
  .array(
    fc.record({
      talker: fc.constantFrom("e0", "e2"),
      intervalUs: fc.constantFrom(6, 8, 12),
      txUs: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((drawn): Problem => ({
    ...tiny,
    streams: drawn.map(({ talker, intervalUs, txUs }, i) => ({
      ...plain,
      id: String(i),
      talker,
      intervalNs: intervalUs * 1000,
      frameBytes: txUs * 125,
      // No slack, so that no frame may wait and offsets are all there is to try.
      maxLatencyNs: (2 * txUs + 1) * 1000,
    })),
  }));

/** Every whole microsecond of every stream, over the hyperperiod of 24 µs, with none of the solver's arithmetic. */
function bruteForce({ streams }: Problem): boolean {
  const busy = new Map(["e0 b", "e2 b", "b e1"].map((link) => [link, Array.from({ length: 24 }, () => false)]));
  const slots = (s: Stream, phase: number): (readonly [boolean[], number])[] => {
    const tx = s.frameBytes / 125;
    const period = s.intervalNs / 1000;
    const links = [[`${s.talker} b`, phase] as const, ["b e1", phase + tx + 1] as const];
    return links.flatMap(([link, from]) =>
      Array.from({ length: 24 / period }, (_, k) =>
        Array.from({ length: tx }, (__, i) => [busy.get(link) as boolean[], (from + k * period + i) % 24] as const),
      ).flat(),
    );
  };
  const place = (i: number): boolean => {
    const stream = streams[i];
    if (stream === undefined) return true;
    for (let phase = 0; phase < stream.intervalNs / 1000; phase++) {
      const own = slots(stream, phase);
      if (own.some(([line, at]) => line[at])) continue;
      for (const [line, at] of own) line[at] = true;
      if (place(i + 1)) return true;
      for (const [line, at] of own) line[at] = false;
    }
    return false;
  };
  return place(0);
}

/** Three intervals with little in common at 84 % of a link, and no slack to speak of. */
const crowded = instanceOf({ size: 5, period: 5, deadline: 4, streams: 70, switches: 8, topology: "line", seed: 300_114 });

const options = { seed: 3, iterationBudget: 300 };

describe("plan", () => {
  it("emits no schedule, whole or partial, in which the verifier finds a fault, and no proof that the checker does not confirm", () => {
    const seen = { scheduled: 0, infeasible: 0, undecided: 0 };
    fc.assert(
      fc.property(problems(), (problem) => {
        const planned = plan(problem, options);
        if (!planned.ok) throw new Error(planned.reason);
        const verdict = planned.value;
        seen[verdict.verdict] += 1;
        if (verdict.verdict === "infeasible") expect(checkCertificate(problem, verdict.certificate)).toMatchObject({ holds: true });
        else if (verdict.verdict === "scheduled") expect(validate(problem, verdict.schedule)).toEqual([]);
        else {
          const left = new Set(verdict.unscheduled);
          expect(validate({ ...problem, streams: problem.streams.filter((s) => !left.has(s.id)) }, verdict.best)).toEqual([]);
        }
      }),
      { numRuns: Number(process.env["TSN_RUNS"] ?? 150) },
    );
    expect(seen.scheduled).toBeGreaterThan(20);
    expect(seen.infeasible).toBeGreaterThan(5);
  });

  it("gives the same bytes for the same problem, seed and budget", () => {
    fc.assert(
      fc.property(problems(), fc.nat(9), (problem, seed) => {
        const once = JSON.stringify(plan(problem, { seed, iterationBudget: 200 }));
        expect(JSON.stringify(plan(structuredClone(problem), { seed, iterationBudget: 200 }))).toBe(once);
      }),
      { numRuns: 40 },
    );
  });

  it("calls nothing infeasible for which trying every offset finds a schedule", () => {
    let found = 0;
    fc.assert(
      fc.property(tinyProblems, (problem) => {
        if (!bruteForce(problem)) return;
        found += 1;
        const planned = plan(problem, options);
        expect(planned).toMatchObject({ ok: true, value: { verdict: "scheduled" } });
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(50);
  });

  it("answers in the form that it declares", () => {
    fc.assert(
      fc.property(problems({ most: 20 }), (problem) => {
        const planned = plan(problem, { seed: 1, iterationBudget: 50 });
        expect(planned.ok && Verdict.parse(planned.value)).toEqual(planned.ok && planned.value);
      }),
      { numRuns: 40 },
    );
  });

  it("says of an undecided problem which streams are left and which links are in their way", () => {
    const planned = plan(crowded, { seed: 1, iterationBudget: 20 });
    if (!planned.ok || planned.value.verdict !== "undecided") throw new Error(JSON.stringify(planned).slice(0, 300));
    expect(planned.value.unscheduled.length).toBeGreaterThan(0);
    expect(planned.value.unscheduled).toEqual(expect.arrayContaining(planned.value.blocking[0]?.streams ?? ["none"]));
  });

  it.each([
    ["a stream twice", { streams: [plain, plain] }, "/streams/1"],
    ["a talker that is no node", { streams: [{ ...plain, talker: "nobody" }] }, "/streams/0"],
    ["a class that is not scheduled", { streams: [{ ...plain, trafficClass: 0 }] }, "/streams/0"],
    [
      "intervals whose common multiple no number holds",
      { streams: [999_999_937, 999_999_893, 999_999_883].map((intervalNs, i) => ({ ...plain, id: String(i), intervalNs })) },
      "/streams/1",
    ],
    ["a link to nowhere", { links: [{ id: "x", from: "e0", to: "nowhere", rateMbps: 100 }] }, "/links/0"],
  ])("refuses %s and says where it is", (_, change, path) => {
    expect(plan(Problem.parse({ ...tiny, ...change }), options)).toMatchObject({ ok: false, code: "TSN_PROBLEM_INVALID", path });
  });
});

describe("admit and remove", () => {
  it("leave every other stream where it was, keep the schedule valid, and undo each other", () => {
    let admitted = 0;
    fc.assert(
      fc.property(problems(), (problem) => {
        const last = problem.streams.at(-1);
        if (last === undefined || problem.streams.length < 2) return;
        const before = { ...problem, streams: problem.streams.slice(0, -1) };
        const planned = plan(before, options);
        if (!planned.ok || planned.value.verdict !== "scheduled") return;
        const { schedule } = planned.value;
        const change = admit(before, schedule, last, options);
        if (!change.ok) throw new Error(change.reason);
        const { verdict, touchedLinks } = change.value;
        if (verdict.verdict === "infeasible") expect(checkCertificate(problem, verdict.certificate)).toMatchObject({ holds: true });
        if (verdict.verdict === "undecided") expect(verdict.best).toEqual(schedule);
        if (verdict.verdict !== "scheduled") return;
        admitted += 1;
        expect(validate(problem, verdict.schedule)).toEqual([]);
        expect(verdict.schedule.streams.slice(0, -1)).toEqual(schedule.streams);
        const untouched = schedule.ports.filter((p) => !touchedLinks.includes(p.link));
        expect(verdict.schedule.ports.filter((p) => !touchedLinks.includes(p.link))).toEqual(untouched);
        expect(remove(problem, verdict.schedule, [last.id])).toEqual({ ok: true, value: { schedule, touchedLinks } });
      }),
      { numRuns: 150 },
    );
    expect(admitted).toBeGreaterThan(30);
  });

  it("refuse a stream that is there already, one that is not, and a schedule of something else", () => {
    const planned = plan(tiny, options);
    if (!planned.ok || planned.value.verdict !== "scheduled") throw new Error("one stream alone has a schedule");
    const { schedule } = planned.value;
    expect(admit(tiny, schedule, plain)).toMatchObject({ ok: false, code: "TSN_STREAM_EXISTS" });
    expect(remove(tiny, schedule, ["nobody"])).toMatchObject({ ok: false, code: "TSN_STREAM_UNKNOWN" });
    expect(admit({ ...tiny, streams: [] }, schedule, { ...plain, id: "new" })).toMatchObject({ ok: false, code: "TSN_SCHEDULE_INVALID" });
  });
});
