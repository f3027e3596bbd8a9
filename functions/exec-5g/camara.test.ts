import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { openFaults } from "../../lab/faults.ts";
import { type FivegSimulator, startFiveg } from "../../lab/fiveg/server.ts";
import { openLedger } from "../../lab/ledger.ts";
import { fivegAdaptor } from "./adaptor.ts";
import { type FivegConnections, openFivegConnections } from "./connections.ts";

const origin = "https://qod.example";
const ues: Readonly<Record<string, string>> = { "imsi-001010000000001": "10.45.0.7" };
const window = { startTime: "2026-05-10T12:30:00.000Z", stopTime: "2026-05-10T13:45:00.000Z", qosDurationS: 4500 };
const orderOf = (change: Partial<Flow5g> = {}): Order => ({
  executioner: "5g",
  resource: "flow/flow_1-1",
  expectationIds: ["1"],
  controller: `${origin}/quality-on-demand/v1`,
  origins: [],
  payload: {
    name: "flow_1-1",
    supi: "imsi-001010000000001",
    profile: "QOS_L",
    ulCapacityMbps: 3,
    remote: { address: "198.51.100.10", protocol: "UDP", ports: ["36000", "5010-5020"] },
    direction: "BOTH",
    ...window,
    ...change,
  } satisfies Flow5g,
});
const order = orderOf();
const present = { ok: true, value: { state: "present", differs: [], pending: false, declared: {} } };
const done = { ok: true, value: undefined };

const ledger = openLedger();
const faults = openFaults();
let core: FivegSimulator;
let connections: FivegConnections;
let nowMs = 0;
beforeEach(async () => {
  nowMs = Date.parse("2026-05-10T12:00:00Z");
  core = await startFiveg(ledger, faults, { now: () => nowMs });
  connections = openFivegConnections({ controllers: [] });
});
afterEach(async () => {
  await connections.close();
  await core.close();
  ledger.reset();
  faults.clear();
});

const adaptor = (known = ues) => {
  const controllers = [{ executioner: "5g", origin, address: core.address, ues: known }];
  return fivegAdaptor({ controllers, connections, signal: AbortSignal.timeout(20_000), now: () => nowMs });
};
async function bring(wanted: Order, before?: Order): Promise<Outcome<Observed>> {
  const seen = await adaptor().observe(wanted);
  if (!seen.ok) return seen;
  const applied = await adaptor().apply(wanted, seen.value, before);
  return applied.ok ? adaptor().observe(wanted) : applied;
}
async function take(wanted: Order): Promise<Outcome<void>> {
  const seen = await adaptor().observe(wanted);
  return seen.ok ? adaptor().withdraw(wanted, seen.value) : seen;
}
const effects = (): readonly string[] => ledger.entries().map((e) => e.effect);

describe("over CAMARA QoD", () => {
  it("creates a session by profile, and a second time leaves it alone", async () => {
    expect(await bring(order)).toEqual(present);
    expect(await bring(order)).toEqual(present);
    expect(effects()).toEqual(["created"]);
  });

  it("extends the duration, and makes anew what cannot be changed", async () => {
    await bring(order);
    const longer = orderOf({ stopTime: "2026-05-10T14:00:00.000Z", qosDurationS: 5400 });
    expect(await adaptor().observe(longer)).toMatchObject({ value: { differs: ["stopTime"] } });
    expect(await bring(longer, order)).toEqual(present);
    expect(effects()).toEqual(["created", "changed"]);
    expect(await bring(order, longer)).toEqual(present);
    expect(effects().slice(2)).toEqual(["removed", "created"]);
    const changes: readonly Partial<Flow5g>[] = [{ profile: "QOS_M" }, { remote: { address: "any", protocol: "ANY", ports: [] } }];
    for (const change of changes) expect(await bring(orderOf(change))).toEqual(present);
    expect(effects().slice(4)).toEqual(["removed", "created", "removed", "created"]);
    expect(ledger.objects()).toHaveLength(1);
  });

  it("has one effect when an answer is lost, and leaves nothing when taken away", async () => {
    faults.add({ kind: "destroy", peer: "nef", operation: "sessions.create", when: "after", times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ code: "NEF_UNREACHABLE" });
    expect(await bring(order)).toEqual(present);
    expect(effects()).toEqual(["created"]);
    expect(await take(order)).toEqual(done);
    expect(await take(order)).toEqual(done);
    expect(ledger.objects()).toEqual([]);
  });

  it("waits while it is REQUESTED, and begins again when the network ended it", async () => {
    await core.close();
    core = await startFiveg(ledger, faults, { now: () => nowMs, availableAfterMs: 500 });
    expect(await bring(order)).toMatchObject({ value: { state: "present", differs: [], pending: true } });
    nowMs += 500;
    expect(await bring(order)).toEqual(present);
    core.terminateSessions();
    expect(await adaptor().observe(order)).toEqual({ ok: true, value: { state: "absent" } });
    await bring(order);
    expect(effects()).toEqual(["created", "removed", "created"]);
  });

  it("counts from now where only a stop is given, and follows it", async () => {
    const { startTime: _, qosDurationS: _q, ...until } = order.payload as Flow5g;
    const one = { ...order, payload: until };
    expect(await bring(one)).toEqual(present);
    nowMs += 60_000;
    expect(await bring(one, one)).toEqual(present);
    expect(effects()).toEqual(["created"]);
    const later = { ...one, payload: { ...until, stopTime: "2026-05-10T15:00:00.000Z" } };
    expect(await bring(later, one)).toEqual(present);
    expect(effects()).toEqual(["created", "removed", "created"]);
  });

  it("restores what was there before", async () => {
    await bring(order);
    const other = orderOf({ profile: "QOS_S" });
    await bring(other, order);
    expect(await adaptor().undo(other, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(ledger.objects()).toEqual([]);
  });

  it("refuses what it cannot say or does not know", async () => {
    const { startTime: _, stopTime: _s, qosDurationS: _q, ...endless } = order.payload as Flow5g;
    expect(await bring({ ...order, payload: endless })).toMatchObject({
      code: "NEF_REFUSED",
      reason: expect.stringContaining("stopTime") as string,
    });
    expect(await bring(orderOf({ profile: "gold" }))).toMatchObject({
      code: "NEF_REFUSED",
      reason: expect.stringContaining("QUALITY_ON_DEMAND.QOS_PROFILE_NOT_APPLICABLE: no profile gold") as string,
    });
    expect(await adaptor({}).observe(order)).toMatchObject({ code: "UE_UNKNOWN" });
    expect(effects()).toEqual([]);
  });
});
