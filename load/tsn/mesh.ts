import { Problem } from "../../domain/tsn/model.ts";
import { PROCESSING_NS } from "./grid.ts";
import { generator } from "../../domain/random.ts";

/** A grid of switches, each with one end station, and streams between any two stations: 100 to 500 octets every 0.5, 1, 2 or 4 ms, over links of 1 Gb/s. */
export function meshOf({ width, height, streams, seed }: { width: number; height: number; streams: number; seed: number }): Problem {
  const random = generator(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const switches = width * height;
  const trunks = Array.from({ length: switches }, (_, i) => [
    ...(i % width < width - 1 ? [[i, i + 1] as const] : []),
    ...(i + width < switches ? [[i, i + width] as const] : []),
  ]).flat();
  const cables = [...trunks, ...Array.from({ length: switches }, (_, i) => [i, switches + i] as const)];
  return Problem.parse({
    nodes: Array.from({ length: 2 * switches }, (_, id) => ({
      id: String(id),
      kind: id < switches ? "bridge" : "end-station",
      processing: { minNs: PROCESSING_NS, maxNs: PROCESSING_NS },
    })),
    links: cables.flatMap(([a, b]) => [
      { id: `${String(a)}-${String(b)}`, from: String(a), to: String(b), rateMbps: 1000 },
      { id: `${String(b)}-${String(a)}`, from: String(b), to: String(a), rateMbps: 1000 },
    ]),
    streams: Array.from({ length: streams }, (_, id) => {
      const talker = pick(switches);
      const listener = (talker + 1 + pick(switches - 1)) % switches;
      const intervalNs = 500_000 * 2 ** pick(4);
      return {
        id: String(id),
        talker: String(switches + talker),
        listeners: [String(switches + listener)],
        intervalNs,
        frameBytes: 100 * (1 + pick(5)),
        maxLatencyNs: intervalNs,
      };
    }),
    semantics: { size: "wire", latencyFrom: "release", latencyTo: "delivered" },
  });
}
