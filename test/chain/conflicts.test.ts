import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type Lab, startLab } from "../../lab/lab.ts";
import { apiOf, type IntentView } from "../support/api.ts";
import { clear, grounds } from "../support/ground.ts";
import { annex91 } from "../support/intents.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

interface Refused {
  readonly code: string;
  readonly detail: string;
  readonly problems: readonly { readonly intentId: string; readonly code: string }[];
  readonly intentConflictReports: readonly { readonly conflictingIntent: string; readonly nearestValue: string }[];
  readonly intentFeasibilityCheckReport: { readonly feasibilityCheckResult: string };
}

/** Annex 9.1 under another id; all of them want VLAN 999 of the same two ports. */
async function link(id: string, more: object = {}, vlan = 999): Promise<string> {
  const { Intent } = parse((await annex91()).replace("'999'", `'${String(vlan)}'`)) as { Intent: object };
  return stringify({ Intent: { ...Intent, id, ...more } });
}
const important = { intentPriority: 50, intentPreemptionCapability: "TRUE" };

describe.each(Object.entries(grounds))("intents that want the same, %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const effects = () => lab.ledger.entries().map(({ effect, object }) => `${effect} ${object}`);
  const settled = (id: string, state: string): Promise<IntentView> =>
    until(
      async () => {
        const { body } = await api.intent(id, 1_000);
        return body.isSettled && body.state === state ? body : undefined;
      },
      15_000,
      `${id} to be ${state}`,
    );

  beforeAll(async () => {
    lab = await startLab();
    given = await settings(lab.controllers, { ATTEMPTS: "3", PATIENCE_MS: "8000", ...env });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
  });
  afterEach(async () => {
    for (const { id } of (await api.call<{ intents: readonly IntentView[] }>("GET", "/v1/intents")).body.intents) await api.remove(id);
    lab.reset();
  });
  afterAll(async () => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    await lab.close();
    expect(code, "stops cleanly").toBe(0);
  });

  it("are told of each other in TS 28.312's words, by plan and apply alike, before any effect", async () => {
    await api.apply(await link("first"));
    const made = effects();
    const answers = await Promise.all(
      ["/v1/plans", "/v1/intents"].map(async (path) => api.call<Refused>("POST", path, await link("second"))),
    );
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([422, "VLAN_TAKEN"]);
      expect(body.intentFeasibilityCheckReport.feasibilityCheckResult).toBe("INFEASIBLE");
      expect(body.intentConflictReports[0]).toMatchObject({ conflictingIntent: "first", nearestValue: "998" });
    }
    expect(effects()).toEqual(made);
    expect((await api.apply(await link("second", {}, 998)))[0]?.state).toBe("FULFILLED");
  });

  it("at the same moment, one of them gets it", async () => {
    const ids = ["one", "two", "three", "four"];
    const answers = await Promise.all(ids.map(async (id) => api.submit(await link(id))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 422, 422, 422]);
  });

  it("get it when the other one is gone", async () => {
    await api.apply(await link("first"));
    await api.remove("first");
    expect((await api.apply(await link("second")))[0]?.state).toBe("FULFILLED");
  });

  it("get it when the other one came to nothing", async () => {
    lab.faults.add({ kind: "status", peer: "tfs", operation: "mutating", status: 400 });
    expect((await api.apply(await link("first")))[0]?.state).toBe("FULFILMENTFAILED");
    lab.faults.clear();
    expect((await api.apply(await link("second")))[0]?.state).toBe("FULFILLED");
  });

  it("make way for a more important one, whose effect comes after theirs is gone", async () => {
    await api.apply(await link("low", { intentPriority: 10 }));
    lab.ledger.reset();
    const [high] = await api.apply(await link("high", important));
    expect(high?.state).toBe("FULFILLED");
    const low = await settled("low", "SUSPENDED");
    expect(low.report.intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons).toEqual([
      "PREEMPTED: suspended for high, which is more important",
    ]);
    const seen = effects();
    expect(seen.indexOf("removed service/low-1")).toBeLessThan(seen.indexOf("created service/high-1"));
    expect(seen).toContain("removed service/low-1");
    await api.remove("high");
    expect((await api.apply(await link("low", { intentPriority: 10 })))[0]?.state).toBe("FULFILLED");
  });

  it("do not make way where they cannot be withdrawn: the important one is given up", async () => {
    await api.apply(await link("low", { intentPriority: 10 }));
    lab.faults.add({ kind: "status", peer: "tfs", operation: "mutating", status: 500 });
    await api.submit(await link("high", important));
    const high = await settled("high", "FULFILMENTFAILED");
    expect(high.report.intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons?.[0]).toMatch(/^PREEMPTION_FAILED/);
    lab.faults.clear();
  });
});
