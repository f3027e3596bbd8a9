import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { Intent } from "../../domain/intent/model.ts";
import { examplesOf } from "../conformance/library-examples.ts";

/*
 * Every row of the tables of D2.3 4.2.1.2, 4.2.3.3 to 4.2.3.5: its attribute, where an intent has it, and its condition. Slips of the print are put right:
 * `beare_token`, `k8s_12_network`, `uc3m` for domain; the slices' targets, which are headed objectTargets. Table 9 is NeMeX's (figure-10.test.ts).
 */
type List = "objectContexts" | "expectationTargets" | "targetContexts" | "expectationContexts" | "intentContexts";
const equal = "IS_EQUAL_TO";
const rows = (table: string, objectType: string, list: List, attributes: readonly string[], condition = equal) =>
  attributes.map((attribute) => ({ table, objectType, list, attribute, condition }));
const tables = [
  ...rows("1", "5G_SLICE_FLOW", "objectContexts", ["ip4Address", "type", "portNumber", "portType"]),
  ...rows("2", "5G_SLICE_FLOW", "expectationTargets", ["ulCapacity", "dlCapacity"]),
  ...rows("3", "5G_SLICE_FLOW", "targetContexts", ["profile"]),
  ...rows("4", "5G_SLICE_FLOW", "expectationContexts", ["startTime", "stopTime", "url"]),
  ...rows("5", "L2VPN", "intentContexts", ["NEMO_WORKLOAD"]),
  ...rows("6", "K8S_L2_NETWORK", "objectContexts", ["name", "providerName", "domain"]),
  ...rows("7", "K8S_CLUSTER_CONFIG", "objectContexts", ["name", "bearer_token", "api_key"]),
  ...rows("8", "K8S_CLUSTER_CONFIG", "expectationContexts", ["k8s_l2_network", "url"]),
  ...rows("10", "L2VPN", "objectContexts", ["nodeSrc", "nodeDst", "endpointSrc", "vlanId", "niName"]),
  ...rows("11", "L2VPN", "expectationTargets", ["bandwidth"], "IS_EQUAL_TO_OR_GREATER_THAN"),
  ...rows("11", "L2VPN", "expectationTargets", ["latency"], "IS_LESS_THAN"),
  ...rows("4.2.3.4, contexts", "SLICE_SERVICE_SDP", "objectContexts", ["slo-sle-policy", "sdp-id", "node-id", "sdp-ip-address", "niName"]),
  ...rows("4.2.3.4, targets", "SLICE_SERVICE_SDP", "expectationTargets", ["one-way-bandwidth", "one-way-delay-maximum"]),
  ...rows("12", "BGP_SESSION", "objectContexts", ["localAsn", "localIp", "peerAsn", "peerType", "md5"]),
  ...rows("13", "BGP_SESSION", "expectationContexts", ["location"]),
];

/** Where an intent says what a row has, under any object type that is the same thing one step further down. */
const sameThing: Readonly<Record<string, readonly string[]>> = {
  L2VPN: ["L2VPN", "L2VPN_TFS"],
  K8S_L2_NETWORK: ["K8S_L2_NETWORK", "L2SM_NETWORK"],
  K8S_CLUSTER_CONFIG: ["K8S_CLUSTER_CONFIG", "L2SM_NEW_CLUSTER"],
};

function says({ intentExpectations, intentContexts }: Intent, { objectType, list, attribute, condition }: (typeof tables)[number]): boolean {
  const types = sameThing[objectType] ?? [objectType];
  return intentExpectations
    .filter(({ expectationObject }) => types.includes(expectationObject.objectType))
    .some(({ expectationObject, expectationTargets, expectationContexts }) => {
      const targets = expectationTargets.map((t) => ({ contextAttribute: t.targetName, contextCondition: t.targetCondition }));
      const contexts = {
        objectContexts: expectationObject.objectContexts,
        expectationTargets: targets,
        targetContexts: expectationTargets.flatMap((t) => t.targetContexts),
        expectationContexts,
        intentContexts,
      }[list];
      return contexts.some((c) => c?.contextAttribute === attribute && c.contextCondition === condition);
    });
}

const folder = join(import.meta.dirname, "../../domain/intent/catalogue");
const examples = catalogue.flatMap((library) => examplesOf(library));

describe("every row of D2.3's tables", () => {
  it.each(tables)("Table $table: $attribute of $objectType is in an example that has its golden orders beside it", (row) => {
    const found = examples.filter(({ intent }) => says(intent, row));
    expect(found.map(({ library, name }) => `${library.name}/${name}`)).not.toEqual([]);
    for (const { library, name } of found) {
      const golden: unknown = JSON.parse(readFileSync(join(folder, library.name, "examples", `${name}.golden.json`), "utf8"));
      expect(golden).toMatchObject({ kind: expect.stringMatching(/^(orders|sub-intents)$/) as string });
    }
  });
});
