import { beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Controller } from "../../domain/controllers.ts";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { advance } from "../../domain/intent/lifecycle.ts";
import { pairId, type Measurement, type ProbeNode } from "../../domain/probe/model.ts";
import { piecesOfLink } from "../../domain/topology/merge.ts";
import { memoryHoldings } from "../../state/holdings.ts";
import { type IntentStore, memoryIntents } from "../../state/intents.ts";
import { memorySecrets } from "../../state/secrets.ts";
import { memoryTopology, type TopologyStore } from "../../state/topology.ts";
import { at, endOf, look, rate } from "../../test/support/topology.ts";
import { reachable } from "../controllers.ts";
import { type Ingress, openIngress, type Problem } from "./ingress.ts";

const [one, two] = [endOf("one", "10.0.0.1"), endOf("two", "10.0.0.2")];
const tfs: Controller = {
  executioner: "tfs",
  origin: "http://tfs.example",
  probes: { r1: "kind-kind/one", r2: "kind-kind/two" },
};
const is = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([contextAttribute, contextValueRange]) => ({
    contextAttribute,
    contextCondition: "IS_EQUAL_TO",
    contextValueRange,
  }));
const link = (id: string, vlanId: number, bandwidth: string, more: object = {}): string =>
  stringify({
    Intent: {
      id,
      userLabel: "cloud_continuum",
      intentExpectations: [
        {
          expectationId: "1",
          expectationVerb: "DELIVER",
          expectationObject: {
            objectType: "L2VPN_TFS",
            objectContexts: is({ nodeSrc: "r1", endpointSrc: "eth1", nodeDst: "r2", endpointDst: "eth2", vlanId }),
          },
          expectationTargets: [{ targetName: "bandwidth", targetCondition: "IS_EQUAL_TO", targetValueRange: bandwidth }],
        },
      ],
      ...more,
    },
  });

let topology: TopologyStore;
let intents: IntentStore;
let nowMs: number;
const open = (controller: Controller = tfs): Ingress =>
  openIngress({
    catalogue,
    controllers: reachable([controller]),
    intents,
    holdings: memoryHoldings(),
    secrets: memorySecrets(Buffer.alloc(32, 1)),
    publish: () => Promise.resolve(),
    now: () => new Date(nowMs),
    measurements: { topology, staleAfterMs: 60_000 },
  });
let ingress: Ingress;
beforeEach(() => {
  topology = memoryTopology();
  intents = memoryIntents();
  nowMs = Date.parse(at(10));
  ingress = open();
});

const measure = (source: ProbeNode, destination: ProbeNode, measurement: Measurement, second = 0): Promise<boolean> =>
  topology.takeIn(source.cluster, pairId({ source, destination }), piecesOfLink(look(source, destination, [measurement], second)));

async function problems(...documents: readonly string[]): Promise<readonly Problem[]> {
  const read = ingress.read(Buffer.from(documents.join("\n---\n")));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const looked = await ingress.objections(read.candidates);
  const answer = await ingress.submit(read.candidates);
  expect(answer.ok ? [] : answer.problems, "plan and apply say the same").toEqual(looked);
  return looked;
}

describe("bandwidth beyond what a probe measured", () => {
  it("is refused with both intents, the path, the measurement and the nearest value that would do", async () => {
    await measure(one, two, rate(940));
    expect(await problems(link("a", 100, "500 Mbps"))).toEqual([]);
    const [problem, ...others] = await problems(link("b", 101, "600 Mbps"));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      code: "BANDWIDTH_EXCEEDED",
      intentId: "b",
      path: "/Intent/intentExpectations/0",
      reason:
        "intent b (expectation 1) wants 0.6 Gbit/s of the path from r1 to r2, which has 0.94 Gbit/s in all (measured 940 Mbit/s at " +
        "2026-01-01T00:00:00Z), and intent a (expectation 1, priority 1) has 0.5 Gbit/s of it; at most 0.44 Gbit/s would do",
      conflict: {
        conflictingIntent: "a",
        conflictingResource: "the path from r1 to r2",
        conflictingTarget: "bandwidth",
        nearestValue: "at most 0.44 Gbit/s",
      },
    });
    expect(await problems(link("b", 101, "440 Mbps"))).toEqual([]);
  });

  it("is refused each way: what was measured back counts too", async () => {
    await measure(one, two, rate(940));
    await measure(two, one, rate(100));
    const [problem] = await problems(link("a", 100, "500 Mbps"));
    expect(problem?.reason).toContain("of the path from r2 to r1, which has 0.1 Gbit/s in all (measured 100 Mbit/s");
  });

  it("preempts a less important intent where that makes room", async () => {
    await measure(one, two, rate(940));
    await problems(link("low", 100, "500 Mbps", { intentPriority: 10 }));
    expect(await problems(link("high", 101, "600 Mbps", { intentPriority: 50, intentPreemptionCapability: "TRUE" }))).toEqual([]);
    expect(await intents.get("low")).toMatchObject({ preemptedBy: "high" });
  });
});

describe("nothing is refused", () => {
  it("where nothing was measured", async () => {
    expect(await problems(link("a", 100, "50 Gbps"))).toEqual([]);
  });

  it("because of a measurement that is stale", async () => {
    await measure(one, two, rate(940));
    nowMs = Date.parse(at(0)) + 60_001;
    expect(await problems(link("a", 100, "50 Gbps"))).toEqual([]);
  });

  it("because of a measurement of a link that the operator did not say to be this path", async () => {
    const { probes: _, ...unmapped } = tfs;
    ingress = open(unmapped);
    await measure(one, two, rate(940));
    expect(await problems(link("a", 100, "50 Gbps"))).toEqual([]);
  });

  it("because of a measurement where the operator declared what the path carries", async () => {
    ingress = open({ ...tfs, paths: [{ between: ["r1", "r2"], bandwidthGbps: 10 }] });
    await measure(one, two, rate(940));
    expect(await problems(link("a", 100, "7 Gbps"))).toEqual([]);
    expect((await problems(link("b", 101, "4 Gbps")))[0]?.reason).toContain("which has 10 Gbit/s in all (declared)");
  });

  it("of what an intent has already, whose own traffic a later measurement met", async () => {
    await measure(one, two, rate(940));
    await problems(link("a", 100, "500 Mbps"));
    await intents.update("a", (known) =>
      known?.orders.reduce((record, { order: { executioner, resource } }) => {
        const { submission, updatedAt } = record;
        return advance(record, { kind: "executed", executioner, resource, submission, effect: "created", declared: {} }, updatedAt);
      }, known),
    );
    await measure(one, two, rate(440), 5);
    expect(await problems(link("a", 100, "500 Mbps"))).toEqual([]);
    expect((await problems(link("a", 100, "501 Mbps"))).map(({ code }) => code)).toEqual(["BANDWIDTH_EXCEEDED"]);
  });
});
