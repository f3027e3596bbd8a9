import fc from "fast-check";
import { Problem } from "../../domain/tsn/model.ts";

const SHAPES = ["line", "ring", "star"] as const;

/** Cables of a few bridges, each with an end station. */
function cablesOf(shape: (typeof SHAPES)[number], bridges: number): readonly (readonly [string, string])[] {
  const names = Array.from({ length: bridges }, (_, i) => `b${String(i)}`);
  const stations = names.map((b, i) => [b, `e${String(i)}`] as const);
  const trunks = names.slice(1).map((b, i) => [shape === "star" ? "b0" : `b${String(i)}`, b] as const);
  const closing = shape === "ring" && bridges > 2 ? [[`b${String(bridges - 1)}`, "b0"] as const] : [];
  return [...trunks, ...closing, ...stations];
}

const stream = (bridges: number, fancy: boolean) =>
  fc.record({
    talker: fc.nat(bridges - 1),
    listeners: fc.uniqueArray(fc.nat(bridges - 1), { minLength: 1, maxLength: fancy ? 3 : 1 }),
    intervalNs: fc.constantFrom(500_000, 1_000_000, 1_000_000, 2_000_000, 2_000_000, 400_000),
    frameBytes: fancy ? fc.integer({ min: 20, max: 3200 }) : fc.integer({ min: 50, max: 1500 }),
    framesPerInterval: fancy ? fc.constantFrom(1, 1, 1, 2) : fc.constant(1),
    share: fc.constantFrom(0.3, 0.8, 1, 1, 1.5),
    trees: fancy ? fc.constantFrom(1, 1, 1, 2) : fc.constant(1),
    talkerJitterNs: fancy ? fc.constantFrom(0, 0, 300) : fc.constant(0),
    earliestOffsetNs: fancy ? fc.constantFrom(0, 0, 20_000) : fc.constant(0),
    trafficClass: fancy ? fc.constantFrom(7, 7, 6) : fc.constant(7),
  });

/** Small problems with everything that a problem may have; with `fancy: false`, only bridges, links and plain streams. */
export const problems = ({ fancy = true, most = 12 } = {}): fc.Arbitrary<Problem> =>
  fc
    .record({
      shape: fc.constantFrom(...SHAPES),
      bridges: fc.integer({ min: 2, max: 5 }),
      rates: fc.array(fc.constantFrom(1000, 1000, 1000, 1000, 100), { minLength: 16, maxLength: 16 }),
      guardBand: fc.constantFrom("none", "frame", "preempt", "hold"),
      preemption: fc.boolean(),
      syncErrorNs: fancy ? fc.constantFrom(0, 0, 100, 500) : fc.constant(0),
      tickNs: fancy ? fc.constantFrom(1, 1, 8, 10) : fc.constant(1),
      wirelessNs: fancy ? fc.constantFrom(0, 0, 80_000) : fc.constant(0),
      queues: fancy ? fc.constantFrom(8, 8, 4) : fc.constant(8),
      latencyFrom: fc.constantFrom("interval", "release"),
      latencyTo: fc.constantFrom("start-of-frame", "end-of-frame", "delivered"),
    })
    .chain((net) => fc.record({ net: fc.constant(net), streams: fc.array(stream(net.bridges, fancy), { minLength: 1, maxLength: most }) }))
    .map(({ net, streams }) => {
      const cables = cablesOf(net.shape, net.bridges);
      return Problem.parse({
        nodes: Array.from({ length: net.bridges }, (_, i) => [
          {
            id: `b${String(i)}`,
            kind: i === 0 && net.wirelessNs > 0 ? "5gs" : "bridge",
            processing: { minNs: 1000, maxNs: 1000 + (i === 0 ? net.wirelessNs : 0) },
            syncErrorNs: i * net.syncErrorNs,
          },
          { id: `e${String(i)}`, kind: "end-station", processing: { minNs: 0, maxNs: 500 } },
        ]).flat(),
        links: cables.flatMap(([a, b], i) =>
          [`${a} ${b}`, `${b} ${a}`].map((id) => ({
            id,
            from: id.split(" ")[0],
            to: id.split(" ")[1],
            rateMbps: net.rates[i],
            propagationNs: 50,
            queues: net.queues,
            gates: { tickNs: net.tickNs },
            ...(net.preemption ? { preemption: { holdAdvanceNs: 1500 } } : {}),
          })),
        ),
        streams: streams
          .map((s, i) => ({
            id: `s${String(i)}`,
            talker: `e${String(s.talker)}`,
            listeners: s.listeners.filter((l) => l !== s.talker).map((l) => `e${String(l)}`),
            intervalNs: s.intervalNs,
            frameBytes: s.frameBytes,
            framesPerInterval: s.framesPerInterval,
            maxLatencyNs: Math.round(s.intervalNs * s.share),
            trees: net.shape === "ring" && net.bridges > 2 && s.listeners.length < 3 ? s.trees : 1,
            talkerJitterNs: s.talkerJitterNs,
            earliestOffsetNs: s.earliestOffsetNs,
            trafficClass: s.trafficClass,
          }))
          .filter((s) => s.listeners.length > 0),
        semantics: { latencyFrom: net.latencyFrom, latencyTo: net.latencyTo },
        guardBand: net.guardBand,
      });
    });
