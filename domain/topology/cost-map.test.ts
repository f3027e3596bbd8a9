import { describe, expect, it } from "vitest";
import { at, delay, endOf, look, loss, nodeOf, noEnergy, noRate, rate, unreachable } from "../../test/support/topology.ts";
import { type LinkMeasured, pairId } from "../probe/model.ts";
import { assemble, viewOf } from "./cost-map.ts";
import { NODES, pieceOfNode, piecesOfLink, type Pieces, takeIn, topologyOf } from "./merge.ts";
import type { Node } from "./model.ts";

interface Given {
  readonly nodes?: readonly Node[];
  readonly removed?: readonly Node[];
  readonly looks?: readonly LinkMeasured[];
  readonly second?: number;
}

function mapOf({ nodes = [], removed = [], looks = [], second = 10 }: Given) {
  const all: Pieces = new Map();
  takeIn(all, NODES, [
    ...nodes.map((node) => pieceOfNode({ node, removed: false })),
    ...removed.map((node) => pieceOfNode({ node, removed: true })),
  ]);
  for (const seen of looks) takeIn(all, pairId(seen), piecesOfLink(seen));
  return assemble(viewOf(topologyOf("kind-kind", all), { now: new Date(at(second)), staleAfterMs: 60_000 }));
}
const codes = ({ errors }: ReturnType<typeof mapOf>) => errors.map(({ code, nodes }) => [code, ...nodes].join(" "));
const names = ({ links }: ReturnType<typeof mapOf>) => links.map(({ source, destination }) => `${source}->${destination}`);

const worker = nodeOf("worker", "172.18.0.2");
const worker2 = nodeOf("worker2", "172.18.0.4");
const ends = [endOf("worker", "172.18.0.2"), endOf("worker2", "172.18.0.4")] as const;
const back = [ends[1], ends[0]] as const;

describe("a cost map", () => {
  it("has nodes and probes under one identity, and nothing to complain of", () => {
    const map = mapOf({ nodes: [worker2, worker], looks: [look(...ends, [delay(0.28), noEnergy]), look(...back, [delay(0.3)])] });
    expect(map.nodes).toEqual([
      { name: "worker", address: "172.18.0.2", addresses: ["172.18.0.2"], ready: true, seenBy: ["kubernetes", "probe"] },
      { name: "worker2", address: "172.18.0.4", addresses: ["172.18.0.4"], ready: true, seenBy: ["kubernetes", "probe"] },
    ]);
    expect(map.links[0]).toEqual({
      source: "worker",
      destination: "worker2",
      costs: [
        { at: at(0), measurement: delay(0.28) },
        { at: at(0), measurement: noEnergy },
      ],
    });
    expect(names(map)).toEqual(["worker->worker2", "worker2->worker"]);
    expect(map.errors).toEqual([]);
  });

  it("knows a node by its address where the probe calls it otherwise", () => {
    const map = mapOf({ nodes: [worker, worker2], looks: [look(endOf("host-17", "172.18.0.2"), ends[1], [delay(1)])] });
    expect(names(map)).toEqual(["worker->worker2"]);
    expect(codes(map)).toEqual([]);
  });

  it("takes the newer of two links that are one because an end has two names", () => {
    const looks = [look(endOf("host-17", "172.18.0.2"), ends[1], [delay(1)], 2), look(...ends, [delay(5)], 1)];
    const [link] = mapOf({ nodes: [worker, worker2], looks }).links;
    expect(link?.costs.map(({ measurement }) => measurement.value)).toEqual([1]);
  });

  it("says that nobody measured a node", () => {
    expect(codes(mapOf({ nodes: [worker, worker2, nodeOf("worker3", "172.18.0.5")], looks: [look(...ends, [delay(1)])] }))).toEqual([
      "NODE_UNMEASURED worker3",
    ]);
  });

  it("takes a node's address from the probe where Kubernetes has none, and says so where nobody has one", () => {
    const map = mapOf({
      nodes: [nodeOf("worker", undefined), nodeOf("worker2", undefined)],
      looks: [look(ends[0], endOf("x", "10.9.9.9"), [delay(1)])],
    });
    expect(map.nodes.map(({ name, address }) => [name, address])).toEqual([
      ["worker", "172.18.0.2"],
      ["worker2", null],
      ["x", "10.9.9.9"],
    ]);
    expect(codes(map)).toEqual(["NODE_WITHOUT_ADDRESS worker2", "NODE_UNKNOWN x", "NODE_UNMEASURED worker2"]);
  });

  it("believes of two nodes with one address the ready one, and keeps the links out where both are", () => {
    const old = nodeOf("old", "172.18.0.2", { ready: false });
    const looks = [look(...ends, [delay(1)])];
    const settled = mapOf({ nodes: [old, worker, worker2], looks });
    expect(settled.nodes.find(({ name }) => name === "old")?.addresses).toEqual([]);
    expect(names(settled)).toEqual(["worker->worker2"]);
    expect(codes(settled)).toEqual(["NODE_WITHOUT_ADDRESS old", "NODE_UNMEASURED old"]);
    const twin = nodeOf("twin", "172.18.0.2");
    const open = mapOf({ nodes: [twin, worker, worker2], looks });
    expect(names(open)).toEqual([]);
    expect(codes(open)).toContain("ADDRESS_SHARED twin worker");
    expect(open.errors).toContainEqual({
      code: "ADDRESS_SHARED",
      reason: "172.18.0.2 is the address of several nodes",
      nodes: ["twin", "worker"],
      link: "worker->worker2",
    });
  });

  it("keeps a link out whose ends the two views dispute", () => {
    const map = mapOf({ nodes: [worker, worker2], looks: [look(endOf("worker", "172.18.0.4"), endOf("y", "10.0.0.9"), [delay(1)])] });
    expect(names(map)).toEqual([]);
    expect(codes(map)).toContain("NODE_CONFLICT worker worker2");
  });

  it("drops the links of a node that is gone, and takes one of its name that came later for another", () => {
    const looks = [look(...ends, [delay(1)])];
    const gone = mapOf({ nodes: [worker2], removed: [worker], looks });
    expect([gone.nodes.map(({ name }) => name), names(gone)]).toEqual([["worker2"], []]);
    const again = nodeOf("worker", "172.18.0.2", { uid: "uid-2", resourceVersion: "9" });
    expect(names(mapOf({ nodes: [again, worker2], removed: [worker], looks }))).toEqual(["worker->worker2"]);
  });

  it("has several clusters side by side: a node of another one is named with it, whatever its address", () => {
    const map = mapOf({ nodes: [worker, worker2], looks: [look(ends[0], endOf("worker", "172.18.0.4", "kind-kind-2"), [delay(7)])] });
    expect(names(map)).toEqual(["worker->kind-kind-2/worker"]);
    expect(map.nodes.map(({ name }) => name)).toEqual(["kind-kind-2/worker", "worker", "worker2"]);
  });

  it("leaves out what is too old, and says since when", () => {
    const looks = [look(...ends, [delay(1), rate(900)], 0), look(...ends, [delay(2)], 30)];
    const map = mapOf({ nodes: [worker, worker2], looks, second: 61 });
    expect(map.links[0]?.costs).toEqual([{ at: at(30), measurement: delay(2) }]);
    expect(map.errors).toEqual([
      {
        code: "READING_STALE",
        reason: `last measured at ${at(0)}`,
        nodes: ["worker", "worker2"],
        link: "worker->worker2",
        reading: "tput:mean:forward",
      },
    ]);
    const old = mapOf({ nodes: [worker, worker2], looks, second: 91 });
    expect(old.links).toEqual([{ source: "worker", destination: "worker2", costs: [] }]);
    expect(codes(old)).toEqual(["NODE_UNMEASURED worker", "NODE_UNMEASURED worker2", "LINK_STALE worker worker2"]);
  });

  it("has the last throughput, with its age, while a test is put off; and no more when nothing of the link answers", () => {
    const rates = (looks: readonly LinkMeasured[], second?: number) =>
      mapOf({ nodes: [worker, worker2], looks, ...(second === undefined ? {} : { second }) }).links[0]?.costs.filter(
        (c) => c.measurement.metric === "tput",
      );
    const put = look(...ends, [delay(1), noRate], 1);
    expect(rates([put])).toEqual([{ at: at(1), measurement: noRate }]);
    expect(rates([look(...ends, [delay(1), rate(900)], 0), put])).toEqual([{ at: at(0), measurement: rate(900) }]);
    expect(rates([look(...ends, [delay(1), rate(900)], 0), look(...ends, [delay(1), noRate], 59)], 61)).toEqual([
      { at: at(59), measurement: noRate },
    ]);
    expect(rates([look(...ends, [delay(1), rate(900)], 0), look(...ends, [unreachable, noRate], 1)])).toEqual([
      { at: at(1), measurement: noRate },
    ]);
  });

  it("says why a link has no value at all", () => {
    const map = mapOf({ nodes: [worker, worker2], looks: [look(...ends, [unreachable])] });
    expect(map.errors.at(-1)).toMatchObject({ code: "LINK_UNMEASURED", reason: "AGENT_UNREACHABLE: no reflector answered" });
  });

  it("flags a value that cannot be, keeps it out, and forgets the flag when a good one comes", () => {
    const forged = [look(...ends, [delay(1), loss(0)], 0), look(...ends, [delay(-3), loss(1)], 1)];
    const map = mapOf({ nodes: [worker, worker2], looks: forged });
    expect(map.links[0]?.costs.map(({ measurement }) => measurement.value)).toEqual([1, 1]);
    expect(map.errors).toMatchObject([{ code: "IMPLAUSIBLE", link: "worker->worker2", reading: "delay-rt:p50:round-trip" }]);
    expect(codes(mapOf({ nodes: [worker, worker2], looks: [...forged, look(...ends, [delay(1)], 2)] }))).toEqual([]);
  });
});
