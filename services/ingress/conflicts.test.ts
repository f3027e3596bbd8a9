import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { ConflictKind } from "../../domain/intent/conflict/claim.ts";
import { IntentConflictReport } from "../../domain/intent/conflict/report.ts";
import { advance, type IntentRecord } from "../../domain/intent/lifecycle.ts";
import { stateOf } from "../../domain/intent/report.ts";
import type { Event } from "../../events/define.ts";
import { type HoldingStore, memoryHoldings } from "../../state/holdings.ts";
import { type IntentStore, memoryIntents } from "../../state/intents.ts";
import { memorySecrets } from "../../state/secrets.ts";
import { reachable } from "../controllers.ts";
import { type Ingress, openIngress, type Problem } from "./ingress.ts";

const controllers = reachable([
  {
    executioner: "tfs",
    origin: "http://tfs.example",
    ports: [
      { node: "r1", port: "eth1", bandwidthGbps: 10, vlans: "100-199,300" },
      { node: "r9", port: "eth9", bandwidthGbps: 1 },
    ],
    paths: [{ between: ["r1", "r2"], latencyMs: 4 }],
  },
  { executioner: "l2sm", origin: "http://l2sm.example" },
  { executioner: "cluster", origin: "https://c1.example:6443" },
  { executioner: "cluster", origin: "https://c2.example:6443" },
  { executioner: "nsc", origin: "http://nsc.example", paths: [{ between: ["n1", "n2"], latencyMs: 20 }] },
  { executioner: "peering", origin: "https://peering.example" },
  { executioner: "5g", origin: "http://core.example", ues: { "imsi-001010000000001": "10.45.0.7" }, ueCapacityMbps: { dl: 10 } },
]);

type Value = string | number | readonly (string | number)[];
const is = (values: Readonly<Record<string, Value>>) =>
  Object.entries(values).map(([contextAttribute, contextValueRange]) => ({
    contextAttribute,
    contextCondition: "IS_EQUAL_TO",
    contextValueRange,
  }));
const target = (targetName: string, targetCondition: string, targetValueRange: Value, profile?: string) => ({
  targetName,
  targetCondition,
  targetValueRange,
  ...(profile === undefined ? {} : { targetContexts: is({ profile }) }),
});
const expectation = (
  objectType: string,
  objects: Record<string, Value>,
  targets: readonly unknown[] = [],
  around: Record<string, Value> = {},
  more = {},
) => ({
  expectationVerb: "DELIVER",
  expectationObject: { objectType, objectContexts: is(objects), ...more },
  expectationTargets: targets,
  expectationContexts: is(around),
});
const intent = (id: string, expectations: readonly object[], more: object = {}): string =>
  stringify({
    Intent: {
      id,
      userLabel: "cloud_continuum",
      intentExpectations: expectations.map((e, i) => ({ expectationId: String(i + 1), ...e })),
      ...more,
    },
  });

const link = (vlanId: number, [nodeSrc, endpointSrc, nodeDst, endpointDst]: readonly string[], targets: readonly unknown[] = []) =>
  expectation(
    "L2VPN_TFS",
    { nodeSrc: nodeSrc ?? "", endpointSrc: endpointSrc ?? "", nodeDst: nodeDst ?? "", endpointDst: endpointDst ?? "", vlanId },
    targets,
  );
const r1r2 = ["r1", "eth1", "r2", "eth2"];
const r3r4 = ["r3", "eth3", "r4", "eth4"];
const network = (name: string, more: Record<string, Value> = {}, cluster = 1) => [
  expectation("L2SM_NETWORK", { name, providerName: "p", domain: "172.18.0.2:8181", ...more }),
  expectation(
    "L2SM_NEW_CLUSTER",
    { name: `c${String(cluster)}`, bearer_token: `token-${name}`, api_key: `https://c${String(cluster)}.example:6443` },
    [],
    { k8s_l2_network: name },
  ),
];
const sdp = (id: string, node: string, more: Record<string, Value> = {}, targets: readonly unknown[] = []) =>
  expectation(
    "SLICE_SERVICE_SDP",
    { "slo-sle-policy": "gold", "sdp-id": id, "node-id": node, "sdp-ip-address": `10.0.0.${String(id.length)}`, ...more },
    targets,
  );
const session = (localIp: string, localAsn: number, peerAsn = 64513) =>
  expectation("BGP_SESSION", { localAsn, localIp, peerAsn, peerType: "private" }, [], { location: "pdb:ix:1" });
const flow = (ports: Value, dl: string, window: Record<string, Value> = {}, supi = "imsi-001010000000001") =>
  expectation(
    "5G_SLICE_FLOW",
    { ip4Address: "198.51.100.0/24", type: "IN", portNumber: ports, portType: "UDP" },
    [target("dlCapacity", "IS_EQUAL_TO", dl, "audio4k")],
    window,
    { objectInstance: supi },
  );
const morning = { starTime: "2099-01-01T08:00:00Z", stopTime: "2099-01-01T12:00:00Z" };
const noon = { starTime: "2099-01-01T11:00:00Z", stopTime: "2099-01-01T13:00:00Z" };
const afternoon = { starTime: "2099-01-01T12:00:00Z", stopTime: "2099-01-01T13:00:00Z" };

let ingress: Ingress;
let intents: IntentStore;
let holdings: HoldingStore;
let published: Event[];
let nowMs: number;
beforeEach(() => {
  intents = memoryIntents();
  holdings = memoryHoldings();
  published = [];
  nowMs = Date.UTC(2026, 0, 1);
  ingress = openIngress({
    catalogue,
    controllers,
    intents,
    holdings,
    secrets: memorySecrets(Buffer.alloc(32, 1)),
    publish: async (events) => void published.push(...events),
    now: () => new Date(nowMs),
  });
});

const candidates = (file: string) => {
  const read = ingress.read(Buffer.from(file));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.candidates;
};
const submit = async (...documents: readonly string[]) => ingress.submit(candidates(documents.join("\n---\n")));
const taken = async (...documents: readonly string[]): Promise<readonly IntentRecord[]> => {
  const answer = await submit(...documents);
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.records;
};
const problems = async (...documents: readonly string[]): Promise<readonly Problem[]> => {
  const answer = await submit(...documents);
  return answer.ok ? [] : answer.problems;
};
/** Every order of an intent is carried out, as intent-report would take it in. */
const carriedOut = async (id: string): Promise<void> => {
  await intents.update(id, (known) =>
    known?.orders.reduce(
      (record, { order: { executioner, resource } }) =>
        advance(
          record,
          { kind: "executed", executioner, resource, submission: record.submission, effect: "created", declared: {} },
          record.updatedAt,
        ),
      known,
    ),
  );
};

/** [kind, who came first (none: the operator), who comes, what it is told, the nearest value]. */
const table: readonly [ConflictKind, readonly string[], string, string, string | undefined][] = [
  [
    "VLAN_TAKEN",
    [intent("a", [link(150, r1r2)])],
    intent("b", [link(150, ["r1", "eth1", "r7", "eth7"])]),
    "VLAN 150 of port eth1 of r1",
    "149",
  ],
  [
    "VLAN_TAKEN",
    [intent("a", [sdp("s", "n1", { "ac-tp-id": "p1", vlanId: 7 }), sdp("tt", "n3")])],
    intent("b", [sdp("s", "n1", { "ac-tp-id": "p1", vlanId: 7 }), sdp("uuu", "n4")]),
    "VLAN 7 of port p1 of n1",
    "6",
  ],
  [
    "PORT_TAKEN",
    [intent("a", [sdp("s", "n1", { "ac-tp-id": "p1" }), sdp("tt", "n3")])],
    intent("b", [sdp("s", "n1", { "ac-tp-id": "p1", vlanId: 7 }), sdp("uuu", "n4")]),
    "VLAN 7 of port p1 of n1",
    undefined,
  ],
  [
    "VLAN_NOT_ALLOWED",
    [],
    intent("b", [link(200, r1r2)]),
    "VLAN 200 of port eth1 of r1, which is open for 100-199, 300 only (declared)",
    "199",
  ],
  [
    "BANDWIDTH_EXCEEDED",
    [intent("a", [link(100, r1r2, [target("bandwidth", "IS_EQUAL_TO", "7 Gbps")])])],
    intent("b", [link(101, r1r2, [target("bandwidth", "IS_EQUAL_TO", "4 Gbps")])]),
    "4 Gbit/s of port eth1 of r1, which has 10 Gbit/s in all (declared), and intent a (expectation 1, priority 1) has 7 Gbit/s of it",
    "at most 3 Gbit/s",
  ],
  [
    "LATENCY_UNREACHABLE",
    [],
    intent("b", [link(100, r1r2, [target("latency", "IS_LESS_THAN", "3 ms")])]),
    "at most 3 ms of the path from r1 to r2, which takes 4 ms (declared)",
    "at least 4 ms",
  ],
  [
    "LATENCY_UNREACHABLE",
    [],
    intent("b", [sdp("s", "n1", {}, [target("one-way-delay-maximum", "IS_EQUAL_TO", "15.2 ms")]), sdp("tt", "n2")]),
    "at most 15.2 ms of the path from n1 to n2",
    "at least 20 ms",
  ],
  [
    "NETWORK_NAME_TAKEN",
    [intent("a", network("red"))],
    intent("b", network("red", { podCidr: "10.9.0.0/16" })),
    "the name default/red of cluster c1",
    "another name, such as red-2",
  ],
  [
    "NETWORK_RANGE_OVERLAP",
    [intent("a", network("red", { podCidr: "10.1.0.0/16" }))],
    intent("b", network("blue", { podCidr: "10.1.128.0/20" })),
    "10.1.128.0/20 of the pods' addresses in cluster c1",
    "10.2.0.0/20",
  ],
  [
    "PROVIDER_CONTRADICTION",
    [intent("a", network("red"))],
    intent("b", network("blue", { domain: "172.18.0.9:8181" }, 2)),
    "the address 172.18.0.9:8181 of provider p",
    "the address 172.18.0.2:8181",
  ],
  [
    "SDP_TAKEN",
    [intent("a", [sdp("s", "n1"), sdp("tt", "n3")])],
    intent("b", [sdp("s", "n1"), sdp("uuu", "n4")]),
    "the address 10.0.0.1 as a demarcation point of node n1",
    "a port of the node",
  ],
  [
    "SESSION_TAKEN",
    [intent("a", [session("192.0.2.1", 64512)])],
    intent("b", [session("192.0.2.1", 64512)]),
    "a session with 192.0.2.1 of AS 64513 at pdb:ix:1",
    undefined,
  ],
  [
    "ASN_CONTRADICTION",
    [intent("a", [session("192.0.2.1", 64512)])],
    intent("b", [session("192.0.2.1", 64999, 64514)]),
    "AS 64999 of speaker 192.0.2.1 at pdb:ix:1",
    "AS 64512",
  ],
  [
    "FLOW_OVERLAP",
    [intent("a", [flow([80, "8000-8080"], "1 Mbps", morning)])],
    intent("b", [flow("8080-8090", "1 Mbps", noon)]),
    "the traffic of subscriber imsi-001010000000001",
    "from 2099-01-01T12:00:00.000Z on",
  ],
  [
    "SUBSCRIBER_CAPACITY_EXCEEDED",
    [intent("a", [flow("80", "7 Mbps", morning)])],
    intent("b", [flow("443", "4 Mbps", noon)]),
    "4 Mbit/s of downlink of subscriber imsi-001010000000001",
    "at most 3 Mbit/s",
  ],
  [
    "SUBSCRIBER_UNKNOWN",
    [],
    intent("b", [flow("80", "1 Mbps", {}, "imsi-001010000000009")]),
    "which the operator did not declare",
    undefined,
  ],
];

describe("the table of conflicts", () => {
  it("has every kind, here and in docs/conflicts.md", () => {
    expect(new Set(table.map(([kind]) => kind))).toEqual(new Set(ConflictKind.options));
    const page = readFileSync(new URL("../../docs/conflicts.md", import.meta.url), "utf8");
    expect(ConflictKind.options.filter((kind) => !page.includes(`| ${kind} |`))).toEqual([]);
  });

  it.each(table)(
    "%s is told before any effect, with both intents, the thing and the nearest value that would do",
    async (kind, first, second, words, nearest) => {
      await taken(...first, ...(first.length === 0 ? [intent("other", [link(300, r3r4)])] : []));
      const before = published.length;
      const looked = await ingress.objections(candidates(second));
      const [problem] = await problems(second);
      expect(looked).toEqual(await problems(second));
      expect(problem).toMatchObject({
        code: kind,
        intentId: "b",
        document: 1,
        path: expect.stringMatching(/^\/Intent\/intentExpectations\/\d$/),
      });
      expect(problem?.reason).toContain(`intent b (expectation `);
      expect(problem?.reason).toContain(words);
      if (nearest !== undefined) expect(problem?.reason).toContain(nearest);
      if (first.length > 0) {
        expect(problem?.reason).toContain("intent a (expectation ");
        expect(IntentConflictReport.parse(problem?.conflict)).toMatchObject({
          kind,
          conflictingIntent: "a",
          ...(nearest === undefined ? {} : { nearestValue: expect.stringContaining(nearest) }),
        });
      } else expect(problem?.conflict).toBeUndefined();
      expect([published.length, await intents.get("b")]).toEqual([before, undefined]);
    },
  );

  it("is right about the nearest value: what it names is taken", async () => {
    await taken(
      intent("a", [link(150, r1r2, [target("bandwidth", "IS_EQUAL_TO", "7 Gbps")])]),
      intent("n", network("red", { podCidr: "10.1.0.0/16" })),
    );
    await taken(
      intent("b", [link(149, r1r2, [target("bandwidth", "IS_EQUAL_TO", "3 Gbps")])]),
      intent("m", network("blue", { podCidr: "10.2.0.0/20" })),
    );
  });
});

describe("intents that do not meet", () => {
  it.each([
    ["the same VLAN on another port", intent("a", [link(150, r1r2)]), intent("b", [link(150, r3r4)])],
    ["another VLAN on the same port", intent("a", [link(150, r1r2)]), intent("b", [link(151, r1r2)])],
    ["the same name in another cluster", intent("a", network("red")), intent("b", network("red", {}, 2))],
    ["flows one after the other", intent("a", [flow("80", "7 Mbps", morning)]), intent("b", [flow("80", "7 Mbps", afternoon)])],
    ["a flow within a wider one, which has precedence", intent("a", [flow("8000-8080", "1 Mbps")]), intent("b", [flow("8080", "1 Mbps")])],
    ["flows of other ports", intent("a", [flow("80", "1 Mbps")]), intent("b", [flow("81", "1 Mbps")])],
    ["sessions with two peers", intent("a", [session("192.0.2.1", 64512)]), intent("b", [session("192.0.2.1", 64512, 64514)])],
  ])("are taken: %s", async (_, first, second) => {
    await taken(first);
    await taken(second);
  });

  it("are taken when the same intent is asked again, changed or not", async () => {
    await taken(intent("a", [link(150, r1r2)]));
    await taken(intent("a", [link(150, r1r2)]));
    await taken(intent("a", [link(151, r1r2)]));
  });
});

describe("conflicts within a file", () => {
  it("are those of two of its intents, and then none of it is taken", async () => {
    const answer = await problems(intent("a", [link(150, r1r2)]), intent("c", [link(170, r3r4)]), intent("b", [link(150, r1r2)]));
    expect(answer.map(({ code, document, intentId, conflict }) => [code, document, intentId, conflict?.conflictType])).toEqual([
      ["VLAN_TAKEN", 3, "b", "INTENT_CONFLICT"],
      ["VLAN_TAKEN", 3, "b", "INTENT_CONFLICT"],
    ]);
    expect(await intents.list({ limit: 10 })).toEqual([]);
    await taken(intent("b", [link(150, r1r2)]));
  });

  it("are those of two expectations of one intent", async () => {
    const [answer] = await problems(intent("a", [link(150, r1r2), link(150, ["r1", "eth1", "r7", "eth7"])]));
    expect(answer?.conflict).toMatchObject({ conflictType: "EXPECTATION_CONFLICT", conflictingIntent: "a", conflictingExpectation: "1" });
    expect(answer?.reason).toContain("its own expectation 1");
  });

  it("count together against a capacity", async () => {
    const part = (id: string, vlan: number) => intent(id, [link(vlan, r1r2, [target("bandwidth", "IS_EQUAL_TO", "4 Gbps")])]);
    expect((await problems(part("a", 100), part("b", 101), part("c", 102))).map(({ intentId, code }) => [intentId, code])).toEqual([
      ["c", "BANDWIDTH_EXCEEDED"],
    ]);
  });
});

describe("what an intent held", () => {
  it("is free again when it is terminated and gone, and not before", async () => {
    await taken(intent("a", [link(150, r1r2)]));
    await carriedOut("a");
    await ingress.terminate("a");
    expect(await problems(intent("b", [link(150, r1r2)]))).not.toEqual([]);
    await carriedOut("a");
    await taken(intent("b", [link(150, r1r2)]));
  });

  it("stays held, the old and the new, while a change is under way", async () => {
    await taken(intent("a", [link(150, r1r2)]));
    await carriedOut("a");
    await taken(intent("a", [link(151, r1r2)]));
    const codes = async (vlan: number) => (await problems(intent("b", [link(vlan, r1r2)]))).map(({ code }) => code);
    expect([await codes(150), await codes(151)]).toEqual([
      ["VLAN_TAKEN", "VLAN_TAKEN"],
      ["VLAN_TAKEN", "VLAN_TAKEN"],
    ]);
  });

  it("is let go where a process died between taking it and recording it, but not before it can be sure", async () => {
    await taken(intent("a", [link(150, r1r2)]));
    const [held] = await holdings.of(["port http://tfs.example r1 eth1"]);
    if (held === undefined) throw new Error("nothing is held");
    await intents.update("a", () => undefined);
    await holdings.hold([{ intentId: "a", held: [], at: new Date(nowMs).toISOString() }], () => []);
    await holdings.hold([{ intentId: "ghost", held: [{ ...held, intentId: "ghost" }], at: new Date(nowMs).toISOString() }], () => []);
    expect(await problems(intent("b", [link(150, r1r2)]))).not.toEqual([]);
    nowMs += 31_000;
    await taken(intent("b", [link(150, r1r2)]));
  });
});

describe("preemption", () => {
  const important = { intentPriority: 50, intentPreemptionCapability: "TRUE" };

  it("sends a less important intent away, and waits until it is gone", async () => {
    await taken(intent("low", [link(150, r1r2)], { intentPriority: 10 }));
    await carriedOut("low");
    published.length = 0;
    const [high] = await taken(intent("high", [link(150, r1r2)], important));
    expect(high).toMatchObject({ waitsFor: ["low"], orders: [{ state: "placed" }] });
    expect(await intents.get("low")).toMatchObject({
      wanted: "suspended",
      preemptedBy: "high",
      orders: [{ action: "withdraw", state: "placed" }],
    });
    expect(published.map(({ subject }) => subject)).toEqual(["low"]);
  });

  it.each([
    ["without the capability", { intentPriority: 50 }, { intentPriority: 10 }],
    ["of the same priority", important, { intentPriority: 50 }],
    ["of a more important one", important, { intentPriority: 51 }],
  ])("does not happen %s", async (_, second, first) => {
    await taken(intent("low", [link(150, r1r2)], first));
    expect((await problems(intent("high", [link(150, r1r2)], second)))[0]?.code).toBe("VLAN_TAKEN");
    expect(await intents.get("low")).toMatchObject({ wanted: "active" });
  });

  it("does not happen where it would not be enough", async () => {
    await taken(intent("low", [link(150, r1r2)], { intentPriority: 10 }));
    const answer = await problems(intent("high", [link(150, r1r2, [target("latency", "IS_LESS_THAN", "1 ms")])], important));
    expect(answer.map(({ code }) => code).toSorted()).toEqual(["LATENCY_UNREACHABLE", "VLAN_TAKEN", "VLAN_TAKEN"]);
    expect(await intents.get("low")).toMatchObject({ wanted: "active" });
  });

  it("sends away as many as a share needs, the largest first", async () => {
    const part = (id: string, vlan: number, gbps: number) =>
      intent(id, [link(vlan, ["r9", "eth9", `x${id}`, "e"], [target("bandwidth", "IS_EQUAL_TO", gbps)])]);
    await taken(part("small", 1, 0.2), part("large", 2, 0.5), part("other", 3, 0.3));
    const [high] = await taken(intent("high", [link(4, ["r9", "eth9", "y", "e"], [target("bandwidth", "IS_EQUAL_TO", 0.8)])], important));
    expect(high?.waitsFor).toEqual(["large", "other"]);
    expect(stateOf((await intents.get("small")) as IntentRecord)).toBe("ACKNOWLEDGED");
  });
});
