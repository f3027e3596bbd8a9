import { describe, expect, it } from "vitest";
import { pod } from "../../test/support/pods.ts";
import { intentOf, OWNERSHIP_LABELS, ownershipOf, workloadOf } from "./ownership.ts";
import type { Pod } from "./pod.ts";

const { workload, user, intent } = OWNERSHIP_LABELS;
const owner = (labels: Record<string, string>): Pod["owners"] => [
  { kind: "ReplicaSet", name: "web-1", uid: "r", labels: {} },
  { kind: "Deployment", name: "web", uid: "d", labels },
];
const of = (given: Partial<Pod>, fromIntent?: string) => ownershipOf(pod(given), OWNERSHIP_LABELS, fromIntent);

describe("ownershipOf", () => {
  it("asks the pod's label, then its owners', then the intent, and then nobody knows", () => {
    const labels = { [workload]: "w1", [user]: "alice" };
    expect(of({ labels, owners: owner({ [workload]: "w2" }) }, "w3")).toEqual({ workloadId: "w1", mappedBy: "label", userId: "alice" });
    expect(of({ labels: {}, owners: owner({ [workload]: "w2", [user]: "bob" }) }, "w3")).toEqual({
      workloadId: "w2",
      mappedBy: "owner-label",
      userId: "bob",
    });
    expect(of({ labels: {} }, "w3")).toEqual({ workloadId: "w3", mappedBy: "intent", userId: null });
    expect(of({ labels: {} })).toEqual({ workloadId: null, mappedBy: null, userId: null });
  });

  it("takes an empty label for none", () => {
    expect(of({ labels: { [workload]: "" }, owners: owner({ [workload]: "w2" }) })).toMatchObject({ workloadId: "w2" });
  });
});

describe("intentOf", () => {
  it("names the intent only where no label names the workload", () => {
    expect(intentOf(pod({ labels: { [intent]: "i" } }), OWNERSHIP_LABELS)).toBe("i");
    expect(intentOf(pod({ labels: { [intent]: "i", [workload]: "w" } }), OWNERSHIP_LABELS)).toBeUndefined();
    expect(intentOf(pod({ labels: {}, owners: owner({ [intent]: "i" }) }), OWNERSHIP_LABELS)).toBe("i");
  });
});

describe("workloadOf", () => {
  const context = (contextCondition: "IS_EQUAL_TO" | "IS_ONE_OF", contextValueRange: string | string[]) => ({
    intentContexts: [{ contextAttribute: "NEMO_WORKLOAD", contextCondition, contextValueRange }],
  });

  it("is what D2.3's NEMO_WORKLOAD is equal to", () => {
    expect(workloadOf(context("IS_EQUAL_TO", "uuid"))).toBe("uuid");
    expect(workloadOf(context("IS_ONE_OF", ["a", "b"]))).toBeUndefined();
    expect(workloadOf({ intentContexts: [] })).toBeUndefined();
  });
});
