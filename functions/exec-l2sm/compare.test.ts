import { expect, it } from "vitest";
import { isConnected, networkDifferences, NetworkResource } from "./compare.ts";

const wanted = { type: "vnet", podCidr: "10.1.0.0/16", provider: { name: "uc3m", domain: "172.18.0.2", sdnPort: "30808" } } as const;
const available = { internalConnectivity: "Available", providerConnectivity: "Available" };
const resource = (spec: object, status: object = available, metadata: object = {}) =>
  NetworkResource.parse({ metadata: { name: "spain-network", ...metadata }, spec, status });

/** As D2.3's server writes it, and as today's does. */
const former = { type: "vnet", config: "10.1.0.0/16", provider: { name: "uc3m", domain: "172.18.0.2" } };
const today = { ...former, provider: { name: "uc3m", domain: ["172.18.0.2"], sdnPort: "30808" }, podAddressRange: "10.1.64.0/18" };

it.each([former, today])("finds no difference in what a server of either time wrote", (spec) => {
  expect(networkDifferences(resource(spec), wanted)).toEqual([]);
});

it.each([
  ["type", { ...today, type: "vlink" }],
  ["providerName", { ...today, provider: { ...today.provider, name: "tid" } }],
  ["domain", { ...today, provider: { ...today.provider, domain: ["172.18.0.2", "172.18.0.9"] } }],
  ["domain", { ...former, provider: { name: "uc3m", domain: "172.18.0.9" } }],
  ["sdnPort", { ...today, provider: { ...today.provider, sdnPort: "8181" } }],
  ["podCidr", { ...today, config: "" }],
])("names %s", (name, spec) => {
  expect(networkDifferences(resource(spec), wanted)).toEqual([name]);
});

it("does not hold the operator's default port against a server that knows no ports", () => {
  expect(networkDifferences(resource({ ...former, provider: { ...former.provider, sdnPort: "6633" } }), wanted)).toEqual([]);
});

it.each([
  [true, today, available, {}],
  [false, today, {}, {}],
  [false, today, { ...available, internalConnectivity: "Unknown" }, {}],
  [false, today, { ...available, providerConnectivity: "Unavailable" }, {}],
  [true, { type: "vnet" }, { internalConnectivity: "Available" }, {}],
  [false, today, available, { deletionTimestamp: "2026-01-01T00:00:00Z" }],
])("is connected: %s", (connected, spec, status, metadata) => {
  expect(isConnected(resource(spec, status, metadata))).toBe(connected);
});
