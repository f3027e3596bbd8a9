import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assemble, viewOf } from "../../domain/topology/cost-map.ts";
import { NODES, pieceOfNode, piecesOfLink, type Pieces, takeIn, topologyOf } from "../../domain/topology/merge.ts";
import { nemoCostMap } from "../../domain/topology/nemo.ts";
import { pairId } from "../../domain/probe/model.ts";
import { delay, endOf, failures, look, loss, nodeOf, noEnergy, rate } from "../support/topology.ts";

const golden = readFileSync(new URL("figure-10.json", import.meta.url), "utf8");

/** As the figure prints it, with the names of types as values; lines 15 and 16, which the scan lost, open `nodes`. */
const figure = {
  metadata: { name: "string", cluster: "string", timestamp: "integer", metrics: [{ name: "string", type: "string", metric: "string" }] },
  "network-metrics": {
    nodes: [{ name: "string", ip: "string" }],
    links: [
      {
        name: "string",
        source: "string",
        destination: "string",
        metrics: [{ "link-failure": "integer", "link-energy": "integer", "packet-loss": "integer", bandwidth: "float", latency: "float" }],
      },
    ],
  },
};

/** The keys of a value, in their order, and those inside it; of a list, those of its first element. */
const keysOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? [keysOf(value[0])]
    : typeof value === "object" && value !== null
      ? Object.entries(value).map(([key, inner]) => [key, keysOf(inner)])
      : "value";

function message(complete: boolean) {
  const ends = [endOf("worker", "172.18.0.2"), endOf("worker2", "172.18.0.4")] as const;
  const there = look(...ends, [delay(0.2804), delay(0.2, "min"), rate(12_809.54), loss(0), failures(0), noEnergy]);
  const back = look(ends[1], ends[0], [delay(0.11), rate(941.2), loss(2.6), failures(3), { ...noEnergy, value: 12.4, error: null, n: 60 }]);
  const nodes = [nodeOf("worker", "172.18.0.2"), nodeOf("worker2", "172.18.0.4"), ...(complete ? [] : [nodeOf("worker3", undefined)])];
  const all: Pieces = new Map();
  takeIn(
    all,
    NODES,
    nodes.map((node) => pieceOfNode({ node, removed: false })),
  );
  for (const seen of [there, back]) takeIn(all, pairId(seen), piecesOfLink(seen));
  const now = new Date("2024-12-12T16:18:29.515Z");
  const map = assemble(viewOf(topologyOf("kind-kind", all), { now, staleAfterMs: Number.POSITIVE_INFINITY }));
  return nemoCostMap("kind-kind", map, now);
}

describe("the message of D2.3 Figure 10", () => {
  it("is the golden file, byte for byte", () => {
    expect(`${JSON.stringify(message(true), undefined, 2)}\n`).toBe(golden);
  });

  it("has the keys of the figure, all of them, in its order, and no other", () => {
    expect(keysOf(message(true))).toEqual(keysOf(figure));
  });

  it("says beside it what is missing from it, and then only", () => {
    const { errors, ...rest } = message(false);
    expect(keysOf(rest)).toEqual(keysOf(figure));
    expect(rest["network-metrics"].nodes).toContainEqual({ name: "worker3", ip: "" });
    expect(errors?.map(({ code, nodes }) => [code, ...nodes])).toEqual([
      ["NODE_WITHOUT_ADDRESS", "worker3"],
      ["NODE_UNMEASURED", "worker3"],
    ]);
  });
});
