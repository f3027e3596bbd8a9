import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../scripts/services/child.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { apiOf, type IntentView } from "../support/api.ts";
import { clear, grounds } from "../support/ground.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const example = join(import.meta.dirname, "../../domain/intent/catalogue/slice-5g-flow/examples/flows.yaml");

interface Observed {
  readonly observations?: readonly { readonly name: string; readonly value: number }[];
}

describe.each(Object.entries(grounds))("what a 5G core tells of a flow, %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const state = async () => (await api.intent("flows", 0)).body;
  const inState = (wanted: string): Promise<IntentView> =>
    until(
      async () => {
        const intent = await state();
        return intent.state === wanted ? intent : undefined;
      },
      10_000,
      `the intent to be ${wanted}`,
    );
  const observed = (intent: IntentView) =>
    Object.fromEntries(
      intent.report.intentFulfilmentReport.expectationFulfilmentResult.flatMap((e) =>
        ((e as Observed).observations ?? []).map((o) => [o.name, o.value]),
      ),
    );

  beforeAll(async () => {
    lab = await startLab();
    const port = await freePort();
    const controllers = lab.controllers.map((c) =>
      c.executioner === "5g" ? { ...c, notifyUrl: `http://127.0.0.1:${String(port)}/v1/notifications/5g` } : c,
    );
    given = await settings(controllers, { ...env, PORT: String(port) });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
    // Whole windows in the past and in the future: the flow is up.
    const text = (await readFile(example, "utf8")).replace(/(stopTime.*)"20\d\d-/, '$1"2099-');
    expect((await api.apply(text))[0]?.state).toBe("FULFILLED");
  });
  afterAll(async () => {
    expect((await system.end("SIGTERM")).code).toBe(0);
    await given.remove();
    await lab.close();
  });

  it("is in the intent's report: delays and usage", async () => {
    const statuses = await lab.fiveg.notify([
      { event: "QOS_MONITORING", flowIds: [1], qosMonReports: [{ ulDelays: [12, 14], dlDelays: [9], rtDelays: [21] }] },
      {
        event: "USAGE_REPORT",
        accumulatedUsage: { duration: 3600, totalVolume: 1_500_000, downlinkVolume: 900_000, uplinkVolume: 600_000 },
      },
    ]);
    expect(statuses).toEqual([204, 204]);
    const told = await until(
      async () => {
        const values = observed(await state());
        return values["totalBytes"] === 1_500_000 ? values : undefined;
      },
      10_000,
      "the report to have it",
    );
    expect(told).toEqual({
      uplinkDelayMs: 14,
      downlinkDelayMs: 9,
      roundTripDelayMs: 21,
      usageS: 3600,
      totalBytes: 1_500_000,
      downlinkBytes: 900_000,
      uplinkBytes: 600_000,
    });
    expect((await state()).state).toBe("FULFILLED");
  });

  it("makes the intent DEGRADED while its quality is not guaranteed, with what the core applies instead", async () => {
    await lab.fiveg.notify([{ event: "QOS_NOT_GUARANTEED", flowIds: [1], appliedQosRef: "audio128k" }]);
    const degraded = await inState("DEGRADED");
    expect(degraded.report.intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons).toContain(
      "QOS_NOT_GUARANTEED: flow/flows-1 on 5g: the core cannot guarantee the quality of the flow; it applies audio128k",
    );
    await lab.fiveg.notify([{ event: "QOS_GUARANTEED", flowIds: [1] }]);
    await inState("FULFILLED");
  });

  it("is believed only from the address that the core was given", async () => {
    const post = (path: string, body: string) =>
      fetch(new URL(`/v1/notifications/5g/notify/${path}`, system.address), { method: "POST", body });
    const forged = JSON.stringify({ transaction: "t", eventReports: [{ event: "SESSION_TERMINATION" }] });
    for (const path of ["flows-1", "flows-1?t=", "flows-1?t=AAAAAAAAAAAAAAAAAAAAAA", "other?t=x"])
      expect((await post(path, forged)).status).toBe(403);
    expect((await state()).state).toBe("FULFILLED");
  });

  it("is nothing to anybody when the flow was taken back", async () => {
    await api.remove("flows");
    expect(await lab.fiveg.notify([{ event: "SESSION_TERMINATION" }])).toEqual([]);
  });
});
