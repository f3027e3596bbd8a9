import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readClusters } from "./facts.ts";
import { parseQuantity } from "./quantity.ts";

/** The log of D2.3 3.2.1, Figure 6, its text recognition repaired. */
const figure6 = {
  response: [
    {
      name: "k3s-cluster",
      uid: "1a058930-8dd4-4986-80c4-04c6f9831cbb",
      creationTimestamp: "2024-10-03T15:11:38Z",
      hubAcceptsClient: true,
      capacity: { cpu: "12", "ephemeral-storage": "2029975572Ki", memory: "23983932Ki", pods: "330" },
      allocatable: { cpu: "12", "ephemeral-storage": "1974760234894", memory: "23983932Ki", pods: "330" },
      version: "v1.30.5+k3s1",
    },
    {
      name: "rasptest",
      uid: "26ab1655-f353-4874-9c02-7c4ddd694dda",
      creationTimestamp: "2024-09-16T08:08:03Z",
      hubAcceptsClient: true,
      capacity: { cpu: "4", "ephemeral-storage": "29485028Ki", memory: "4143584Ki", pods: "110" },
      allocatable: { cpu: "4", "ephemeral-storage": "28683035216", memory: "4143584Ki", pods: "110" },
      version: "v1.30.4+k3s1",
    },
  ],
  status: "ok",
};
const at = "2026-01-01T00:00:00.000Z";

describe("a Kubernetes quantity", () => {
  it.each([
    ["12", 12],
    [12, 12],
    ["250m", 0.25],
    ["0.1", 0.1],
    ["100u", 1e-4],
    ["100n", 1e-7],
    ["12E", 12e18],
    [0.5, 0.5],
    ["128974848", 128974848],
    ["129e6", 129e6],
    ["129M", 129e6],
    ["123Mi", 128974848],
    ["23983932Ki", 24559546368],
    ["1E", 1e18],
    ["1e3", 1000],
    [" .5 ", 0.5],
    ["-1", -1],
  ])("%j is %d", (text, value) => {
    expect(parseQuantity(text)).toEqual({ ok: true, value });
  });

  it.each(["", "Ki", "1mm", "1KI", "1 Ki", "1kib", "NaN", "Infinity", "0x10", "1e9999", null, undefined, {}, true])(
    "%j is none",
    (text) => {
      expect(parseQuantity(text)).toMatchObject({ ok: false, code: "QUANTITY_INVALID" });
    },
  );

  it("means the same in every suffix that it can be written in", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.constantFrom(["Ki", 2 ** 10], ["Mi", 2 ** 20], ["k", 1e3], ["G", 1e9]),
        (n, [suffix, by]) => {
          expect(parseQuantity(`${String(n)}${String(suffix)}`)).toEqual({ ok: true, value: n * Number(by) });
          expect(parseQuantity(`${String(n)}m`)).toEqual({ ok: true, value: n / 1000 });
        },
      ),
    );
  });

  it("is read or refused, whatever the text, and never NaN", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = parseQuantity(text);
        expect(!read.ok || Number.isFinite(read.value)).toBe(true);
      }),
    );
  });
});

describe("the meta-orchestrator's message", () => {
  it("of D2.3's Figure 6 is two usable clusters in numbers", () => {
    expect(readClusters(figure6, at)).toEqual({
      ok: true,
      value: [
        {
          name: "k3s-cluster",
          uid: "1a058930-8dd4-4986-80c4-04c6f9831cbb",
          usable: true,
          cpuCores: 12,
          ramBytes: 24559546368,
          pods: 330,
          version: "v1.30.5+k3s1",
          reportedAt: at,
        },
        {
          name: "rasptest",
          uid: "26ab1655-f353-4874-9c02-7c4ddd694dda",
          usable: true,
          cpuCores: 4,
          ramBytes: 4243030016,
          pods: 110,
          version: "v1.30.4+k3s1",
          reportedAt: at,
        },
      ],
    });
  });

  it("may have Open Cluster Management's shape, where a cluster that is not accepted cannot be used", () => {
    const managed = {
      metadata: { name: "edge", uid: "u" },
      spec: { hubAcceptsClient: false },
      status: { allocatable: { cpu: "1500m", memory: "1Gi", pods: "20" }, version: { kubernetes: "v1.31.0" } },
    };
    expect(readClusters({ response: [managed], status: "ok" }, at)).toEqual({
      ok: true,
      value: [{ name: "edge", uid: "u", usable: false, cpuCores: 1.5, ramBytes: 2 ** 30, pods: 20, version: "v1.31.0", reportedAt: at }],
    });
    expect(readClusters({ response: [{ ...managed, spec: {} }], status: "ok" }, at)).toMatchObject({ value: [{ usable: false }] });
  });

  it.each([
    ["CLUSTERS_NOT_OK", { ...figure6, status: "error" }],
    ["CLUSTERS_INVALID", { status: "ok" }],
    ["CLUSTERS_INVALID", "text"],
    ["CLUSTERS_INVALID", { response: [{ capacity: { cpu: "1" } }], status: "ok" }],
    ["CLUSTERS_INVALID", { response: [{ name: "a" }], status: "ok" }],
    ["QUANTITY_INVALID", { response: [{ name: "a", capacity: { cpu: "many", memory: "1Gi", pods: "1" } }], status: "ok" }],
    ["QUANTITY_INVALID", { response: [{ name: "a", capacity: { cpu: "-1", memory: "1Gi", pods: "1" } }], status: "ok" }],
    ["QUANTITY_INVALID", { response: [{ name: "a", capacity: { cpu: "1", memory: "1Gi" } }], status: "ok" }],
  ])("is refused as %s when it is something else", (code, message) => {
    expect(readClusters(message, at)).toMatchObject({ ok: false, code });
  });
});
