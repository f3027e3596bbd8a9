import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { type Faults, openFaults } from "../../lab/faults.ts";
import { type FivegOptions, type FivegSimulator, startFiveg } from "../../lab/fiveg/server.ts";
import { type Ledger, openLedger } from "../../lab/ledger.ts";
import { fivegAdaptor } from "./adaptor.ts";
import { type FivegConnections, openFivegConnections } from "./connections.ts";

const origin = "https://nef.example";
const ues = { "imsi-001010000000001": "10.45.0.7", "imsi-001010000000002": "10.45.0.8" };
const flow: Flow5g = {
  name: "flow:1@x-1",
  supi: "imsi-001010000000001",
  profile: "audio4k",
  ulCapacityMbps: 3,
  dlCapacityMbps: 0.5,
  remote: { address: "1.1.1.1", protocol: "UDP", ports: ["36000"] },
  direction: "BOTH",
  reportPeriodS: 60,
};
const orderOf = (change: Partial<Flow5g> = {}): Order => ({
  executioner: "5g",
  resource: `flow/${flow.name}`,
  expectationIds: ["1"],
  controller: origin,
  origins: [],
  payload: { ...flow, ...change },
});
const order = orderOf();
const present = (declared: object = { ulCapacity: 3, dlCapacity: 0.5 }): Outcome<Observed> =>
  ({ ok: true, value: { state: "present", differs: [], pending: false, declared } }) as Outcome<Observed>;
const absent: Outcome<Observed> = { ok: true, value: { state: "absent" } };
const done: Outcome<void> = { ok: true, value: undefined };

let ledger: Ledger;
let faults: Faults;
let core: FivegSimulator;
let connections: FivegConnections;
let nowMs = 0;

async function start(options: FivegOptions = {}): Promise<void> {
  core = await startFiveg(ledger, faults, options);
  connections = openFivegConnections({ controllers: [] });
}
async function stop(): Promise<void> {
  await connections.close();
  await core.close();
}
beforeEach(async () => {
  nowMs = Date.parse("2026-05-10T12:00:00Z");
  ledger = openLedger();
  faults = openFaults();
  await start();
});
afterEach(stop);

const controllerOf = (change: Partial<ReachableController> = {}): ReachableController => ({
  executioner: "5g",
  origin,
  address: core.address,
  ues,
  ...change,
});
const adaptor = (change: Partial<ReachableController> = {}) =>
  fivegAdaptor({ controllers: [controllerOf(change)], connections, signal: AbortSignal.timeout(20_000), now: () => nowMs });

/** Observes, applies what differs and reads back, as an executioner does. */
async function bring(wanted: Order, before?: Order, change: Partial<ReachableController> = {}): Promise<Outcome<Observed>> {
  const fiveg = adaptor(change);
  const seen = await fiveg.observe(wanted);
  if (!seen.ok) return seen;
  const applied = await fiveg.apply(wanted, seen.value, before);
  return applied.ok ? fiveg.observe(wanted) : applied;
}
async function take(wanted: Order, change: Partial<ReachableController> = {}): Promise<Outcome<void>> {
  const fiveg = adaptor(change);
  const seen = await fiveg.observe(wanted);
  return seen.ok ? fiveg.withdraw(wanted, seen.value) : seen;
}
const effects = (): readonly string[] => ledger.entries().map(({ effect, object }) => `${effect} ${object}`);
const requests = (): Readonly<Record<string, number>> => ledger.counters().requests["nef"] ?? {};
const listed = async (scsAsId = "nemo"): Promise<readonly Record<string, unknown>[]> => {
  const reply = await fetch(new URL(`/3gpp-as-session-with-qos/v1/${scsAsId}/subscriptions`, core.address));
  return (await reply.json()) as Record<string, unknown>[];
};
/** What somebody else does at the NEF, behind our back. */
const post = async (subscription: object): Promise<number> => {
  const headers = { "content-type": "application/json" };
  const url = new URL("/3gpp-as-session-with-qos/v1/nemo/subscriptions", core.address);
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(subscription) })).status;
};

describe("over AsSessionWithQoS", () => {
  it("creates the subscription, and a second time leaves it alone", async () => {
    expect(await adaptor().observe(order)).toEqual(absent);
    expect(await bring(order)).toEqual(present());
    expect(await listed()).toMatchObject([
      {
        notificationDestination: "https://underlay.invalid/function/exec-5g/notify/flow%3A1%40x-1",
        ueIpv4Addr: "10.45.0.7",
        qosReference: "audio4k",
        tscQosReq: { reqGbrUl: "3 Mbps", reqGbrDl: "0.5 Mbps" },
      },
    ]);
    expect(await bring(order)).toEqual(present());
    expect(effects()).toEqual(["created subscription/s1"]);
  });

  it("looks near by first, and looks everywhere before it says that there is none", async () => {
    await adaptor().observe(order);
    expect(requests()).toEqual({ "subscriptions.list": 2 });
    await bring(order);
    ledger.reset();
    await adaptor().observe(order);
    expect(requests()).toEqual({ "subscriptions.list": 1 });
  });

  it.each<[string, Partial<Flow5g>, object]>([
    ["ulCapacity", { ulCapacityMbps: 5 }, { ulCapacity: 5, dlCapacity: 0.5 }],
    ["profile", { profile: "video" }, { ulCapacity: 3, dlCapacity: 0.5 }],
    ["ip4Filter", { direction: "IN", remote: { address: "any", protocol: "TCP", ports: [] } }, { ulCapacity: 3, dlCapacity: 0.5 }],
    ["observationPeriod", { reportPeriodS: 10 }, { ulCapacity: 3, dlCapacity: 0.5 }],
  ])("patches %s alone", async (name, change, declared) => {
    await bring(order);
    const changed = orderOf(change);
    expect(await adaptor().observe(changed)).toMatchObject({ value: { differs: [name] } });
    expect(await bring(changed, order)).toEqual(present(declared));
    expect(effects()).toEqual(["created subscription/s1", "changed subscription/s1"]);
    expect(requests()["subscriptions.patch"]).toBe(1);
  });

  it("takes away what the order no longer has", async () => {
    const until = { startTime: "2026-05-10T12:30:00.000Z", stopTime: "2026-05-10T13:45:00.000Z", qosDurationS: 4500 };
    await bring(orderOf(until));
    expect(await listed()).toMatchObject([{ qosDuration: 4500, qosMonInfo: { repPeriod: 60 } }]);
    const { reportPeriodS: _, dlCapacityMbps: _d, ...less } = flow;
    expect(await bring({ ...order, payload: less }, orderOf(until))).toEqual(present({ ulCapacity: 3 }));
    const [left] = await listed();
    expect(left).not.toHaveProperty("qosDuration");
    expect(left).not.toHaveProperty("qosMonInfo");
    expect(left?.["tscQosReq"]).toEqual({ reqGbrUl: "3 Mbps" });
    expect(ledger.objects()).toHaveLength(1);
  });

  it("replaces where the core has no PATCH", async () => {
    await stop();
    await start({ patch: false });
    await bring(order);
    expect(await bring(orderOf({ ulCapacityMbps: 5 }), order)).toEqual(present({ ulCapacity: 5, dlCapacity: 0.5 }));
    expect(requests()).toMatchObject({ "subscriptions.patch": 1, "subscriptions.replace": 1 });
    expect(effects()).toEqual(["created subscription/s1", "changed subscription/s1"]);
  });

  it("makes it anew for another subscriber, and for one whose address changed", async () => {
    await bring(order);
    const other = orderOf({ supi: "imsi-001010000000002" });
    expect(await bring(other, order)).toEqual(present());
    expect(effects().slice(1)).toEqual(["removed subscription/s1", "created subscription/s2"]);
    const moved = { ues: { ...ues, "imsi-001010000000002": "10.45.0.99" } };
    expect(await adaptor(moved).observe(other)).toMatchObject({ value: { differs: ["objectInstance", "ip4Filter"] } });
    expect(await bring(other, undefined, moved)).toEqual(present());
    expect(ledger.objects()).toHaveLength(1);
    expect(await listed()).toMatchObject([{ ueIpv4Addr: "10.45.0.99" }]);
  });

  it("removes it, with or without a last report, and takes it well when it is gone already", async () => {
    const { reportPeriodS: _, ...quiet } = flow;
    for (const wanted of [order, { ...order, payload: quiet }]) {
      await bring(wanted);
      expect(await take(wanted)).toEqual(done);
      expect(ledger.objects()).toEqual([]);
      const after = effects();
      expect(await take(wanted)).toEqual(done);
      const seen = { state: "present", differs: [], pending: false, declared: {} } as const;
      expect(await adaptor().withdraw(wanted, seen)).toEqual(done);
      expect(effects()).toEqual(after);
    }
  });

  it("removes it also for a subscriber that nobody knows any more", async () => {
    await bring(order);
    expect(await adaptor({ ues: {} }).observe(order)).toMatchObject({ value: { state: "present", differs: ["objectInstance"] } });
    expect(await take(order, { ues: {} })).toEqual(done);
    expect(await adaptor({ ues: {} }).observe(order)).toEqual(absent);
    expect(ledger.objects()).toEqual([]);
  });

  it.each(["subscriptions.create", "subscriptions.patch", "subscriptions.delete"])(
    "has one effect when the answer to %s is lost",
    async (operation) => {
      if (operation !== "subscriptions.create") await bring(order);
      const wanted = operation === "subscriptions.patch" ? orderOf({ ulCapacityMbps: 5 }) : order;
      const act = (): Promise<Outcome<unknown>> => (operation === "subscriptions.delete" ? take(order) : bring(wanted));
      faults.add({ kind: "destroy", peer: "nef", operation, when: "after", times: 1 });
      await expect(act()).rejects.toMatchObject({ name: "TransientError", code: "NEF_UNREACHABLE" });
      const after = effects();
      expect(await act()).toMatchObject({ ok: true });
      expect(effects()).toEqual(after);
      expect(ledger.entries().filter((e) => e.effect === "created")).toHaveLength(1);
    },
  );

  it("leaves one where a POST that was given up arrived late, and does not touch what is somebody else's", async () => {
    await bring(order);
    const [ours] = await listed();
    const { self: _, ...late } = ours as { self: string };
    expect(await post(late)).toBe(201);
    expect(await post({ ...late, notificationDestination: "https://elsewhere.example/notify/flow_1-1" })).toBe(201);
    expect(await post({ ...late, notificationDestination: "https://elsewhere.example/callback" })).toBe(201);
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["duplicates"] } });
    expect(await bring(order)).toEqual(present());
    expect(effects().at(-1)).toBe("removed subscription/s2");
    await post(late);
    expect(await take(order)).toEqual(done);
    expect(ledger.objects().map((o) => o.object)).toEqual(["subscription/s3", "subscription/s4"]);
  });

  it("takes away also what stands for an address that the subscriber no longer has", async () => {
    await bring(order);
    const [ours] = await listed();
    const { self: _, ...old } = ours as { self: string };
    expect(await post({ ...old, ueIpv4Addr: "10.45.0.99" })).toBe(201);
    expect(await take(order)).toEqual(done);
    expect(ledger.objects()).toEqual([]);
  });

  it("takes back what was not there before, and restores what was", async () => {
    await bring(order);
    const changed = orderOf({ ulCapacityMbps: 5, profile: "video" });
    await bring(changed, order);
    expect(await adaptor().undo(changed, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present());
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(ledger.objects()).toEqual([]);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
  });

  it("names what it could not take back", async () => {
    await bring(order);
    faults.add({ kind: "status", peer: "nef", operation: "mutating", status: 503 });
    expect(await adaptor().undo(order, undefined)).toEqual([`5g flow flow:1@x-1 at ${origin}`]);
    faults.clear();
    faults.add({ kind: "status", peer: "nef", operation: "mutating", status: 403 });
    expect(await adaptor().undo(order, undefined)).toEqual([`5g flow flow:1@x-1 at ${origin}`]);
  });

  it("is known by the name and sends notifications where the operator says, and moves them", async () => {
    const before = { scsAsId: "factory/7", notifyUrl: new URL("https://gateway.example/function/exec-5g/") };
    await bring(order, undefined, before);
    const at = (await listed("factory%2F7")).map((s) => s["notificationDestination"]);
    expect(at).toEqual(["https://gateway.example/function/exec-5g/notify/flow%3A1%40x-1"]);
    const after = { ...before, notifyUrl: new URL("https://other.example/") };
    expect(await adaptor(after).observe(order)).toMatchObject({ value: { differs: ["notificationDestination"] } });
    expect(await bring(order, undefined, after)).toEqual(present());
    expect(ledger.objects()).toHaveLength(1);
  });
});
