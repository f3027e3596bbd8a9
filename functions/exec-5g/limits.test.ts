import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { openFaults } from "../../lab/faults.ts";
import { type FivegSimulator, startFiveg } from "../../lab/fiveg/server.ts";
import { type Ledger, openLedger } from "../../lab/ledger.ts";
import { chooseExposure, fivegAdaptor } from "./adaptor.ts";
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
const done: Outcome<void> = { ok: true, value: undefined };

let ledger: Ledger;
let core: FivegSimulator;
let connections: FivegConnections;
let nowMs = 0;

beforeEach(async () => {
  nowMs = Date.parse("2026-05-10T12:00:00Z");
  ledger = openLedger();
  core = await startFiveg(ledger, openFaults());
  connections = openFivegConnections({ controllers: [] });
});
afterEach(async () => {
  await connections.close();
  await core.close();
});

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
const listed = async (): Promise<readonly Record<string, unknown>[]> => {
  const reply = await fetch(new URL("/3gpp-as-session-with-qos/v1/nemo/subscriptions", core.address));
  return (await reply.json()) as Record<string, unknown>[];
};

describe("times", () => {
  const window = { startTime: "2026-05-10T12:30:00.000Z", stopTime: "2026-05-10T13:45:00.000Z", qosDurationS: 4500 };

  it("give the duration from start to stop, whenever it is applied", async () => {
    await bring(orderOf(window));
    nowMs = Date.parse("2026-05-10T13:00:00Z");
    expect(await adaptor().observe(orderOf(window))).toMatchObject({ value: { differs: [] } });
    expect(await listed()).toMatchObject([{ qosDuration: 4500 }]);
  });

  it("count from now where only a stop is given, and follow it when it moves", async () => {
    const until = orderOf({ stopTime: "2026-05-10T13:00:00.000Z" });
    await bring(until);
    expect(await listed()).toMatchObject([{ qosDuration: 3600 }]);
    nowMs += 60_000;
    expect(await bring(until, until)).toEqual(present());
    expect(effects()).toHaveLength(1);
    await bring(orderOf({ stopTime: "2026-05-10T14:00:00.000Z" }), until);
    expect(await listed()).toMatchObject([{ qosDuration: 7140 }]);
  });

  it("go back to the stop that was, when they are taken back", async () => {
    const until = orderOf({ stopTime: "2026-05-10T13:00:00.000Z" });
    const later = orderOf({ stopTime: "2026-05-10T14:00:00.000Z" });
    await bring(until);
    await bring(later, until);
    expect(await adaptor().undo(later, until)).toEqual([]);
    expect(await listed()).toMatchObject([{ qosDuration: 3600 }]);
  });

  it("that have passed are refused, restored to nothing, and can be taken away", async () => {
    await bring(orderOf(window));
    nowMs = Date.parse(window.stopTime);
    const changed = orderOf({ ...window, profile: "video" });
    expect(await bring(changed, orderOf(window))).toMatchObject({
      ok: false,
      code: "FLOW_ENDED",
      reason: expect.stringContaining("13:45") as string,
    });
    expect(effects()).toHaveLength(1);
    expect(await adaptor().undo(changed, orderOf(window))).toEqual([]);
    expect(ledger.objects()).toEqual([]);
    expect(await bring(orderOf(window))).toMatchObject({ code: "FLOW_ENDED" });
    expect(await take(orderOf(window))).toEqual(done);
  });
});

describe("what it may not or cannot do", () => {
  it("is refused for a subscriber that the operator did not enter, without the SUPI in the reason", async () => {
    const stranger = orderOf({ supi: "imsi-001019999999999" });
    const refused = await bring(stranger);
    expect(refused).toMatchObject({ ok: false, code: "UE_UNKNOWN", reason: expect.stringContaining(origin) as string });
    expect(JSON.stringify(refused)).not.toContain("imsi");
    expect(await take(stranger)).toEqual(done);
    expect(effects()).toEqual([]);
  });

  it.each<[string, Partial<Flow5g>, string]>([
    [
      "a profile that the core does not know",
      { profile: "gold" },
      "403 to POST subscriptions: REQUESTED_SERVICE_NOT_AUTHORIZED: no QoS reference gold",
    ],
    ["more than the core guarantees", { ulCapacityMbps: 1_000_000 }, "more than is guaranteed"],
  ])("is refused for %s, in the core's words", async (_, change, said) => {
    expect(await bring(orderOf(change))).toMatchObject({ ok: false, code: "NEF_REFUSED", reason: expect.stringContaining(said) as string });
    expect(ledger.objects()).toEqual([]);
  });

  it("is refused for an address that the core has no session of", async () => {
    const refused = await bring(order, undefined, { ues: { "imsi-001010000000001": "192.0.2.9" } });
    expect(refused).toMatchObject({ code: "NEF_REFUSED", reason: expect.stringContaining("404 to POST subscriptions") as string });
  });

  it("keeps what stands when a change of it is refused", async () => {
    await bring(order);
    const greedy = orderOf({ ulCapacityMbps: 1_000_000 });
    expect(await bring(greedy, order)).toMatchObject({ code: "NEF_REFUSED" });
    expect(await adaptor().undo(greedy, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present());
    expect(effects()).toHaveLength(1);
  });

  it("refuses an origin that nobody allowed, and calls no order its own that is none", async () => {
    expect(await adaptor().observe({ ...order, controller: "https://198.51.100.1" })).toMatchObject({ code: "CONTROLLER_NOT_ALLOWED" });
    expect(adaptor().target(order)).toBe(origin);
    expect(adaptor().target({ ...order, controller: "https://198.51.100.1" })).toBe("https://198.51.100.1");
    await expect(adaptor().observe({ ...order, payload: { name: "x" } })).rejects.toMatchObject({
      name: "PermanentError",
      code: "DATA_INVALID",
    });
  });

  it.each([
    ["/quality-on-demand/v1", "nef", "camara"],
    ["/3gpp-as-session-with-qos/v1", "camara", "nef"],
    ["/nef/3gpp-as-session-with-qos", undefined, "nef"],
    ["/quality-on-demands", undefined, "nef"],
    ["", "camara", "camara"],
    ["", undefined, "nef"],
  ] as const)("follows the url's %j, then the operator's %s: %s", (path, configured, exposure) => {
    expect(chooseExposure(origin + path, configured)).toBe(exposure);
  });
});
