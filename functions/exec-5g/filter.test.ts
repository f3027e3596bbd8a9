import { describe, expect, it } from "vitest";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import { filtersOf, flowInfo } from "./filter.ts";

const remote = (change: Partial<Flow5g["remote"]> = {}): Flow5g["remote"] => ({
  address: "1.1.1.1",
  protocol: "UDP",
  ports: ["36000"],
  ...change,
});
const rules = (asked: Pick<Flow5g, "remote" | "direction">): readonly (readonly string[])[] =>
  flowInfo(asked, "10.45.0.7").map(({ flowDescriptions }) => flowDescriptions);

describe("a flow's filters", () => {
  it("are both directions of D2.3's example", () => {
    expect(flowInfo({ remote: remote(), direction: "BOTH" }, "10.45.0.7")).toEqual([
      {
        flowId: 1,
        flowDescriptions: ["permit out 17 from 1.1.1.1 36000 to 10.45.0.7", "permit in 17 from 10.45.0.7 to 1.1.1.1 36000"],
      },
    ]);
  });

  it("turn Cumucore's words round: IN is downlink, OUT is uplink", () => {
    expect(rules({ remote: remote(), direction: "IN" })).toEqual([["permit out 17 from 1.1.1.1 36000 to 10.45.0.7"]]);
    expect(rules({ remote: remote(), direction: "OUT" })).toEqual([["permit in 17 from 10.45.0.7 to 1.1.1.1 36000"]]);
  });

  it.each<[string, Partial<Flow5g["remote"]>, readonly string[]]>([
    [
      "lists and ranges of TCP ports",
      { protocol: "TCP", ports: ["80", "8000-8080"] },
      ["permit in 6 from 10.45.0.7 to 1.1.1.1 80,8000-8080"],
    ],
    ["every port", { ports: [] }, ["permit in 17 from 10.45.0.7 to 1.1.1.1"]],
    ["a prefix", { address: "198.51.100.0/24" }, ["permit in 17 from 10.45.0.7 to 198.51.100.0/24 36000"]],
    ["every address and protocol", { address: "any", protocol: "ANY", ports: [] }, ["permit in ip from 10.45.0.7 to any"]],
    [
      "a port of any protocol, which has ports",
      { protocol: "ANY" },
      ["permit in 6 from 10.45.0.7 to 1.1.1.1 36000", "permit in 17 from 10.45.0.7 to 1.1.1.1 36000"],
    ],
  ])("say %s", (_, change, expected) => {
    expect(rules({ remote: remote(change), direction: "OUT" }).flat()).toEqual(expected);
  });

  it("are the same however they are written, and others are not", () => {
    const one = filtersOf([{ flowDescriptions: ["permit out 17 from 1.1.1.1 36000 to 10.45.0.7", "permit in ip from a to b"] }]);
    const same = [
      { flowDescriptions: ["permit in ip from  A to B"] },
      { flowDescriptions: [" permit out 17 from 1.1.1.1/32 36000 to 10.45.0.7/32"] },
    ];
    expect(filtersOf(same)).toBe(one);
    expect(filtersOf(same.slice(1))).not.toBe(one);
    expect(filtersOf([{ flowDescriptions: ["permit out 6 from 1.1.1.1 36000 to 10.45.0.7", "permit in ip from a to b"] }])).not.toBe(one);
  });
});
