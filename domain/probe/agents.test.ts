import { describe, expect, it } from "vitest";
import { agentAddress, findNode, ProbeAgent, ProbeAgents } from "./agents.ts";

const agents = ProbeAgents.parse([
  { cluster: "kind-1", node: "worker", address: "172.18.0.2" },
  { cluster: "kind-2", node: "worker", address: "172.19.0.2" },
  { cluster: "kind-2", node: "worker2", address: "2001:db8::2", agent: "https://probes.example:8443" },
]);

describe("the list of agents", () => {
  it("has D2.3's port and STAMP's where nothing else is said", () => {
    expect(agents[0]).toMatchObject({ stampPort: 862, throughputPort: 5_002 });
    expect(agents.map((agent) => agentAddress(agent).href)).toEqual([
      "http://172.18.0.2:5001/",
      "http://172.19.0.2:5001/",
      "https://probes.example:8443/",
    ]);
    expect(agentAddress(ProbeAgent.parse({ cluster: "c", node: "n", address: "2001:db8::1" })).href).toBe("http://[2001:db8::1]:5001/");
  });

  it.each([
    [
      "a node twice",
      [
        { cluster: "c", node: "n", address: "10.0.0.1" },
        { cluster: "c", node: "n", address: "10.0.0.2" },
      ],
      "c/n is there twice",
    ],
    ["no address", [{ cluster: "c", node: "n" }], "address"],
    ["an address that is a name", [{ cluster: "c", node: "n", address: "worker.example" }], "address"],
    ["a cluster with a slash", [{ cluster: "c/d", node: "n", address: "10.0.0.1" }], "cluster"],
    ["a port out of range", [{ cluster: "c", node: "n", address: "10.0.0.1", stampPort: 65_536 }], "stampPort"],
    ["something it does not know", [{ cluster: "c", node: "n", address: "10.0.0.1", token: "x" }], "token"],
  ])("is refused with %s", (_, list, says) => {
    const parsed = ProbeAgents.safeParse(list);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(says);
  });
});

describe("a node that a person names", () => {
  it("is found by cluster and name, by a name that one cluster has, and by address", () => {
    for (const said of ["kind-2/worker2", "worker2", "2001:db8::2"])
      expect(findNode(agents, said)).toMatchObject({ ok: true, value: { cluster: "kind-2", node: "worker2" } });
  });

  it("is not chosen where two clusters have the name", () => {
    expect(findNode(agents, "worker")).toMatchObject({
      ok: false,
      code: "PROBE_NODE_AMBIGUOUS",
      reason: expect.stringContaining("kind-1/worker or kind-2/worker"),
    });
  });

  it("that nobody has is refused, with those that there are", () => {
    expect(findNode(agents, "wörker")).toMatchObject({
      ok: false,
      code: "PROBE_NODE_UNKNOWN",
      reason: expect.stringContaining("kind-1/worker"),
    });
    expect(findNode([], "x")).toMatchObject({ reason: expect.stringContaining("known: none") });
  });
});
