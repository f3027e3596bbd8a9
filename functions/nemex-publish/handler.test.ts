import { beforeEach, describe, expect, it } from "vitest";
import type { z } from "zod";
import { piecesOfLink } from "../../domain/topology/merge.ts";
import { CostMapDue, CostMapPublished } from "../../events/cost-map.ts";
import type { Event } from "../../events/define.ts";
import { NodeChanged } from "../../events/node.ts";
import { ProbeMeasured } from "../../events/probe.ts";
import { invoke } from "../../runtime/invoke.ts";
import { type CostMapStore, memoryCostMaps } from "../../state/cost-map.ts";
import { memoryTopology } from "../../state/topology.ts";
import { at, delay, endOf, look, loss, nodeOf, rate } from "../../test/support/topology.ts";
import nemexPublish from "./handler.ts";

type Said = z.infer<typeof CostMapPublished.data>;

const HOUR_S = 3_600;
const ends = [endOf("worker", "172.18.0.2"), endOf("worker2", "172.18.0.4")] as const;
const measured = (
  measurements: Parameters<typeof look>[2],
  second: number,
  [from, to]: readonly [(typeof ends)[0], (typeof ends)[0]] = ends,
): Event =>
  ProbeMeasured.make({
    source: "/probe",
    subject: "link",
    id: `m-${String(second)}-${from.cluster}`,
    data: look(from, to, measurements, second),
  });
const nodeNews = (name: string, ip: string, kind: "added" | "removed" = "added", resourceVersion = "1"): Event =>
  NodeChanged.make({
    source: "/watch",
    subject: name,
    id: `${name} ${resourceVersion}`,
    data: { ...nodeOf(name, ip, { resourceVersion }), kind },
  });
const due = (second: number): Event => CostMapDue.make({ source: "/clock", subject: "cost-map", id: `due ${String(second)}`, data: {} });

describe("nemex-publish", () => {
  let clock: number;
  let topology: ReturnType<typeof memoryTopology>;
  let costMaps: CostMapStore;
  let warned: string[];
  beforeEach(() => {
    clock = 0;
    topology = memoryTopology();
    costMaps = memoryCostMaps();
    warned = [];
  });

  async function take(event: Event, second: number = clock, maps: CostMapStore = costMaps): Promise<readonly Event[]> {
    clock = second;
    const nothing = (): void => undefined;
    const reply = await invoke(nemexPublish, event, {
      resources: { topology, costMaps: maps, period: { everyMs: HOUR_S * 1000 } },
      now: () => new Date(at(second)),
      log: { debug: nothing, info: nothing, error: nothing, warn: (_, phrase) => warned.push(phrase) },
      lastAttempt: false,
      reached: nothing,
    });
    if (reply.kind !== "done") throw new Error(JSON.stringify(reply));
    return reply.events;
  }
  const said = async (event: Event, second?: number): Promise<readonly Said[]> =>
    (await take(event, second)).map(({ data }) => CostMapPublished.data.parse(data));

  it("publishes the whole map first, and then what left its dead-band, and nothing else", async () => {
    const first = await said(measured([delay(1), rate(900)], 1), 1);
    expect(first).toMatchObject([
      { cluster: "kind-kind", seq: 1, previousTag: null, reason: "change", carries: "map", removed: [], errors: [] },
    ]);
    expect(first[0]?.nodes?.map(({ name }) => name)).toEqual(["worker", "worker2"]);
    expect(await said(measured([delay(1.1), rate(890)], 2), 2)).toEqual([]);
    const second = await said(measured([delay(1.6)], 3), 3);
    expect(second).toMatchObject([
      { seq: 2, previousTag: first[0]?.tag, carries: "change", links: [{ source: "worker", destination: "worker2" }] },
    ]);
    expect(second[0]).not.toHaveProperty("nodes");
    expect(second[0]?.links[0]?.costs.map(({ measurement: { value } }) => value)).toEqual([1.6, 890]);
    expect(second[0]?.tag).not.toBe(first[0]?.tag);
  });

  it("says nothing for an hour in which nothing left the dead-band, and then that it is alive", async () => {
    await take(measured([delay(1)], 1), 1);
    const quiet: Said[] = [];
    for (let second = 60; second < HOUR_S; second += 60) {
      quiet.push(...(await said(measured([delay(1 + (second % 120) / 1000)], second), second)));
      quiet.push(...(await said(due(second), second)));
    }
    expect(quiet).toEqual([]);
    expect(await said(due(HOUR_S), HOUR_S)).toMatchObject([{ reason: "heartbeat", carries: "map", seq: 2 }]);
    expect(await said(due(HOUR_S + 60), HOUR_S + 60)).toEqual([]);
  });

  it("tells the same, with the same id, when the event that led to it comes again, and nothing twice to two", async () => {
    const event = measured([delay(1)], 1);
    const first = await take(event, 1);
    expect(await take(event, 9)).toEqual(first.map((one) => ({ ...one, time: expect.any(String) })));
    const other = await take(measured([delay(5)], 2), 10);
    expect(other).toHaveLength(1);
    expect(await take(event, 11)).toEqual([]);
  });

  it("looks again when another publishes at the same time, so that no change is lost", async () => {
    await take(measured([delay(1)], 1), 1);
    let interfered = false;
    const interfering: CostMapStore = {
      ...costMaps,
      publish: async (cluster, publication) => {
        if (!interfered) {
          interfered = true;
          await take(measured([delay(1), loss(50)], 2), 2);
        }
        return costMaps.publish(cluster, publication);
      },
    };
    // The other one saw what both brought, so there is nothing left to say; saying the first look again would have hidden the loss.
    expect(await take(measured([delay(9)], 3), 3, interfering)).toEqual([]);
    expect((await costMaps.head("kind-kind"))?.seq).toBe(2);
    const link = (await costMaps.published("kind-kind"))?.seen["worker->worker2"]?.link;
    expect(link?.costs.map(({ measurement: { value } }) => value)).toEqual([9, 50]);
  });

  it("gives up, for another time, where others publish again and again", async () => {
    const never: CostMapStore = { ...costMaps, publish: () => Promise.resolve(false) };
    await expect(take(measured([delay(1)], 1), 1, never)).rejects.toThrow("COST_MAP_CONTENDED");
  });

  it("publishes at once when nodes come and go", async () => {
    expect(await said(nodeNews("worker", "172.18.0.2"))).toMatchObject([{ errors: [{ code: "NODE_UNMEASURED" }] }]);
    await take(nodeNews("worker2", "172.18.0.4"), 1);
    await take(measured([delay(1)], 2), 2);
    const [gone] = await said(nodeNews("worker2", "172.18.0.4", "removed", "9"), 3);
    expect(gone).toMatchObject({ carries: "change", removed: ["worker->worker2"], links: [] });
    expect(gone?.nodes?.map(({ name }) => name)).toEqual(["worker"]);
    expect(await said(nodeNews("worker2", "172.18.0.4", "added", "8"), 4)).toEqual([]);
  });

  it("keeps a forged value out, says so at once, and says so once", async () => {
    await take(measured([delay(1)], 1), 1);
    const [flagged] = await said(measured([delay(-7)], 2), 2);
    expect(flagged?.links[0]?.costs).toMatchObject([{ at: at(1), measurement: { value: 1 } }]);
    expect(flagged?.errors).toMatchObject([{ code: "IMPLAUSIBLE", link: "worker->worker2" }]);
    expect(await said(measured([delay(-8)], 3), 3)).toEqual([]);
    expect(await said(measured([delay(1)], 4), 4)).toMatchObject([{ errors: [], carries: "change" }]);
  });

  it("lets no time of the future in, which would be the newest for ever", async () => {
    await take(measured([delay(1)], 1), 1);
    expect(await said(measured([delay(2)], 1_000), 2)).toMatchObject([{ errors: [{ code: "IMPLAUSIBLE" }] }]);
    expect(warned).toEqual(["measurement from the future kept out"]);
    const [link] = (await said(measured([delay(3)], 3), 3)).flatMap(({ links }) => links);
    expect(link?.costs).toEqual([{ at: at(3), measurement: delay(3) }]);
  });

  it("takes a link out of its values when nobody measured it for three periods", async () => {
    await take(measured([delay(1)], 0), 0);
    const later = 3 * HOUR_S + 60;
    const [map] = await said(due(later), later);
    expect(map).toMatchObject({ links: [{ costs: [] }] });
    expect(map?.errors.map(({ code }) => code)).toContain("LINK_STALE");
  });

  it("has clusters side by side, each with a count of its own", async () => {
    const elsewhere = [endOf("worker", "172.18.0.2", "kind-kind-2"), endOf("worker2", "172.18.0.4", "kind-kind-2")] as const;
    await take(measured([delay(1)], 1), 1);
    expect(await said(measured([delay(5)], 2, elsewhere), 2)).toMatchObject([{ cluster: "kind-kind-2", seq: 1 }]);
    const beats = await take(due(HOUR_S + 2), HOUR_S + 2);
    expect(beats.map(({ subject }) => subject)).toEqual(["kind-kind", "kind-kind-2"]);
    expect(new Set(beats.map(({ id }) => id)).size).toBe(2);
  });

  it("carries no links where they are too many for a message", async () => {
    for (let i = 0; i < 1_001; i += 1) {
      const event = measured([delay(1)], i, [endOf(`n${String(i)}`, "10.0.0.1", "big"), endOf("hub", "10.0.0.2", "big")]);
      if (i === 0) await take(event, i);
      else {
        const { source, destination } = ProbeMeasured.data.parse(event.data);
        await topology.takeIn("big", `big/${source.node}->big/${destination.node}`, piecesOfLink(ProbeMeasured.data.parse(event.data)));
      }
    }
    expect(await said(due(2_000), 2_000)).toMatchObject([{ carries: "change", links: { length: 1_000 } }]);
    expect(await said(due(3 * HOUR_S), 3 * HOUR_S)).toMatchObject([{ carries: "notice", links: [], errors: [] }]);
    expect(Object.keys((await costMaps.published("big"))?.seen ?? {})).toHaveLength(1_001);
  });
});
