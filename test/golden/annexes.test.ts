import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { classify } from "../../domain/intent/classify.ts";
import { effectName } from "../../domain/intent/name.ts";
import { readIntent } from "../../domain/intent/read.ts";
import { resolve } from "../../domain/intent/resolve.ts";
import { translate } from "../../domain/intent/translate.ts";
import { parseDocuments } from "../../services/ingress/parse.ts";
import { deepFreeze, sealedIntents } from "../conformance/library-examples.ts";

const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
const vpn = read("annex-9.1-tfs-l2vpn.yaml");
const network = read("annex-9.2-l2sm.yaml");

const intentsOf = (bytes: Buffer) => sealedIntents(bytes).map(({ intent }) => deepFreeze(intent));
const ordersOf = (bytes: Buffer) =>
  intentsOf(bytes).flatMap((intent) => {
    const resolved = resolve(intent, catalogue);
    if (!resolved.ok) throw new Error(`${resolved.code}: ${resolved.reason}`);
    return resolved.value;
  });

const vpnOrder = {
  executioner: "tfs",
  resource: `service/${effectName("new_intent_2", "1")}`,
  expectationIds: ["1"],
  controller: "http://192.168.165.10/restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services",
  origins: [],
  payload: {
    service: "new_intent_2-1",
    source: { node: "3.3.3.3", endpoint: "GigabitEthernet0/0/0/1" },
    destination: { node: "5.5.5.5", endpoint: "GigabitEthernet0/0/0/1" },
    vlanId: 999,
    niName: "ninametfssssss",
    bandwidthGbps: 10,
    latencyMs: 15.2,
  },
};

const networkOrder = {
  executioner: "l2sm",
  resource: "l2network/default/spain-network",
  expectationIds: ["1", "2"],
  controller: "http://192.168.165.10",
  origins: ["https://172.18.0.3:6443"],
  payload: {
    network: "spain-network",
    namespace: "default",
    provider: { name: "uc3m", domain: "172.18.0.2" },
    type: "vnet",
    clusters: [{ name: "kind-worker-cluster-1", apiUrl: "https://172.18.0.3:6443", tokenRef: "secretRef:the-secret-number-1" }],
  },
};

describe("D2.3, annex 9.1", () => {
  it("comes down to one L2VPN on TeraFlowSDN", () => {
    expect(ordersOf(vpn)).toEqual([vpnOrder]);
  });

  it("goes the way of D2.3's figures 30 and 32: L2VPN, l2vpn, L2VPN_TFS, tfs-l2vpn", () => {
    const way: string[] = [];
    let [intent] = intentsOf(vpn);
    while (intent !== undefined) {
      const matches = classify(intent, catalogue);
      const [match] = matches.ok ? matches.value : [];
      if (match === undefined) throw new Error("no library");
      way.push(String(intent.intentExpectations[0]?.expectationObject.objectType), match.library.name);
      const translated = translate(intent, [{ library: match.library.name, expectationIds: match.expectationIds }], catalogue);
      if (!translated.ok) throw new Error(translated.code);
      intent = translated.value.derived[0]?.intent;
    }
    expect(way).toEqual(["L2VPN", "l2vpn", "L2VPN_TFS", "tfs-l2vpn"]);
  });

  it("keeps its workload, priority and period on the way", () => {
    const [intent] = intentsOf(vpn);
    expect(intent).toMatchObject({
      intentContexts: [{ contextAttribute: "NEMO_WORKLOAD", contextCondition: "IS_EQUAL_TO", contextValueRange: "cbcb208a-d535-434b-bb35-217a64bd516b" }],
      intentPriority: 1,
      observationPeriod: 60,
      intentAdminState: "ACTIVATED",
    });
  });

  it("is read the same with the decimal comma of the printed page, and says so", () => {
    const printed = vpn.toString("utf8").replace("Range: 10.0", "Range: 10,0");
    expect(printed).toContain("targetValueRange: 10,0");
    expect(ordersOf(Buffer.from(printed))).toEqual([vpnOrder]);
    const parsed = parseDocuments(Buffer.from(printed));
    const taken = parsed.ok ? readIntent(parsed.value[0]?.value) : parsed;
    expect(taken).toMatchObject({ ok: true, value: { warnings: ["bandwidth: 10,0 is read as 10.0"] } });
  });
});

describe("D2.3, annex 9.2", () => {
  it("comes down to one L2 network over one cluster, with its token as a reference", () => {
    expect(ordersOf(network)).toEqual([networkOrder]);
    expect(sealedIntents(network)[0]?.secrets).toEqual(["not-a-real-token"]);
    expect(JSON.stringify(intentsOf(network))).not.toContain("not-a-real-token");
  });
});

describe("D2.3, both annexes", () => {
  it("may be documents of one file", () => {
    const file = Buffer.from(`${vpn.toString("utf8")}\n---\n${network.toString("utf8")}`);
    expect(ordersOf(file)).toEqual([vpnOrder, networkOrder]);
  });

  it("say the same in the JSON form that NEMO's intent engine puts on RabbitMQ, one by one and as a list", () => {
    const documents = [vpn, network].map((bytes) => {
      const parsed = parseDocuments(bytes);
      return parsed.ok ? parsed.value[0]?.value : undefined;
    });
    expect(documents.flatMap((document) => ordersOf(Buffer.from(JSON.stringify(document))))).toEqual([vpnOrder, networkOrder]);
    expect(ordersOf(Buffer.from(JSON.stringify(documents)))).toEqual([vpnOrder, networkOrder]);
  });

  it("are read the same with the lines of Windows", () => {
    for (const bytes of [vpn, network]) expect(intentsOf(Buffer.from(bytes.toString("utf8").replaceAll("\n", "\r\n")))).toEqual(intentsOf(bytes));
  });
});
