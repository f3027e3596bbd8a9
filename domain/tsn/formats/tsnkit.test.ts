import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readStreams, readTableNetwork, readTopology } from "./tsnkit.ts";

const example = (name: string): string => readFileSync(new URL(`../examples/${name}`, import.meta.url), "utf8");
const head = "stream,src,dst,size,period,deadline,jitter\n";
const links = "link,q_num,rate,t_proc,t_prop\n";

describe("tsnkit's tables", () => {
  it("give streams in octets on the wire and nanoseconds", () => {
    expect(readStreams(`${head}0,11,[14],400,4000000,3000000,1000\nx-1,a,"[b, c]",50,500,500,0\n`)).toMatchObject({
      ok: true,
      value: [
        { id: "0", talker: "11", listeners: ["14"], frameBytes: 400, intervalNs: 4_000_000, maxLatencyNs: 3_000_000, maxJitterNs: 1000 },
        { id: "x-1", talker: "a", listeners: ["b", "c"], frameBytes: 50, intervalNs: 500, maxLatencyNs: 500, maxJitterNs: 0 },
      ],
    });
  });

  it("give links one way each, and know end stations by their one neighbour", () => {
    const read = readTopology(example("line-topology.csv"), 50);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    const { nodes, links: all } = read.value;
    expect(nodes.filter(({ kind }) => kind === "end-station").map(({ id }) => id)).toEqual(["3", "4", "5"]);
    expect(new Set(nodes.map(({ syncErrorNs }) => syncErrorNs))).toEqual(new Set([50]));
    expect(all).toHaveLength(10);
    expect(all[0]).toMatchObject({ id: "(0, 1)", from: "0", to: "1", rateMbps: 1000, queues: 8, propagationNs: 0 });
  });

  it.each([
    ["0.01", 10],
    ["0.1", 100],
    ["1", 1000],
    ["1000", undefined],
    ["10", 10_000],
    ["0", undefined],
    ["-1", undefined],
    ["1e3", undefined],
  ])("read the rate %s bit/ns as %s Mbit/s", (rate, rateMbps) => {
    const read = readTopology(`${links}"(0, 1)",8,${rate},0,0\n`);
    expect(read.ok ? read.value.links[0]?.rateMbps : undefined).toBe(rateMbps);
  });

  it("put what one link has of processing more than its neighbours into its propagation", () => {
    const read = readTopology(`${links}"(0, 2)",8,1,2000,100\n"(1, 2)",8,1,2500,100\n`);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    expect(read.value.nodes.find(({ id }) => id === "2")?.processing).toEqual({ minNs: 2000, maxNs: 2000 });
    expect(read.value.links.map(({ propagationNs }) => propagationNs)).toEqual([100, 600]);
  });

  it("count latency from the talker's first octet to the last at the listener, with sizes on the wire", () => {
    const read = readTableNetwork(example("line-topology.csv"));
    expect(read.ok && read.value.problem.semantics).toEqual({ size: "wire", latencyFrom: "release", latencyTo: "end-of-frame" });
  });

  it.each([
    [`${head}0,1,[2],abc,1000,1000,0\n`, "size", 2, 'expected a whole number from 1 to 65535, not "abc"'],
    [`${head}0,1,[2],1,0,1000,0\n`, "period", 2, "expected a whole number from 1"],
    [`${head}0,1,[2],1.5,1000,1000,0\n`, "size", 2, "whole number"],
    [`${head}0,1,[1],1,1000,1000,0\n`, "dst", 2, "1 would listen to itself"],
    [`${head}0,1,[],1,1000,1000,0\n`, "dst", 2, "at least one listener"],
    [`${head}0,1,[2],1,1000,1000,0\n0,1,[2],1,1000,1000,0\n`, "stream", 3, "stream 0 is on line 2 already"],
    [`${head}__import__('os').system('x'),1,[2],1,1000,1000,0\n`, "stream", 2, "expected a number or a name"],
  ])("tell line and column of what is wrong with a stream: %j", (text, path, line, reason) => {
    expect(readStreams(text)).toMatchObject({ ok: false, faults: [{ line, path, reason: expect.stringContaining(reason) }] });
  });

  it("tell of a stream whose node the topology does not have", () => {
    expect(readStreams(`${head}0,1,[9],1,1000,1000,0\n`, [{ id: "1" }])).toMatchObject({
      faults: [{ line: 2, column: 5, path: "dst", reason: "the topology has no node 9" }],
    });
  });

  it.each([
    [`${links}0-1,8,1,0,0\n`, "link", "in double quotes"],
    [`${links}"(0, 0)",8,1,0,0\n`, "link", "leads from 0 to itself"],
    [`${links}"(0, 1)",8,1,0,0\n"(0,1)",8,1,0,0\n`, "link", "(0, 1) is on line 2 already"],
    [`${links}"(0, 1)",9,1,0,0\n`, "q_num", "from 1 to 8"],
    [links, undefined, "there is no link"],
  ])("tell what is wrong with a link: %j", (text, path, reason) => {
    expect(readTopology(text)).toMatchObject({
      ok: false,
      faults: [{ ...(path === undefined ? {} : { path }), reason: expect.stringContaining(reason) }],
    });
  });

  it("tell at most twenty faults of a table", () => {
    const read = readStreams(head + Array.from({ length: 50 }, (_, i) => `${String(i)},1,[2],x,x,x,x\n`).join(""));
    expect(read.ok ? 0 : read.faults.length).toBe(20);
  });
});
