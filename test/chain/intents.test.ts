import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import { OrderExecuted, OrderPlaced } from "../../events/order.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { clear, type Ground, grounds } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { annex91, annex92, asNemoJson } from "../support/intents.ts";
import { publishAll, withAmqp } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const FUSE = "intent-classify,intent-translate,exec-tfs,exec-l2sm";
const fusedToo = Object.entries(grounds).flatMap(([name, ground]): [string, Ground][] => [
  [name, ground],
  [`${name}, fused`, { ...ground, FUSE }],
]);

describe.each(fusedToo)("an intent %s", (_, env) => {
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

  it("of annex 9.1 becomes one ACTIVE service, is FULFILLED with the controller's values, and leaves nothing when deleted", async () => {
    const [applied] = await api.apply(await annex91());
    expect(applied?.report.intentFulfilmentReport).toEqual({
      intentFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
      expectationFulfilmentResult: [
        {
          expectaitonId: "1",
          expectationFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
          targetFulfilmentResult: [
            {
              targetName: "bandwidth",
              targetFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
              targetAchievedValue: 10,
              targetAchievedValueSource: "DECLARED",
            },
            {
              targetName: "latency",
              targetFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
              targetAchievedValue: 15.2,
              targetAchievedValueSource: "DECLARED",
            },
          ],
        },
      ],
    });
    expect(applied?.orders).toMatchObject([
      { executioner: "tfs", resource: "service/new_intent_2-1", state: "executed", effect: "created" },
    ]);
    expect(lab.ledger.objects().map((o) => o.object)).toEqual(["service/new_intent_2-1"]);

    const before = effects();
    const [again] = await api.apply(await annex91());
    expect(again).toMatchObject({ generation: 1, state: "FULFILLED", orders: [{ effect: "unchanged" }] });
    expect(effects()).toEqual(before);

    expect(await api.remove("new_intent_2")).toMatchObject({ state: "TERMINATED", orders: [{ action: "withdraw", effect: "removed" }] });
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("of annex 9.2 becomes one L2 network in the cluster it names, and leaves nothing when deleted", async () => {
    const [applied] = await api.apply(await annex92());
    expect(applied).toMatchObject({
      state: "FULFILLED",
      orders: [{ executioner: "l2sm", resource: "l2network/default/spain-network", state: "executed", effect: "created" }],
    });
    expect(lab.ledger.objects().map((o) => `${o.peer} ${o.object}`)).toEqual([
      "cluster:kind-worker-cluster-1 l2networks/default/spain-network",
    ]);
    const before = effects();
    await api.apply(await annex92());
    expect(effects()).toEqual(before);
    expect(await api.remove("mncc_l2sm_1")).toMatchObject({ state: "TERMINATED" });
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("of both annexes in one file is two intents", async () => {
    const applied = await api.apply(`${await annex91()}\n---\n${await annex92()}`);
    expect(applied.map(({ id, state }) => [id, state])).toEqual([
      ["new_intent_2", "FULFILLED"],
      ["mncc_l2sm_1", "FULFILLED"],
    ]);
    expect(lab.ledger.objects()).toHaveLength(2);
    await Promise.all(["new_intent_2", "mncc_l2sm_1"].map((id) => api.remove(id)));
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("again with another VLAN is a new generation, of which only the difference is executed", async () => {
    await api.apply(await annex91());
    const before = effects().length;
    const [changed] = await api.apply((await annex91()).replace("'999'", "'1001'"));
    expect(changed).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "changed" }] });
    expect(effects().slice(before)).toEqual(["tfs changed service/new_intent_2-1"]);
    await api.remove("new_intent_2");
  });

  it("that loses an expectation has just that effect withdrawn", async () => {
    const one = await annex91();
    const expectation = one.slice(one.indexOf("    - expectationId"), one.indexOf("  intentContexts:"));
    const two = one.replace("  intentContexts:", `${expectation.replace("'1'", "'2'").replace("'999'", "'1000'")}  intentContexts:`);
    await api.apply(two);
    expect(lab.ledger.objects()).toHaveLength(2);
    const [applied] = await api.apply(one);
    expect(applied).toMatchObject({ generation: 2, state: "FULFILLED" });
    expect(lab.ledger.objects().map((o) => o.object)).toEqual(["service/new_intent_2-1"]);
    await api.remove("new_intent_2");
  });

  it("that is DEACTIVATED has its effects withdrawn, and gets them back when ACTIVATED", async () => {
    await api.apply(await annex91());
    const [suspended] = await api.apply((await annex91()).replace("'ACTIVATED'", "'DEACTIVATED'"));
    expect(suspended).toMatchObject({ state: "SUSPENDED" });
    expect(lab.ledger.objects()).toEqual([]);
    const [back] = await api.apply(await annex91());
    expect(back).toMatchObject({ state: "FULFILLED" });
    expect(lab.ledger.objects()).toHaveLength(1);
    await api.remove("new_intent_2");
  });

  it("is planned without being done, and a plan that has drifted is not applied", async () => {
    const file = await annex91();
    const plan = await api.plan(file);
    expect(plan.body).toMatchObject({ changes: 1, steps: [{ change: "create", resource: "service/new_intent_2-1" }] });
    expect(effects()).toEqual([]);
    expect((await api.plan(file)).body.hash).toBe(plan.body.hash);
    expect((await api.call("POST", `/v1/intents?plan=${plan.body.hash}`, file)).status).toBe(202);
    await api.intent("new_intent_2");
    expect(await api.call("POST", `/v1/intents?plan=${plan.body.hash}`, file)).toMatchObject({
      status: 409,
      body: { code: "PLAN_DRIFTED" },
    });
    expect((await api.plan(file)).body).toMatchObject({ changes: 0, steps: [{ change: "none" }] });
    await api.remove("new_intent_2");
  });

  it("fails with a reason, and leaves nothing, when the controller cannot be reached", async () => {
    lab.faults.add({ kind: "destroy", peer: "tfs", when: "before" });
    const [failed] = await api.apply(await annex91());
    expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ state: "failed", code: "TFS_UNREACHABLE" }] });
    expect(lab.ledger.objects()).toEqual([]);
    lab.faults.clear();
    const [again] = await api.apply(await annex91());
    expect(again).toMatchObject({ generation: 1, state: "FULFILLED" });
    await api.remove("new_intent_2");
  });

  it("has one effect when the controller did it and its answer was lost", async () => {
    lab.faults.add({ kind: "destroy", peer: "tfs", operation: "mutating", when: "after", times: 2 });
    const [applied] = await api.apply(await annex91());
    expect(applied).toMatchObject({ state: "FULFILLED" });
    expect(effects()).toEqual(["tfs created service/new_intent_2-1", "tfs changed service/new_intent_2-1"]);
    await api.remove("new_intent_2");
  });

  it("waits for a controller that is late, and fails and undoes when it never gets there", async () => {
    lab.faults.add({ kind: "activate", peer: "tfs", afterMs: 600, times: 1 });
    const [late] = await api.apply(await annex91());
    expect(late).toMatchObject({ state: "FULFILLED" });
    await api.remove("new_intent_2");
    lab.reset();
    lab.faults.add({ kind: "activate", peer: "tfs", afterMs: 3_600_000 });
    const [never] = await api.apply(await annex91());
    expect(never).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "EFFECT_PENDING" }] });
    expect(lab.ledger.objects()).toEqual([]);
    await api.remove("new_intent_2");
  });

  it("fails, and is undone, when the controller says yes and then falls back", async () => {
    lab.faults.add({ kind: "fall-back", peer: "tfs", operation: "mutating", afterMs: 0, to: "SERVICESTATUS_UNDEFINED" });
    const [failed] = await api.apply(await annex91());
    expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "EFFECT_PENDING" }] });
    expect(lab.ledger.objects()).toEqual([]);
    await api.remove("new_intent_2");
  });

  it("whose second cluster refuses is undone in the first", async () => {
    const one = await annex92();
    const cluster = one.slice(one.indexOf("    - expectationId: '2'"), one.indexOf("  intentContexts:"));
    const second = cluster.replace("'2'", "'3'").replace("cluster-1", "cluster-2").replace("172.18.0.3", "172.18.0.4");
    const file = one.replace("  intentContexts:", `${second}  intentContexts:`);
    lab.faults.add({ kind: "status", peer: "cluster:kind-worker-cluster-2", operation: "mutating", when: "before", status: 403 });
    const [failed] = await api.apply(file);
    expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ executioner: "l2sm", state: "failed" }] });
    expect(failed?.orders[0]?.residue).toBeUndefined();
    expect(lab.ledger.objects()).toEqual([]);
    expect(
      effects()
        .filter((e) => e.includes("cluster-1"))
        .map((e) => e.split(" ")[1]),
    ).toEqual(["created", "removed"]);
    lab.faults.clear();
    const [applied] = await api.apply(file);
    expect(applied).toMatchObject({ state: "FULFILLED" });
    expect(lab.ledger.objects()).toHaveLength(2);
    await api.remove("mncc_l2sm_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("that loses a cluster leaves the network in the others alone", async () => {
    const one = await annex92();
    const cluster = one.slice(one.indexOf("    - expectationId: '2'"), one.indexOf("  intentContexts:"));
    const second = cluster.replace("'2'", "'3'").replace("cluster-1", "cluster-2").replace("172.18.0.3", "172.18.0.4");
    await api.apply(one.replace("  intentContexts:", `${second}  intentContexts:`));
    expect(lab.ledger.objects()).toHaveLength(2);
    const before = effects().length;
    const [applied] = await api.apply(one);
    expect(applied).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "changed" }] });
    expect(effects().slice(before)).toEqual(["cluster:kind-worker-cluster-2 removed l2networks/default/spain-network"]);
    await api.remove("mncc_l2sm_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("that asks for a network of another intent is refused, and the network stays", async () => {
    await api.apply(await annex92());
    const other = await api.call("POST", "/v1/intents", (await annex92()).replace("'mncc_l2sm_1'", "'somebody_else'"));
    expect(other).toMatchObject({ status: 422, body: { code: "NETWORK_NAME_TAKEN" } });
    expect(lab.ledger.objects()).toHaveLength(1);
    await api.remove("mncc_l2sm_1");
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("is refused whole, with the place, when one document of the file is bad", async () => {
    const bad = (await annex91()).replace("'999'", "'5000'").replace("new_intent_2", "bad_one");
    const refused = await api.call<{ problems: readonly unknown[] }>("POST", "/v1/intents", `${await annex91()}\n---\n${bad}`);
    expect(refused).toMatchObject({
      status: 422,
      body: {
        problems: [
          {
            document: 2,
            intentId: "bad_one",
            code: "CONTEXT_INVALID",
            path: "/Intent/intentExpectations/0/expectationObject/objectContexts/4/contextValueRange",
          },
        ],
      },
    });
    expect(effects()).toEqual([]);
  });

  // NEMO's queue is RabbitMQ's: in memory there is no other side that could publish on it.
  if (!("AMQP_URL" in env)) return;
  it("whose order is delivered again, by a broker or by mistake, has no second effect and the same answer", async () => {
    await api.apply(await annex91());
    const told = async () =>
      (await api.call<{ events: readonly Event[] }>("GET", "/v1/events?subject=new_intent_2&limit=1000")).body.events;
    const placed = (await told()).filter(({ type }) => type === OrderPlaced.type).at(-1);
    const executed = async () =>
      (await told()).filter(({ type, causationid }) => type === OrderExecuted.type && causationid === placed?.id);
    if (placed === undefined) throw new Error("no order was placed");
    const before = effects();
    const { body, headers, routingKey, messageId } = encodeAmqp(placed);
    await withAmqp(async (connection) => {
      const channel = await connection.createConfirmChannel();
      for (let i = 0; i < 3; i += 1)
        channel.publish("nemo.events", routingKey, body, { headers, messageId, contentType: "application/json" });
      await channel.waitForConfirms();
    });
    const answers = await until(async () => ((await executed()).length >= 4 ? executed() : undefined), 15_000, "three more answers");
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(effects()).toEqual(before);
    await api.remove("new_intent_2");
  });

  it("that the meta-orchestrator publishes as NEMO's JSON has the same result, and is taken back by its key", async () => {
    await publishAll("mo", "create-network-paths", ["no intent at all", asNemoJson(await annex91())]);
    const taken = await until(
      async () => ((await api.intent("new_intent_2")).body.state === "FULFILLED" ? true : undefined),
      20_000,
      "the intent",
    );
    expect(taken).toBe(true);
    expect(lab.ledger.objects().map((o) => o.object)).toEqual(["service/new_intent_2-1"]);
    await publishAll("mo", "delete-network-paths", [JSON.stringify({ Intent: { id: "new_intent_2" } })]);
    await until(
      async () => ((await api.intent("new_intent_2")).body.state === "TERMINATED" ? true : undefined),
      20_000,
      "the end of the intent",
    );
    expect(lab.ledger.objects()).toEqual([]);
  });
});
