import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { canonicalJson } from "../../domain/topology/canonical.ts";
import { NodeChanged } from "../../events/node.ts";
import { ProbeMeasured } from "../../events/probe.ts";
import { labNodes } from "../../lab/probes/nodes.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import * as rfc from "../support/alto-schemas.ts";
import { clear, onServers } from "../support/ground.ts";
import { amqpUrl, bodiesIn, depthOf } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";
import { delay, look, nodeOf, rate } from "../support/topology.ts";

/** D2.3 Figure 10 and Table 9, as a consumer would check them. */
const value = z.number().nonnegative();
const Figure10 = z.strictObject({
  metadata: z.strictObject({
    name: z.string(),
    cluster: z.string(),
    timestamp: z.int(),
    metrics: z.array(z.strictObject({ name: z.string(), type: z.enum(["float", "integer"]), metric: z.string() })).length(5),
  }),
  "network-metrics": z.strictObject({
    nodes: z.array(z.strictObject({ name: z.string(), ip: z.ipv4() })),
    links: z.array(
      z.strictObject({
        name: z.string(),
        source: z.string(),
        destination: z.string(),
        metrics: z.tuple([
          z.strictObject({
            "link-failure": z.int().nonnegative().nullable(),
            "link-energy": z.int().nonnegative().nullable(),
            "packet-loss": z.int().min(0).max(100).nullable(),
            bandwidth: value.nullable(),
            latency: z.number().min(0.01).nullable(),
          }),
        ]),
      }),
    ),
  }),
  errors: z
    .array(
      z.strictObject({
        code: z.string(),
        reason: z.string(),
        nodes: z.array(z.string()),
        link: z.string().optional(),
        reading: z.string().optional(),
      }),
    )
    .optional(),
});
type Figure10 = z.infer<typeof Figure10>;

const root = join(import.meta.dirname, "../..");
const [one, two, three] = labNodes as readonly [(typeof labNodes)[0], (typeof labNodes)[0], (typeof labNodes)[0]];

describe("three nodes in two clusters, as in D2.3 §6.3.3", () => {
  let given: Settings;
  let system: SystemProcess;
  let broker: Broker;
  const sent: Figure10[] = [];
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

  beforeAll(async () => {
    await clear(onServers);
    given = await settings([], { ...onServers, LAB: "on", LOG_LEVEL: "warn" });
    system = await startProcess(given);
    broker = await openAmqp({ url: amqpUrl, log: silent });
  });
  afterAll(async () => {
    await broker.close();
    const { code } = await system.end("SIGTERM");
    await given.remove();
    expect(code, "stops cleanly").toBe(0);
  });

  /** Everything that has come to NEMO's queue so far, each message a valid one. */
  async function received(): Promise<readonly Figure10[]> {
    // The queue comes with the first map, which is on its way when the system says that it is ready.
    if ((await depthOf("mncc_cmv")) === undefined) return sent;
    for (const text of await bodiesIn("mncc_cmv")) sent.push(Figure10.parse(JSON.parse(text.slice(text.indexOf('{"metadata"')))));
    return sent;
  }
  const newest = async (cluster: string): Promise<Figure10 | undefined> =>
    (await received()).findLast(({ metadata }) => metadata.cluster === cluster);
  const get = async (path: string): Promise<{ type: string | null; text: string }> => {
    const response = await fetch(new URL(path, system.address));
    return { type: response.headers.get("content-type"), text: await response.text() };
  };
  const watchSays = (node: (typeof labNodes)[0], kind: "added" | "removed", resourceVersion: string): Promise<void> => {
    const data = { ...nodeOf(node.node, node.address, { cluster: node.cluster, resourceVersion }), kind };
    const id = `${node.cluster}/${data.uid}/${resourceVersion}`;
    return broker.publish([encodeAmqp(NodeChanged.make({ source: `/clusters/${node.cluster}/nodes`, subject: node.node, id, data }))]);
  };

  it("have their nodes and measured links in both clusters' messages on mncc_cmv", { timeout: 90_000 }, async () => {
    await watchSays(one, "added", "1");
    await watchSays(two, "added", "2");
    await watchSays(three, "added", "3");
    const isWhole = (map: Figure10 | undefined, links: number): boolean =>
      map?.["network-metrics"].links.filter(({ metrics: [{ latency, bandwidth }] }) => latency !== null && bandwidth !== null).length ===
      links;
    const [first, second] = await until(
      async () => {
        const maps = [await newest(one.cluster), await newest(three.cluster)] as const;
        return isWhole(maps[0], 4) && isWhole(maps[1], 2) ? maps : undefined;
      },
      80_000,
      "both maps to be whole",
    );
    expect(first?.["network-metrics"].nodes).toEqual([
      { name: `${three.cluster}/${three.node}`, ip: three.address },
      { name: one.node, ip: one.address },
      { name: two.node, ip: two.address },
    ]);
    expect(second?.["network-metrics"].links.map(({ name }) => name)).toEqual([
      `${three.node}->${one.cluster}/${one.node}`,
      `${three.node}->${two.cluster}/${two.node}`,
    ]);
    for (const map of [first, second]) {
      expect(Math.abs(Number(map?.metadata.timestamp) - Date.now() / 1000)).toBeLessThan(120);
      // The loopback has no carrier to lose and no meter: said so, and not as a 0.
      for (const { metrics } of map?.["network-metrics"].links ?? [])
        expect(metrics[0]).toMatchObject({ "link-failure": null, "link-energy": null });
      expect(map).not.toHaveProperty("errors");
    }
  });

  it("are served by ALTO, with the values of the messages in ALTO's units", async () => {
    const directory = await get("/alto/directory");
    expect(directory.type).toBe("application/alto-directory+json");
    const { resources } = rfc.Directory.parse(JSON.parse(directory.text));
    for (const cluster of [one.cluster, three.cluster]) {
      const map = await newest(cluster);
      const network = await get(`/alto/networkmap/${cluster}`);
      const { meta, "network-map": pids } = rfc.NetworkMap.parse(JSON.parse(network.text));
      expect(Object.values(pids).flatMap(({ ipv4 = [] }) => ipv4)).toEqual(
        expect.arrayContaining(map?.["network-metrics"].nodes.map(({ ip }) => `${ip}/32`) ?? []),
      );
      for (const { uri, "media-type": type, accepts, uses } of Object.values(resources)) {
        if (accepts !== undefined || uses?.[0] !== `network-map-${cluster}`) continue;
        const costs = await get(uri);
        expect(costs.type).toBe(type);
        const parsed = rfc.CostMap.parse(JSON.parse(costs.text));
        expect(parsed.meta["dependent-vtags"]).toEqual([meta.vtag]);
        expect(canonicalJson(parsed)).toBe(costs.text);
      }
      const { "cost-map": rtt } = rfc.CostMap.parse(JSON.parse((await get(`/alto/costmap/${cluster}/delay-rt`)).text));
      const costs = Object.values(rtt)
        .flatMap((row) => Object.values(row))
        .toSorted((a, b) => a - b);
      const latencies = map?.["network-metrics"].links.map(({ metrics: [{ latency }] }) => latency ?? NaN).toSorted((a, b) => a - b) ?? [];
      expect(costs).toHaveLength(latencies.length);
      for (const [i, cost] of costs.entries()) expect(Math.abs(cost / 1000 - (latencies[i] ?? NaN))).toBeLessThan(0.001);
    }
  });

  it("are listed by the command line, each once", async () => {
    const underlay = (words: readonly string[]) =>
      new Promise<string>((resolve) => {
        const env = { PATH: process.env["PATH"], UNDERLAY_URL: system.address.origin };
        execFile(process.execPath, ["cli/underlay.js", ...words], { cwd: root, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
      });
    const nodes = await underlay(["get", "nodes"]);
    for (const { node, address } of labNodes)
      expect(nodes.match(new RegExp(` ${node} +${address.replaceAll(".", "\\.")} +yes +kubernetes, probe`, "g"))).toHaveLength(1);
    const map = await underlay(["get", "cost-map", "--cluster", three.cluster]);
    expect(map).toMatch(new RegExp(`${three.node} +${one.cluster}/${one.node} +[\\d.]+ +0 +\\d+ +– +– +\\d+ s`));
  });

  it("keep out what cannot be, and say so in the message", { timeout: 30_000 }, async () => {
    const forged = ProbeMeasured.make({
      source: "/forger",
      subject: "link",
      id: "forged",
      data: { ...look(one, two, [delay(-3), rate(10_000_000)]), measuredAt: new Date().toISOString() },
    });
    const before = (await newest(one.cluster))?.["network-metrics"].links.find(({ destination }) => destination === two.node);
    await broker.publish([encodeAmqp(forged)]);
    const map = await until(
      async () => ((await newest(one.cluster))?.errors === undefined ? undefined : newest(one.cluster)),
      20_000,
      "the flag",
    );
    expect(map?.errors?.map(({ code, reading }) => [code, reading])).toEqual([
      ["IMPLAUSIBLE", "delay-rt:p50:round-trip"],
      ["IMPLAUSIBLE", "tput:mean:forward"],
    ]);
    expect(map?.["network-metrics"].links.find(({ destination }) => destination === two.node)).toEqual(before);
  });

  it("go from the message with their links when Kubernetes removes them", { timeout: 30_000 }, async () => {
    await watchSays(two, "removed", "9");
    const map = await until(
      async () => {
        const last = await newest(one.cluster);
        return last?.["network-metrics"].nodes.some(({ name }) => name === two.node) === true ? undefined : last;
      },
      20_000,
      "the node to go",
    );
    expect(map?.["network-metrics"].links.map(({ name }) => name)).toEqual([`${one.node}->${three.cluster}/${three.node}`]);
  });
});
