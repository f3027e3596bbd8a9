import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { apiOf, type IntentView } from "../support/api.ts";
import { clear, grounds } from "../support/ground.ts";
import { annex91, annex92 } from "../support/intents.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

interface Drift {
  readonly checked: number;
  readonly drift: readonly {
    readonly intentId: string;
    readonly drift: readonly { readonly resource: string; readonly found: string }[];
    readonly unseen: readonly { readonly resource: string }[];
  }[];
}

describe.each(Object.entries(grounds))("what controllers have otherwise than was carried out, %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const start = async (more: Readonly<Record<string, string>>): Promise<void> => {
    given = await settings(lab.controllers, { ATTEMPTS: "3", PATIENCE_MS: "8000", ...env, ...more });
    system = await startProcess(given);
    api = apiOf(system);
  };
  const stop = async (): Promise<void> => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    expect(code, "stops cleanly").toBe(0);
  };
  /** Somebody takes the service off TeraFlowSDN behind our back. */
  const meddle = async (): Promise<void> => {
    const tfs = lab.controllers.find((c) => c.executioner === "tfs")?.connect ?? "";
    const answer = await fetch(new URL("/tfs-api/context/admin/service/new_intent_2-1", tfs), { method: "DELETE" });
    expect(answer.status).toBe(200);
  };
  const driftNow = async (): Promise<Drift> => (await api.call<Drift>("GET", "/v1/drift")).body;
  const inState = (id: string, state: string): Promise<IntentView> =>
    until(
      async () => {
        const { body } = await api.intent(id, 200);
        return body.state === state ? body : undefined;
      },
      15_000,
      `${id} to be ${state}`,
    );

  beforeAll(async () => {
    lab = await startLab();
    await clear(env);
  });
  afterEach(async () => {
    await stop();
    await clear(env);
    lab.reset();
  });
  afterAll(() => lab.close());

  it("is nothing as long as nobody meddles, is told when somebody did, and is put right on request", async () => {
    await start({ DRIFT: "off" });
    await api.apply(`${await annex91()}\n---\n${await annex92()}`);
    expect(await driftNow()).toEqual({ checked: 2, drift: [] });
    await meddle();
    expect(await driftNow()).toMatchObject({
      checked: 2,
      drift: [{ intentId: "new_intent_2", drift: [{ resource: "service/new_intent_2-1", found: "missing" }], unseen: [] }],
    });
    const repaired = await api.call<IntentView>("POST", "/v1/intents/new_intent_2/repair");
    expect(repaired.status).toBe(202);
    expect(await inState("new_intent_2", "FULFILLED")).toMatchObject({ generation: 1 });
    expect(await driftNow()).toEqual({ checked: 2, drift: [] });
    expect(lab.ledger.objects()).toHaveLength(2);
  });

  it("makes the intent DEGRADED in the periodic check, and FULFILLED again when it is as it was", async () => {
    await start({ DRIFT_EVERY_S: "1" });
    await api.apply(await annex91());
    await meddle();
    const degraded = await inState("new_intent_2", "DEGRADED");
    expect(degraded.report.intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons).toEqual([
      "DRIFTED: service/new_intent_2-1 on tfs is gone",
    ]);
    await api.call("POST", "/v1/intents/new_intent_2/repair");
    await inState("new_intent_2", "FULFILLED");
  });

  it("is put right by itself where that is the policy", async () => {
    await start({ DRIFT_EVERY_S: "1", DRIFT: "repair" });
    await api.apply(await annex91());
    await meddle();
    const before = lab.ledger.entries().length;
    await until(
      () =>
        lab.ledger
          .entries()
          .slice(before)
          .some((e) => e.effect === "created")
          ? true
          : undefined,
      15_000,
      "the service to be back",
    );
    await inState("new_intent_2", "FULFILLED");
    expect(await driftNow()).toEqual({ checked: 1, drift: [] });
  });

  it("is not claimed of a controller that does not answer", async () => {
    await start({ DRIFT: "off" });
    await api.apply(await annex91());
    lab.faults.add({ kind: "destroy", peer: "tfs" });
    expect(await driftNow()).toMatchObject({
      checked: 1,
      drift: [{ intentId: "new_intent_2", drift: [], unseen: [{ resource: "service/new_intent_2-1" }] }],
    });
  });

  it("is not repaired of an intent that is not carried out", async () => {
    await start({ DRIFT: "off" });
    await api.apply(await annex91());
    await api.remove("new_intent_2");
    expect(await api.call("POST", "/v1/intents/new_intent_2/repair")).toMatchObject({
      status: 409,
      body: { code: "INTENT_NOT_CARRIED_OUT" },
    });
    expect(await api.call("POST", "/v1/intents/nobody/repair")).toMatchObject({ status: 404, body: { code: "INTENT_UNKNOWN" } });
  });
});
