import { describe, expect, it } from "vitest";
import type { Intent } from "../../model.ts";
import { library } from "./library.ts";
import { L2Network } from "./payload.ts";

type Values = Readonly<Record<string, string | undefined>>;
interface Asked {
  readonly type: "L2SM_NETWORK" | "L2SM_NEW_CLUSTER";
  readonly objects: Values;
  readonly around?: Values;
}

const ref = "secretRef:0123456789abcdef";
const network = (objects: Values = {}, around: Values = {}): Asked => ({
  type: "L2SM_NETWORK",
  objects: { name: "spain_network", providerName: "uc3m", domain: "172.18.0.2", ...objects },
  around,
});
const cluster = (objects: Values = {}, around: Values = {}): Asked => ({
  type: "L2SM_NEW_CLUSTER",
  objects: { name: "worker-1", bearer_token: ref, api_key: "https://172.18.0.3:6443", ...objects },
  around: { k8s_l2_network: "spain_network", ...around },
});

const contexts = (values: Values) =>
  Object.entries(values).flatMap(([contextAttribute, contextValueRange]) =>
    contextValueRange === undefined ? [] : [{ contextAttribute, contextCondition: "IS_EQUAL_TO" as const, contextValueRange }],
  );

const translate = (...asked: readonly Asked[]) => {
  const intent: Intent = {
    id: "i",
    userLabel: "cloud_continuum",
    intentExpectations: asked.map(({ type, objects, around = {} }, i) => ({
      expectationId: String(i + 1),
      expectationVerb: "DELIVER",
      expectationObject: { objectType: type, objectContexts: contexts(objects) },
      expectationTargets: [],
      expectationContexts: contexts(around),
    })),
    intentContexts: [],
    intentAdminState: "ACTIVATED",
    intentPriority: 1,
  };
  return library.translate(intent);
};

const ordersOf = (...asked: readonly Asked[]) => {
  const translated = translate(...asked);
  if (!translated.ok || translated.value.kind !== "orders") throw new Error(JSON.stringify(translated));
  return translated.value.orders;
};

describe("the l2sm library", () => {
  it("joins a network with the clusters that name it, in whatever order they stand", () => {
    const [first] = ordersOf(network(), cluster(), cluster({ name: "worker-2", api_key: "https://172.18.0.4:6443/" }));
    const [other] = ordersOf(cluster(), network(), cluster({ name: "worker-2", api_key: "https://172.18.0.4:6443/" }));
    expect(L2Network.parse(first?.payload)).toEqual({
      network: "spain-network",
      namespace: "default",
      provider: { name: "uc3m", domain: "172.18.0.2" },
      type: "vnet",
      clusters: [
        { name: "worker-1", apiUrl: "https://172.18.0.3:6443", tokenRef: ref },
        { name: "worker-2", apiUrl: "https://172.18.0.4:6443", tokenRef: ref },
      ],
    });
    expect(other?.payload).toEqual(first?.payload);
    expect(first?.origins).toEqual(["https://172.18.0.3:6443", "https://172.18.0.4:6443"]);
    expect([first?.expectationIds, other?.expectationIds]).toEqual([
      ["1", "2", "3"],
      ["2", "1", "3"],
    ]);
  });

  it.each(["name", "providerName", "domain"])("needs the context %s of a network", (name) => {
    expect(translate(network({ [name]: undefined }), cluster())).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: `needs the context ${name}`,
    });
  });

  it.each(["name", "bearer_token", "api_key"])("needs the context %s of a cluster", (name) => {
    expect(translate(network(), cluster({ [name]: undefined }))).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: `needs the context ${name}`,
      path: "/intentExpectations/1/expectationObject/objectContexts",
    });
  });

  it("needs a cluster to say which network it joins, and a network to have a cluster", () => {
    expect(translate(network(), cluster({}, { k8s_l2_network: undefined }))).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: "needs the context k8s_l2_network",
    });
    expect(translate(network())).toMatchObject({
      code: "CONTEXT_MISSING",
      reason: expect.stringContaining("k8s_l2_network"),
      path: "/intentExpectations/0",
    });
    expect(translate(network(), cluster({}, { k8s_l2_network: "france" }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("france"),
    });
    expect(translate(network(), cluster(), cluster())).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringContaining("twice") });
  });

  it("takes NEMO's word `network` for a network's name, and refuses both at once", () => {
    expect(ordersOf(network({ name: undefined, network: "spain-network" }), cluster())[0]?.resource).toBe(
      "l2network/default/spain-network",
    );
    expect(translate(network({ network: "spain-network" }), cluster())).toMatchObject({ code: "CONTEXT_INVALID" });
  });

  it.each(["Spain_Network", "SPAIN-NETWORK"])("makes an RFC 1123 label of %s", (name) => {
    expect(ordersOf(network({ name }), cluster())[0]?.payload).toMatchObject({ network: "spain-network" });
  });

  it.each([
    ["name", "-spain"],
    ["name", "a".repeat(64)],
    ["name", "españa"],
    ["namespace", "kube system"],
    ["domain", "172.18.0.2:99999"],
    ["domain", "172.18.0.2:0"],
    ["domain", "http://172.18.0.2"],
    ["domain", "172.18.0.2/path"],
    ["podCidr", "10.1.0.0/33"],
    ["podCidr", "10.1.0.0"],
    ["podCidr", "fd00::/8"],
  ])("refuses the %s %j of a network", (name, value) => {
    expect(translate(network({ [name]: value }), cluster())).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining(`${name}: `),
    });
  });

  it("takes no token in clear, and does not repeat one that it refuses", () => {
    const answer = translate(network(), cluster({ bearer_token: "canary-in-clear" }));
    expect(answer).toMatchObject({ code: "CONTEXT_INVALID", reason: expect.stringContaining("bearer_token") });
    expect(JSON.stringify(answer)).not.toContain("canary");
  });

  it("goes through the controller that network or cluster name, and refuses two different ones", () => {
    const there = { url: "http://192.168.165.10/some/path" };
    expect(ordersOf(network({}, there), cluster())[0]?.controller).toBe(there.url);
    expect(ordersOf(network(), cluster({}, there))[0]?.controller).toBe(there.url);
    expect(ordersOf(network({}, there), cluster({}, { url: "http://192.168.165.10" }))[0]?.controller).toBe(there.url);
    expect(ordersOf(network(), cluster())[0]).not.toHaveProperty("controller");
    expect(translate(network({}, there), cluster({}, { url: "http://192.168.165.11" }))).toMatchObject({
      code: "CONTEXT_INVALID",
      reason: expect.stringContaining("url"),
      path: "/intentExpectations/1/expectationContexts",
    });
  });
});
