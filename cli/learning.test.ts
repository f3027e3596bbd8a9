import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScalingRecord } from "../domain/scaling/record.ts";
import type { Event } from "../events/define.ts";
import { RollbackRequested } from "../events/learning.ts";
import { openModels } from "../functions/cfdrl-step/models.ts";
import { GENESIS_LINK } from "../functions/genesis.ts";
import { learningRoutes } from "../services/api/learning.ts";
import type { Backing } from "../state/backing.ts";
import { openClusters } from "../state/clusters.ts";
import { openRounds } from "../state/rounds.ts";
import { openScaling } from "../state/scaling.ts";
import { openSwitches } from "../state/switches.ts";
import { federationOf } from "../test/support/federation.ts";
import { run } from "./run.ts";

const workload = "kind-1/app/Deployment/web";
let app: FastifyInstance;
let backing: Backing;
let published: Event[];
let url: string;

const record = (n: number): ScalingRecord => ({
  decisionId: `d${String(n)}`,
  workload,
  component: { kind: "Deployment", name: "web" },
  takenAt: new Date(Date.parse("2026-01-01T00:00:00Z") + 30_000 * n).toISOString(),
  validUntil: new Date(Date.parse("2026-01-01T00:01:00Z") + 30_000 * n).toISOString(),
  mode: "shadow",
  replicas: 5,
  learned: 4,
  hpa: 5,
  current: { ready: 4, starting: 1 },
  guard: n % 2 === 0 ? ["STEP"] : [],
  ...(n === 1 ? { fallback: "STALE" } : {}),
  demandPods: 2.5,
});

beforeEach(async () => {
  const settings = federationOf(1, {}, { mode: "shadow" }).settings;
  backing = { controllers: [], sealKey: Buffer.alloc(32), learning: settings };
  published = [];
  app = fastify();
  learningRoutes(app, {
    settings,
    scaling: openScaling(backing),
    switches: openSwitches(backing),
    clusters: openClusters(backing),
    rounds: openRounds(backing),
    models: openModels(backing),
    publish: (events) => Promise.resolve(void published.push(...events)),
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(() => app.close());

async function decided(count: number): Promise<void> {
  const scaling = openScaling(backing);
  for (let n = 0; n < count; n += 1)
    await scaling.commit(workload, { cause: String(n), version: n, kept: "{}", told: "[]", record: record(n) });
}
async function underlay(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await run(words, {
    env: { UNDERLAY_URL: url },
    stdout: { write: (text) => void (out += text) },
    stderr: { write: (text) => void (err += text) },
    stdin: () => Promise.resolve(Buffer.alloc(0)),
    interrupted: () => new AbortController().signal,
  });
  return { code, out, err };
}

describe("underlay get scaling", () => {
  it("says what to wait for where nothing was decided", async () => {
    expect(await underlay("get", "scaling")).toMatchObject({
      code: 0,
      out: "nothing was decided yet: decisions follow the twins' snapshots\n",
    });
  });

  it("lists the newest decision of every workload, and the decisions of one", async () => {
    await decided(3);
    const { out } = await underlay("get", "scaling");
    expect(out).toMatch(/^WORKLOAD +AS OF +MODE +HAS +DEMAND +REPLICAS +LEARNER +HPA +GUARD\n/);
    expect(out).toMatch(/kind-1\/app\/Deployment\/web +2026-01-01T00:01:00\.000Z +shadow +4\+1 +2\.5 +5 +4 +5 +STEP\n$/);
    const one = await underlay("get", "scaling", workload);
    expect(one.out.trim().split("\n")).toHaveLength(4);
    expect(one.out).toContain("STALE");
    const json = await underlay("get", "scaling", workload, "--limit", "1", "-o", "json");
    expect(JSON.parse(json.out)).toEqual({ decisions: [record(2)] });
  });

  it("names the way out for a workload that is not there", async () => {
    const { code, out, err } = await underlay("get", "scaling", "nobody");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("WORKLOAD_UNKNOWN");
    expect(err).toContain("`underlay get scaling` lists the workloads");
  });
});

describe("underlay learning", () => {
  it("shows mode, model, round and members", async () => {
    const { code, out } = await underlay("learning", "status");
    expect(code).toBe(0);
    expect(out).toContain("mode     shadow\n");
    expect(out).toContain(`model    ${GENESIS_LINK.modelSha256.slice(0, 12)} of round 0\n`);
    expect(out).toContain("round    1: 0 of 1 updates, 1 needed\n");
    expect(out).toContain("c0 alone: nobody to learn with, and nobody to lie");
  });

  it("kills, gives back, and sets modes", async () => {
    expect((await underlay("learning", "kill")).out).toContain("killed: the HPA's rule decides");
    expect(await openSwitches(backing).read(workload)).toMatchObject({ killed: true });
    expect((await underlay("learning", "kill", "--off")).out).toContain("mode     shadow\n");
    await decided(1);
    expect((await underlay("learning", "mode", "advise")).out).toContain("mode     advise\n");
    expect((await underlay("learning", "mode", "act", "--workload", workload)).out).toContain(`act for ${workload}\n`);
    expect(await underlay("learning", "mode", "wild")).toMatchObject({ code: 1 });
    expect((await underlay("learning", "mode", "act", "--workload", "nobody")).err).toContain("WORKLOAD_UNKNOWN");
  });

  it("asks for an earlier model, where there is one", async () => {
    expect(await underlay("learning", "rollback")).toMatchObject({ code: 1, err: expect.stringContaining("MODEL_UNKNOWN") as string });
    const link = { round: 1, outcome: "adopted" as const, modelSha256: "a".repeat(64), previous: "b".repeat(64) };
    await openRounds(backing).close({
      cause: "c",
      round: 1,
      link,
      linkSha256: "s",
      formerSha256: GENESIS_LINK.modelSha256,
      told: "[]",
      model: Buffer.from("m"),
    });
    const { code, out } = await underlay("learning", "rollback", "--reason", "scales too late");
    expect([code, out]).toEqual([0, expect.stringContaining(GENESIS_LINK.modelSha256.slice(0, 12)) as string]);
    expect(published.map(({ type, data }) => [type, data])).toEqual([
      [RollbackRequested.type, { toSha256: GENESIS_LINK.modelSha256, reason: "scales too late" }],
    ]);
    expect((await underlay("learning", "rollback", "--to", "aaaaaaaa")).code).toBe(1); // it holds already
  });

  it("reports what the learner would have saved, beside what there was", async () => {
    expect((await underlay("learning", "report")).out).toContain("too little was decided yet");
    await decided(30);
    const { code, out } = await underlay("learning", "report");
    expect(code).toBe(0);
    expect(out).toContain("30 periods, demand measured in 0 % of them");
    for (const row of ["as it was", "HPA (simulated)", "learner (simulated)", "learner saves"]) expect(out).toContain(row);
    expect(out).toMatch(/as it was +75\.0 +0\.0 +0 /);
    expect(out).toContain("held back by the envelope: STEP 15");
    expect(out).toContain("left to the HPA: STALE 1");
    const json = JSON.parse((await underlay("learning", "report", workload, "-o", "json")).out) as {
      reports: { saved: { cost: number } }[];
    };
    expect(json.reports[0]?.saved.cost).toBeTypeOf("number");
  });

  it("explains itself", async () => {
    expect((await underlay("learning", "--help")).out).toMatch(/shadow +decides and logs, and nobody follows/);
    expect((await underlay("learning", "report", "--help")).out).toContain("A saving below 0 is a cost");
  });
});
