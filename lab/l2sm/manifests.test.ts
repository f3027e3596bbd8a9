import { describe, expect, it } from "vitest";
import { addressShares } from "./manifests.ts";

describe("ApplyCIDRs", () => {
  it.each([
    ["10.1.0.0/16", 2, ["10.1.64.0/18", "10.1.128.0/18"]],
    ["192.168.0.0/16", 3, ["192.168.64.0/18", "192.168.128.0/18", "192.168.192.0/18"]],
    ["10.1.0.0/16", 5, ["10.1.32.0/19", "10.1.64.0/19", "10.1.96.0/19", "10.1.128.0/19", "10.1.160.0/19"]],
  ])("splits %s among %i clusters", (cidr, clusters, shares) => {
    expect(addressShares(cidr, clusters)).toEqual({ ok: true, value: shares });
  });

  it("refuses what is no network, or too small a one", () => {
    const codes = [addressShares("10.1.0.0/31", 2), addressShares("10.1.0.0", 2), addressShares("10.1.0.300/16", 2)];
    expect(codes.map((c) => c.ok)).toEqual([false, false, false]);
  });
});
