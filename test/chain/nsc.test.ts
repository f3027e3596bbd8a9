import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, grounds } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { asNemoJson } from "../support/intents.ts";
import { publishAll } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

interface Sdp {
  readonly id: string;
  readonly vlan?: number;
  readonly bandwidth?: string;
  readonly url?: string;
}

const context = (name: string, value: string) =>
  `{ contextAttribute: ${name}, contextCondition: IS_EQUAL_TO, contextValueRange: "${value}" }`;
const target = (name: string, value: string) => `{ targetName: ${name}, targetCondition: IS_EQUAL_TO, targetValueRange: ${value} }`;

const sdpOf = ({ id, vlan = 100, bandwidth, url }: Sdp): string => `
    - expectationId: "${id}"
      expectationVerb: DELIVER
      expectationObject:
        objectType: SLICE_SERVICE_SDP
        objectContexts:
          - ${context("slo-sle-policy", "gold")}
          - ${context("sdp-id", id)}
          - ${context("node-id", `r${id}`)}
          - ${context("sdp-ip-address", `10.0.0.${id}`)}
          - ${context("ac-tp-id", `GigabitEthernet0/0/0/${id}`)}
          - ${context("vlanId", String(vlan))}
      expectationTargets: [${bandwidth === undefined ? "" : `${target("one-way-bandwidth", bandwidth)}, ${target("one-way-delay-maximum", "15.2 ms")}`}]
      expectationContexts: [${url === undefined ? "" : context("url", url)}]`;

const sliceOf = (...sdps: readonly Sdp[]): string => `
Intent:
  id: slice_1
  userLabel: cloud_continuum
  intentExpectations:${sdps.map(sdpOf).join("")}
  observationPeriod: 60
`;

const faces = {
  rfc9543: { url: "https://nsc.example.net/restconf", object: "slice-service/slice_1-~slice", change: ["changed"] },
  "tfs-slice": { url: "http://192.168.165.10/restconf", object: "slice/slice_1-~slice", change: ["removed", "created"] },
} as const;

describe.each(Object.entries(grounds))("a network slice %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const effects = () => lab.ledger.entries().map(({ peer, effect, object }) => `${peer} ${effect} ${object}`);

  beforeAll(async () => {
    lab = await startLab();
    given = await settings(lab.controllers, { ATTEMPTS: "3", PATIENCE_MS: "4000", ...env });
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

  describe.each(Object.entries(faces))("over %s", (face, { url, object, change }) => {
    const one: Sdp = { id: "1", bandwidth: "5000 Mbps", url };
    const two: Sdp = { id: "2" };
    const slice = sliceOf(one, two);
    const creation = face === "rfc9543" ? "rfc9543.put" : "tfs-slice.create";

    it("is made once, FULFILLED with the controller's values, and leaves nothing when deleted", async () => {
      const [applied] = await api.apply(slice);
      expect(applied).toMatchObject({
        state: "FULFILLED",
        orders: [{ executioner: "nsc", resource: "slice-service/slice_1-~slice", state: "executed", effect: "created" }],
      });
      const declared = (targetName: string, targetAchievedValue: string) => ({
        targetName,
        targetFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
        targetAchievedValue,
        targetAchievedValueSource: "DECLARED",
      });
      expect(applied?.report.intentFulfilmentReport.expectationFulfilmentResult).toMatchObject([
        {
          expectaitonId: "1",
          targetFulfilmentResult: [declared("one-way-bandwidth", "5000 Mbps"), declared("one-way-delay-maximum", "15200 us")],
        },
        { expectaitonId: "2", expectationFulfilmentInfo: { fulfilmentStatus: "FULFILLED" } },
      ]);
      const [again] = await api.apply(slice);
      expect(again).toMatchObject({ generation: 1, state: "FULFILLED", orders: [{ effect: "unchanged" }] });
      expect(effects()).toEqual([`nsc created ${object}`]);

      expect(await api.remove("slice_1")).toMatchObject({ state: "TERMINATED", orders: [{ action: "withdraw", effect: "removed" }] });
      expect(lab.ledger.objects()).toEqual([]);
    });

    it("is planned without being done, and changed only where it differs", async () => {
      expect((await api.plan(slice)).body).toMatchObject({ changes: 1, steps: [{ change: "create" }] });
      expect(effects()).toEqual([]);
      await api.apply(slice);
      expect((await api.plan(slice)).body).toMatchObject({ changes: 0 });
      const other = sliceOf(one, { ...two, vlan: 200 });
      expect((await api.plan(other)).body).toMatchObject({ steps: [{ change: "change", differs: ["vlanId"] }] });
      const [changed] = await api.apply(other);
      expect(changed).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "changed" }] });
      expect(effects()).toEqual([`nsc created ${object}`, ...change.map((effect) => `nsc ${effect} ${object}`)]);
      await api.remove("slice_1");
      expect(lab.ledger.objects()).toEqual([]);
    });

    it("fails with a reason, and leaves nothing, when the controller cannot be reached", async () => {
      lab.faults.add({ kind: "destroy", peer: "nsc", when: "before" });
      const [failed] = await api.apply(slice);
      expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ state: "failed", code: "NSC_UNREACHABLE" }] });
      expect(lab.ledger.objects()).toEqual([]);
      lab.faults.clear();
      const [again] = await api.apply(slice);
      expect(again).toMatchObject({ generation: 1, state: "FULFILLED" });
      await api.remove("slice_1");
    });

    it("has one effect when the controller did it and its answer was lost", async () => {
      lab.faults.add({ kind: "destroy", peer: "nsc", operation: "mutating", when: "after", times: 1 });
      const [applied] = await api.apply(slice);
      expect(applied).toMatchObject({ state: "FULFILLED" });
      expect(effects()).toEqual([`nsc created ${object}`]);
      expect(lab.ledger.counters().requests["nsc"]?.[creation]).toBe(1);
      await api.remove("slice_1");
      expect(lab.ledger.objects()).toEqual([]);
    });

    it("is waited for while it is not up, and taken back when it never gets there", async () => {
      lab.faults.add({ kind: "activate", peer: "nsc", operation: "mutating", afterMs: 600, times: 1 });
      const [late] = await api.apply(slice);
      expect(late).toMatchObject({ state: "FULFILLED" });
      await api.remove("slice_1");
      lab.reset();
      lab.faults.add({ kind: "activate", peer: "nsc", operation: "mutating", afterMs: 3_600_000 });
      const [never] = await api.apply(slice);
      expect(never).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "EFFECT_PENDING" }] });
      expect(effects()).toEqual([`nsc created ${object}`, `nsc removed ${object}`]);
      await api.remove("slice_1");
    });
  });

  it("moves to another controller, and leaves nothing on the one before", async () => {
    const at = ({ url }: { url: string }) => sliceOf({ id: "1", url }, { id: "2" });
    await api.apply(at(faces["tfs-slice"]));
    const [moved] = await api.apply(at(faces.rfc9543));
    expect(moved).toMatchObject({ generation: 2, state: "FULFILLED" });
    expect(lab.ledger.objects().map((o) => o.object)).toEqual([faces.rfc9543.object]);
    await api.remove("slice_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("of three SDPs is one slice where the model can carry it, and refused where it cannot", async () => {
    const [applied] = await api.apply(sliceOf({ id: "1" }, { id: "2", bandwidth: "1 Gbps" }, { id: "3" }));
    expect(applied).toMatchObject({ state: "FULFILLED" });
    const [fewer] = await api.apply(sliceOf({ id: "1" }, { id: "2", bandwidth: "1 Gbps" }));
    expect(fewer).toMatchObject({ generation: 2, state: "FULFILLED" });
    expect(effects()).toEqual([`nsc created ${faces.rfc9543.object}`, `nsc changed ${faces.rfc9543.object}`]);
    await api.remove("slice_1");

    const [refused] = await api.apply(sliceOf({ id: "1", url: faces["tfs-slice"].url }, { id: "2" }, { id: "3" }));
    expect(refused).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "NSC_UNSUPPORTED" }] });
    expect(await api.remove("slice_1")).toMatchObject({ state: "TERMINATED" });
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("of one SDP is refused before anything is done", async () => {
    expect(await api.call("POST", "/v1/intents", sliceOf({ id: "1" }))).toMatchObject({
      status: 422,
      body: { problems: [{ code: "CONTEXT_MISSING", path: "/Intent/intentExpectations/0" }] },
    });
    expect(effects()).toEqual([]);
  });

  // NEMO's queue is RabbitMQ's: in memory there is no other side that could publish on it.
  if (!("AMQP_URL" in env)) return;
  it("that the meta-orchestrator publishes as NEMO's JSON has the same result", async () => {
    const stateIs = (state: string) =>
      until(async () => ((await api.intent("slice_1")).body.state === state ? true : undefined), 20_000, `the intent to be ${state}`);
    await publishAll("mo", "create-network-paths", [asNemoJson(sliceOf({ id: "1", bandwidth: "5000 Mbps" }, { id: "2" }))]);
    await stateIs("FULFILLED");
    expect(effects()).toEqual([`nsc created ${faces.rfc9543.object}`]);
    await publishAll("mo", "delete-network-paths", [JSON.stringify({ Intent: { id: "slice_1" } })]);
    await stateIs("TERMINATED");
    expect(lab.ledger.objects()).toEqual([]);
  });
});
