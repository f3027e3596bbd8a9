import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNetwork, TsnInput } from "./network.ts";

const text = readFileSync(new URL("../examples/five-bridges.json", import.meta.url), "utf8");
const read = (given: string) => {
  const network = readNetwork(given);
  if (!network.ok) throw new Error(JSON.stringify(network.faults));
  return network.value;
};
type Document = {
  nodes: Record<string, unknown>[];
  links: Record<string, unknown>[];
  streams: Record<string, unknown>[];
  fiveGs: Record<string, unknown>[];
};
const changed = (change: (document: Document) => void): string => {
  const document = JSON.parse(text) as Document;
  change(document);
  return JSON.stringify(document, null, 2);
};

describe("a network as JSON", () => {
  it("becomes a problem that comes back the same from its own text", () => {
    const input = read(text);
    expect(TsnInput.parse(JSON.parse(JSON.stringify(input)))).toEqual(input);
  });

  it("has the 5GS bridge's delays between its links, by class and direction", () => {
    const node = read(text).problem.nodes.find(({ id }) => id === "5gs");
    expect(node?.portDelays).toContainEqual({
      ingress: "sw2>5gs",
      egress: "5gs>sw3",
      trafficClass: 7,
      delay: { minNs: 3_300_000, maxNs: 5_800_000 },
    });
    expect(node?.portDelays).toContainEqual({
      ingress: "sw3>5gs",
      egress: "5gs>sw2",
      trafficClass: 6,
      delay: { minNs: 3_800_000, maxNs: 6_300_000 },
    });
  });

  it("has each clock's error by its hops from the grandmaster, with what the 5G system adds", () => {
    const errors = Object.fromEntries(read(text).problem.nodes.map(({ id, syncErrorNs }) => [id, syncErrorNs]));
    expect(errors).toMatchObject({ sw1: 0, plc: 50, sw2: 50, camera: 100, "5gs": 950, sw3: 1000, drive: 1150 });
  });

  it("leaves delays alone that the operator wrote at the node", () => {
    const own = [{ ingress: "sw2>5gs", egress: "5gs>sw3", delay: { minNs: 1, maxNs: 2 } }];
    const given = changed(({ nodes }) => Object.assign(nodes.find((n) => n["id"] === "5gs") ?? {}, { portDelays: own }));
    expect(read(given).problem.nodes.find(({ id }) => id === "5gs")?.portDelays).toEqual(own);
  });

  it.each<[string, (d: Document) => void, string, string]>([
    ["an unknown member", ({ nodes }) => Object.assign(nodes[0] ?? {}, { colour: "red" }), "/nodes/0/colour", "is not known here"],
    ["a link to nowhere", ({ links }) => Object.assign(links[1] ?? {}, { to: "sw9" }), "/links/1/to", "there is no node sw9"],
    [
      "a listener that is nobody",
      ({ streams }) => Object.assign(streams[0] ?? {}, { listeners: ["sw9"] }),
      "/streams/0/listeners/0",
      "no node sw9",
    ],
    ["two nodes of one name", ({ nodes }) => Object.assign(nodes[1] ?? {}, { id: "plc" }), "/nodes/1/id", "already"],
    [
      "a MAC address that is none",
      ({ nodes }) => Object.assign(nodes[0] ?? {}, { macAddress: "2" }),
      "/nodes/0/macAddress",
      "expected a MAC address",
    ],
    ["a 5GS that is a bridge", ({ fiveGs }) => Object.assign(fiveGs[0] ?? {}, { node: "sw1" }), "/fiveGs/0/node", "of kind 5gs"],
    [
      "a bridge id of 65 bits",
      ({ fiveGs }) => Object.assign(fiveGs[0] ?? {}, { bridgeId: "18446744073709551616" }),
      "/fiveGs/0/bridgeId",
      "64 bits",
    ],
    [
      "a delay upside down",
      ({ nodes }) => Object.assign(nodes[5] ?? {}, { processing: { minNs: 2, maxNs: 1 } }),
      "/nodes/5/processing",
      "at most maxNs",
    ],
  ])("tells the place of %s", (_, change, path, reason) => {
    const given = changed(change);
    const refused = readNetwork(given);
    const fault = refused.ok ? undefined : refused.faults.find((f) => f.path === path);
    expect(fault).toMatchObject({ reason: expect.stringContaining(reason) });
    const name = path.split("/").at(-1) ?? "";
    const line = given.split("\n")[(fault?.line ?? 1) - 1] ?? "";
    expect(/^\d+$/.test(name) ? line : line.slice((fault?.column ?? 1) - 1)).toContain(/^\d+$/.test(name) ? '"' : `"${name}"`);
  });
});
