import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, grounds } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { type Settings, settings, startProcess, type SystemProcess } from "../support/system.ts";

// Whole seconds of one moment: two readings of the clock would make the window a millisecond longer.
const now = Math.floor(Date.now() / 1000) * 1000;
const hours = (count: number): string => new Date(now + count * 3_600_000).toISOString();
const startTime = hours(-1);
const stopTime = hours(1);

/** D2.3's 5G flow, in the middle of its window. */
const flow = (change: { objectType?: string; ulCapacity?: string; supi?: string; stopTime?: string; id?: string } = {}): string => `
Intent:
  id: ${change.id ?? "flow_1"}
  userLabel: cloud_continuum
  intentExpectations:
    - expectationId: "1"
      expectationVerb: CREATE
      expectationObject:
        objectType: ${change.objectType ?? "5G_SLICE_FLOW"}
        objectInstance: ${change.supi ?? "imsi-001010000000001"}
        objectContexts:
          - { contextAttribute: ip4Address, contextCondition: IS_EQUAL_TO, contextValueRange: 1.1.1.1 }
          - { contextAttribute: type, contextCondition: IS_EQUAL_TO, contextValueRange: BOTH }
          - { contextAttribute: portNumber, contextCondition: IS_EQUAL_TO, contextValueRange: "36000" }
          - { contextAttribute: portType, contextCondition: IS_EQUAL_TO, contextValueRange: UDP }
      expectationTargets:
        - targetName: ulCapacity
          targetCondition: IS_EQUAL_TO
          targetValueRange: "${change.ulCapacity ?? "3"}"
          targetContexts: [ { contextAttribute: profile, contextCondition: IS_EQUAL_TO, contextValueRange: audio4k } ]
        - targetName: dlCapacity
          targetCondition: IS_EQUAL_TO
          targetValueRange: "3"
          targetContexts: [ { contextAttribute: profile, contextCondition: IS_EQUAL_TO, contextValueRange: audio4k } ]
      expectationContexts:
        - { contextAttribute: starTime, contextCondition: IS_EQUAL_TO, contextValueRange: "${startTime}" }
        - { contextAttribute: stopTime, contextCondition: IS_EQUAL_TO, contextValueRange: "${change.stopTime ?? stopTime}" }
  observationPeriod: 60
`;

describe.each(Object.entries(grounds))("a 5G flow %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const effects = () => lab.ledger.entries().map(({ peer, effect, object }) => `${peer} ${effect} ${object}`);
  /** What the NEF has, as it shows it to anybody. */
  const subscriptions = async (): Promise<readonly Record<string, unknown>[]> => {
    const nef = lab.controllers.find((c) => c.executioner === "5g");
    const reply = await fetch(new URL("/3gpp-as-session-with-qos/v1/factory/subscriptions", nef?.connect));
    return (await reply.json()) as Record<string, unknown>[];
  };

  beforeAll(async () => {
    lab = await startLab();
    const controllers = lab.controllers.map((c) =>
      c.executioner === "5g" ? { ...c, scsAsId: "factory", notifyUrl: "https://gateway.example/function/exec-5g" } : c,
    );
    given = await settings(controllers, { ATTEMPTS: "3", PATIENCE_MS: "4000", ...env });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
  });
  beforeEach(() => lab.reset());
  afterAll(async () => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    await lab.close();
    expect(code, "stops cleanly").toBe(0);
  });

  it("becomes one subscription, is FULFILLED with the core's rates, and leaves nothing when deleted", async () => {
    const [applied] = await api.apply(flow());
    expect(applied).toMatchObject({
      state: "FULFILLED",
      orders: [{ executioner: "5g", resource: "flow/flow_1-1", state: "executed", effect: "created" }],
    });
    expect(applied?.report.intentFulfilmentReport.expectationFulfilmentResult).toMatchObject([
      {
        targetFulfilmentResult: [
          { targetName: "ulCapacity", targetAchievedValue: 3, targetAchievedValueSource: "DECLARED" },
          { targetName: "dlCapacity", targetAchievedValue: 3, targetAchievedValueSource: "DECLARED" },
        ],
      },
    ]);
    expect(await subscriptions()).toMatchObject([
      { notificationDestination: expect.stringMatching(/^https:\/\/gateway\.example\/function\/exec-5g\/notify\/flow_1-1\?t=[\w-]{22}$/) },
    ]);
    expect(await subscriptions()).toMatchObject([
      { ueIpv4Addr: "10.45.0.7", qosReference: "audio4k", qosDuration: 7200, qosMonInfo: { repPeriod: 60 } },
    ]);
    const [again] = await api.apply(flow());
    expect(again).toMatchObject({ generation: 1, state: "FULFILLED", orders: [{ effect: "unchanged" }] });
    expect(effects()).toEqual(["nef created subscription/s1"]);
    expect(await api.remove("flow_1")).toMatchObject({ state: "TERMINATED", orders: [{ action: "withdraw", effect: "removed" }] });
    expect(lab.ledger.objects()).toEqual([]);
    expect(await subscriptions()).toEqual([]);
  });

  it("asked for as a network slice comes to the same", async () => {
    const [applied] = await api.apply(flow({ objectType: "5G_NETWORK_SLICE" }));
    expect(applied).toMatchObject({ state: "FULFILLED", orders: [{ executioner: "5g", resource: "flow/flow_1-1" }] });
    expect(lab.ledger.objects()).toHaveLength(1);
    await api.remove("flow_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("with another rate is a new generation, of which only the rate is changed", async () => {
    await api.apply(flow());
    const before = effects().length;
    const [changed] = await api.apply(flow({ ulCapacity: "5" }));
    expect(changed).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "changed" }] });
    expect(effects().slice(before)).toEqual(["nef changed subscription/s1"]);
    expect(lab.ledger.counters().requests["nef"]).toMatchObject({ "subscriptions.create": 1, "subscriptions.patch": 1 });
    expect(await subscriptions()).toMatchObject([{ tscQosReq: { reqGbrUl: "5 Mbps", reqGbrDl: "3 Mbps" } }]);
    await api.remove("flow_1");
  });

  it("goes over CAMARA where the url says so, by profile alone", async () => {
    const url = `        - { contextAttribute: url, contextCondition: IS_EQUAL_TO, contextValueRange: "https://nef.example/quality-on-demand/v1" }`;
    const [applied] = await api.apply(flow().replace("      expectationContexts:", `      expectationContexts:\n${url}`));
    expect(applied).toMatchObject({ state: "FULFILLED", orders: [{ executioner: "5g", effect: "created" }] });
    expect(lab.ledger.objects()).toMatchObject([{ peer: "nef", object: expect.stringMatching(/^session\//) as string }]);
    await api.remove("flow_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("is planned without being done", async () => {
    const plan = await api.plan(flow());
    expect(plan.body).toMatchObject({ changes: 1, steps: [{ change: "create", resource: "flow/flow_1-1" }] });
    expect(effects()).toEqual([]);
  });

  it("fails with a reason, and leaves nothing, when the core cannot be reached, and comes about when it can", async () => {
    lab.faults.add({ kind: "destroy", peer: "nef", when: "before" });
    const [failed] = await api.apply(flow());
    expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ state: "failed", code: "NEF_UNREACHABLE" }] });
    expect(lab.ledger.objects()).toEqual([]);
    lab.faults.clear();
    expect((await api.apply(flow()))[0]).toMatchObject({ generation: 1, state: "FULFILLED" });
    await api.remove("flow_1");
  });

  it("has one effect when the core did it and its answer was lost", async () => {
    lab.faults.add({ kind: "destroy", peer: "nef", operation: "mutating", when: "after", times: 1 });
    const [applied] = await api.apply(flow());
    expect(applied).toMatchObject({ state: "FULFILLED", orders: [{ effect: "created" }] });
    expect(effects()).toEqual(["nef created subscription/s1"]);
    await api.remove("flow_1");
  });

  it("of a subscriber that nobody entered is refused before anything is asked", async () => {
    const refused = await api.submit(flow({ id: "stranger", supi: "imsi-001019999999999" }));
    expect(refused).toMatchObject({ status: 422, body: { code: "SUBSCRIBER_UNKNOWN" } });
    expect(effects()).toEqual([]);
  });

  it("whose change the core refuses stays as it was", async () => {
    await api.apply(flow());
    const before = effects();
    const [refused] = await api.apply(flow({ ulCapacity: "20000" }));
    expect(refused).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "NEF_REFUSED" }] });
    expect(effects()).toEqual(before);
    expect(await subscriptions()).toMatchObject([{ tscQosReq: { reqGbrUl: "3 Mbps" } }]);
    await api.remove("flow_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("whose stop is before its start is refused at the door, by name", async () => {
    const refused = await api.call("POST", "/v1/intents", flow({ stopTime: hours(-2) }));
    expect(refused).toMatchObject({ status: 422, body: { problems: [{ code: "CONTEXT_INVALID" }] } });
    expect(effects()).toEqual([]);
  });
});
