import { describe, expect, it } from "vitest";
import { decodeFloats } from "../../domain/learning/codec.ts";
import type { LearningSettings } from "../../domain/scaling/settings.ts";
import type { Event } from "../../events/define.ts";
import { ClientRejected, LearningDue, LearningUpdated, PolicyUpdated } from "../../events/learning.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import type { Events } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";
import { openPolicies } from "../../state/policies.ts";
import { federationOf, running, updateEvent, updateOf } from "../../test/support/federation.ts";
import { snapshotOf } from "../../test/support/twin.ts";
import stepFunction from "../cfdrl-step/handler.ts";
import aggregateFunction from "./handler.ts";

const PERIOD_MS = 30_000;
const start = Date.parse("2026-01-01T00:00:00Z");

/** One cluster: its own stores, its own key, a service of its own. Nothing is shared but events. */
function openCluster(client: string, settings: LearningSettings) {
  const backing: Backing = { controllers: [], sealKey: Buffer.alloc(32), learning: settings };
  let nowMs = start;
  const deliver = running(stepFunction, backing, () => nowMs);
  return {
    client,
    deliver,
    head: async () => (await openPolicies(backing).head(client))?.link,
    /** Hours of a service whose pods follow what is proposed. */
    async live(periods: number, demandAt: (i: number) => number): Promise<void> {
      let ready = 3;
      for (let i = 0; i < periods; i += 1) {
        nowMs += PERIOD_MS;
        const demand = demandAt(i);
        const takenAt = new Date(nowMs).toISOString();
        const twin = { cluster: client, takenAt, ready, cpuCores: Math.min(demand, ready), requestRate: 100 * demand };
        const [proposed] = await deliver(snapshotOf(twin));
        ready = ScalingProposed.data.parse(proposed?.data).replicas;
      }
    },
    /** Its round's update, as an event. */
    async train(round: number): Promise<Event> {
      for (let n = 0; n < 10; n += 1) {
        const data = { dueAt: new Date(nowMs).toISOString() };
        const [update] = await deliver(
          LearningDue.make({ source: "/clock", subject: client, id: `due ${client} ${String(round)} ${String(n)}`, data }),
        );
        if (update !== undefined) return update;
      }
      throw new Error(`${client} sent no update of round ${String(round)}`);
    },
  };
}

describe("five clusters that share nothing but events", () => {
  it("come to one model in every round, whatever one of them sends, and all stand at the same link", { timeout: 60_000 }, async () => {
    const training = { stepsADue: 8, stepsARound: 16, minTransitions: 30 };
    const { settings, keys } = federationOf(5, { rule: "cosine-krum", byzantine: 1, quorum: 5, maxNorm: 50 }, { mode: "act", training });
    const { aggregatorKey: _, ...member } = settings;
    const clusters = Object.entries(keys).map(([client, clientKey]) => openCluster(client, { ...member, client, clientKey }));
    const aggregate = running(aggregateFunction, { controllers: [], sealKey: Buffer.alloc(32), learning: settings });
    await Promise.all(clusters.map((cluster, i) => cluster.live(60, (t) => 2 + Math.sin(t / (4 + i)))));

    for (const round of [1, 2]) {
      const told: Events[] = [];
      for (const cluster of clusters) {
        const update = await cluster.train(round);
        told.push(await aggregate(cluster.client === "c4" ? flipped(update, keys["c4"] ?? "") : update));
      }
      const [policy, ...more] = told.flat();
      expect(more).toEqual([]);
      const { link, clients } = PolicyUpdated.data.parse(policy?.data);
      expect([link.round, clients]).toEqual([round, ["c0", "c1", "c2", "c3", "c4"]]);
      for (const cluster of clusters) expect(await cluster.deliver(policy as Event)).toEqual([]);
      for (const cluster of clusters) expect(await cluster.head()).toEqual(link);
    }

    // What was good in round 1 is of no use to a thief in round 3.
    const first = await clusters[0]?.deliver(
      LearningDue.make({ source: "/clock", subject: "c0", id: "due c0 1 1", data: { dueAt: new Date(start).toISOString() } }),
    );
    const [stolen] = first ?? [];
    if (stolen === undefined) throw new Error("a redelivery tells the same");
    expect(await aggregate({ ...stolen, id: "sent by a thief" })).toMatchObject([{ type: ClientRejected.type }]);
  });
});

/** A member that turns against the others, with its own good key: four times the opposite of what it learnt. */
function flipped(update: Event, privateKey: string): Event {
  const { client, round, baseSha256, delta } = LearningUpdated.data.parse(update.data);
  const honest = decodeFloats(Buffer.from(delta, "base64"));
  return updateEvent(updateOf({ client, round, baseSha256, delta: honest.map((x) => -4 * x) }, privateKey));
}
