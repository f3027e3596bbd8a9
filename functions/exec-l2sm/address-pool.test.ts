import { expect, it } from "vitest";
import { freeRanges } from "./address-pool.ts";

it.each([
  ["10.1.0.0/16", 2, ["10.1.64.0/18", "10.1.128.0/18"]],
  ["192.168.0.0/16", 3, ["192.168.64.0/18", "192.168.128.0/18", "192.168.192.0/18"]],
  ["10.1.0.0/16", 5, ["10.1.32.0/19", "10.1.64.0/19", "10.1.96.0/19", "10.1.128.0/19", "10.1.160.0/19"]],
])("divides %s among %i clusters as L2S-M does", (podCidr, clusters, ranges) => {
  expect(freeRanges(podCidr, clusters, [], clusters)).toEqual(ranges);
});

it("gives a cluster that joins later what nobody has", () => {
  expect(freeRanges("10.1.0.0/16", 3, ["10.1.64.0/18", "10.1.128.0/18"], 1)).toEqual(["10.1.192.0/18"]);
  // blocks of a former, coarser division lie across several finer ones
  expect(freeRanges("10.1.0.0/16", 4, ["10.1.64.0/18", "10.1.128.0/18"], 2)).toEqual(["10.1.32.0/19", "10.1.192.0/19"]);
});

it("has none to give when all are taken, when it is too small, or when it is none", () => {
  expect(freeRanges("10.1.0.0/16", 2, ["10.1.0.0/16"], 1)).toBeUndefined();
  expect(freeRanges("10.1.0.0/31", 2, [], 2)).toBeUndefined();
  expect(freeRanges("fd00::/48", 2, [], 2)).toBeUndefined();
});
