import { describe, expect, it } from "vitest";
import { instanceOf } from "../../../load/tsn/grid.ts";
import { Problem } from "../model.ts";
import { plan } from "../operations.ts";
import type { Certificate } from "../schedule.ts";
import { checkCertificate } from "./certificate.ts";
import { canPack } from "./packing.ts";

const node = (id: string) => ({ id, kind: id.startsWith("b") ? "bridge" : "end-station", processing: { minNs: 1000, maxNs: 1000 } });
const cable = (a: string, b: string) =>
  [a, b].map((from, i) => ({ id: `${from}-${i === 0 ? b : a}`, from, to: i === 0 ? b : a, rateMbps: 1000 }));
const stream = (id: string, change: object = {}) => ({
  id,
  talker: "e0",
  listeners: ["e1"],
  intervalNs: 100_000,
  frameBytes: 1000,
  maxLatencyNs: 100_000,
  ...change,
});

/** Two talkers and a listener on one bridge, and a station that nobody reaches. */
const of = (streams: readonly object[]): Problem =>
  Problem.parse({
    nodes: ["b", "e0", "e1", "e2", "lost"].map(node),
    links: [...cable("e0", "b"), ...cable("e1", "b"), ...cable("e2", "b"), { id: "lost-b", from: "lost", to: "b", rateMbps: 1000 }],
    streams,
    semantics: { size: "wire", latencyFrom: "release", latencyTo: "end-of-frame" },
  });

const grid = (size: number, period: number, deadline: number, streams: number, topology: "ring" | "tree", seed: number): Problem =>
  instanceOf({ size, period, deadline, streams, switches: 8, topology, seed });

const infeasible: Readonly<Record<Certificate["kind"], Problem>> = {
  unreachable: of([stream("a", { listeners: ["lost"] })]),
  redundancy: of([stream("a", { trees: 2 })]),
  latency: of([stream("a", { maxLatencyNs: 16_999 })]),
  utilisation: of([
    stream("a", { frameBytes: 7000, maxLatencyNs: 200_000 }),
    stream("b", { frameBytes: 5501, maxLatencyNs: 200_000, talker: "e2" }),
  ]),
  "pair-gcd": of([stream("a", { intervalNs: 20_000 }), stream("b", { intervalNs: 30_000, frameBytes: 251 })]),
  "residue-packing": of([
    stream("a", { intervalNs: 20_000, frameBytes: 500 }),
    stream("b", { intervalNs: 30_000, frameBytes: 400 }),
    stream("c", { intervalNs: 50_000, frameBytes: 400 }),
  ]),
  // Three frames of 40 µs do not go into two turns of 100 µs beside one of 30, though the link would be 90 % full.
  "harmonic-packing": of([
    stream("a", { frameBytes: 3750 }),
    ...["b", "c", "d"].map((id) => stream(id, { frameBytes: 5000, intervalNs: 200_000, maxLatencyNs: 200_000 })),
  ]),
  "conflict-set": grid(4, 6, 5, 10, "tree", 200_353),
};

const proofOf = (problem: Problem): Certificate => {
  const planned = plan(problem, { seed: 1, iterationBudget: 3000 });
  if (!planned.ok || planned.value.verdict !== "infeasible") throw new Error(`not infeasible: ${JSON.stringify(planned).slice(0, 200)}`);
  return planned.value.certificate;
};

describe("the certificate checker", () => {
  it.each(Object.entries(infeasible))("confirms a proof by %s", (kind, problem) => {
    const proof = proofOf(problem);
    expect(proof.kind).toBe(kind);
    expect(checkCertificate(problem, proof)).toMatchObject({ holds: true });
  });

  it.each(Object.entries(infeasible))("denies a proof by %s of a problem that is easier", (kind, problem) => {
    const proof = proofOf(problem);
    const easier: Problem = {
      ...problem,
      nodes: problem.nodes.map((n) => (kind === "redundancy" ? { ...n, kind: "bridge" } : n)),
      links:
        kind === "unreachable" || kind === "redundancy"
          ? [
              ...problem.links,
              ...Problem.shape.links.parse([
                ...cable("lost", "e0"),
                ...cable("lost", "e1"),
                { id: "b-lost", from: "b", to: "lost", rateMbps: 1000 },
              ]),
            ]
          : problem.links,
      streams: problem.streams.map((s) => ({ ...s, frameBytes: kind === "unreachable" ? s.frameBytes : Math.ceil(s.frameBytes / 4) })),
    };
    expect(checkCertificate(easier, proof)).toMatchObject({ holds: false });
  });

  it("denies what names no stream of the problem, a stream twice, or a link that frames can go around", () => {
    const { "pair-gcd": problem } = infeasible;
    const proof = proofOf(problem) as Certificate & { kind: "pair-gcd" };
    expect(checkCertificate(problem, { ...proof, streams: ["a", "nobody"] }).holds).toBe(false);
    expect(checkCertificate(problem, { ...proof, streams: ["a", "a"] }).holds).toBe(false);
    expect(checkCertificate(problem, { ...proof, link: "e1-b" }).holds).toBe(false);
    expect(checkCertificate(problem, { ...proof, occupancyNs: proof.occupancyNs + 1 }).holds).toBe(false);
  });

  it("denies a conflict set from which a stream is missing, since the set is minimal", () => {
    const problem = infeasible["conflict-set"];
    const proof = proofOf(problem) as Certificate & { kind: "conflict-set" };
    for (const left of proof.streams)
      expect(checkCertificate(problem, { ...proof, streams: proof.streams.filter((s) => s !== left) }).holds).toBe(false);
  });

  it("packs what fits to the last nanosecond, and nothing that exceeds it by one", () => {
    const load = (period: number, length: number) => ({ period, length });
    expect(canPack([load(100, 30), load(200, 70), load(400, 35), load(400, 35), load(400, 70)])).toBe("yes");
    expect(canPack([load(100, 30), load(200, 70), load(400, 35), load(400, 36), load(400, 70)])).toBe("no");
    // One nanosecond over, where everything else is the same.
    expect(canPack([load(100, 30), load(200, 36), load(200, 36), load(200, 35)])).toBe("no");
  });
});
