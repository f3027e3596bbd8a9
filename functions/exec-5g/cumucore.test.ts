import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Observed } from "../../domain/intent/adaptor.ts";
import { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome } from "../../domain/outcome.ts";
import { openFaults } from "../../lab/faults.ts";
import { dataflowsPath } from "../../lab/fiveg/dataflows.ts";
import { type FivegSimulator, startFiveg } from "../../lab/fiveg/server.ts";
import { openLedger } from "../../lab/ledger.ts";
import { fivegAdaptor } from "./adaptor.ts";
import { type FivegConnections, openFivegConnections } from "./connections.ts";
import { cumucore } from "./cumucore.ts";
import { dataflowOf } from "./dataflow.ts";
import type { Core } from "./http.ts";

/** The orders of a library's example, as they are compared with in its golden file. */
function ordered(example: string): readonly Order[] {
  const file = join(import.meta.dirname, `../../domain/intent/catalogue/slice-5g-flow/examples/${example}.golden.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { orders: readonly Order[] }).orders;
}
const [order] = ordered("dataflow") as readonly [Order];
const flow = Flow5g.parse(order.payload);

describe("the dataflow object", () => {
  it("has every row of D2.3's Tables 1 to 4, in Cumucore's words and its way to write time", () => {
    expect(dataflowOf(flow)).toEqual({
      flowID: "dataflow-1",
      SUPI: "imsi-001010000000002",
      time: { type: "START-STOP", startime: "20260510T123000+0000", stoptime: "20990510T134500+0000" },
      profileName: "audio128k",
      ulCapacity: "0.2",
      dlCapacity: "0.2",
      ip4Filters: [{ type: "BOTH", ip4Address: "192.168.10.10", portType: "TCP", portNumber: "1000-1005" }],
    });
  });

  it("is the same for the verbs CREATE and DELIVER, with only what was said", () => {
    const [created, delivered] = ordered("flows").map(({ payload }) => dataflowOf(Flow5g.parse(payload)));
    expect(created).toMatchObject({
      SUPI: "imsi-001010000000001",
      time: { type: "START-STOP", startime: "20260510T123000+0000", stoptime: "20260510T134500+0000" },
      ip4Filters: [{ type: "BOTH", ip4Address: "1.1.1.1", portType: "UDP", portNumber: "36000" }],
    });
    expect(delivered).not.toHaveProperty("ulCapacity");
    expect(delivered?.ip4Filters).toEqual(
      ["80", "8000-8080"].map((portNumber) => ({
        type: "IN",
        ip4Address: "198.51.100.0-198.51.100.255",
        portType: "TCP",
        portNumber,
      })),
    );
  });

  it.each([
    [{ startTime: undefined }, { type: "UNTIL-STOP", stoptime: "20990510T134500+0000" }],
    [{ stopTime: undefined }, { type: "START-FROM", startime: "20260510T123000+0000" }],
    [{ startTime: undefined, stopTime: undefined }, undefined],
  ])("says one end of its time, or none", (change, time) => {
    expect(dataflowOf({ ...flow, ...change } as Flow5g).time).toEqual(time);
  });

  it("says ANY for every address, and no port where every port is meant", () => {
    expect(dataflowOf({ ...flow, remote: { address: "any", protocol: "ANY", ports: [] } }).ip4Filters).toEqual([
      { type: "BOTH", ip4Address: "ANY", portType: "ANY" },
    ]);
  });
});

describe("dataflows on a core", () => {
  const ledger = openLedger();
  const faults = openFaults();
  let core: FivegSimulator;
  let connections: FivegConnections;
  beforeEach(async () => {
    core = await startFiveg(ledger, faults);
    connections = openFivegConnections({ controllers: [] });
  });
  afterEach(async () => {
    await connections.close();
    await core.close();
    ledger.reset();
    faults.clear();
  });

  /** Without `ues`: the core takes SUPIs. */
  const adaptor = (dataflows = dataflowsPath) => {
    const controllers = [
      { executioner: "5g", origin: "https://cumucore.example", address: core.address, exposure: "cumucore" as const, dataflows },
    ];
    return fivegAdaptor({ controllers, connections, signal: AbortSignal.timeout(20_000), now: () => Date.parse("2026-05-10T12:40:00Z") });
  };
  const changed = (change: Partial<Flow5g>): Order => ({ ...order, payload: { ...flow, ...change } });
  async function bring(wanted: Order, before?: Order): Promise<Outcome<Observed>> {
    const seen = await adaptor().observe(wanted);
    if (!seen.ok) return seen;
    const applied = await adaptor().apply(wanted, seen.value, before);
    return applied.ok ? adaptor().observe(wanted) : applied;
  }
  const present = { state: "present", differs: [], pending: false, declared: { ulCapacity: 0.2, dlCapacity: 0.2 } };
  const effects = (): readonly string[] => ledger.entries().map(({ effect, object }) => `${effect} ${object}`);

  it("are created, read back with their rates, changed in place and deleted", async () => {
    expect(await bring(order)).toEqual({ ok: true, value: present });
    const later = changed({ ulCapacityMbps: 0.4 });
    expect(await adaptor().observe(later)).toMatchObject({ value: { differs: ["ulCapacity"] } });
    expect(await bring(later, order)).toMatchObject({ ok: true, value: { differs: [], declared: { ulCapacity: 0.4 } } });
    const seen = await adaptor().observe(later);
    expect(seen.ok && (await adaptor().withdraw(later, seen.value))).toEqual({ ok: true, value: undefined });
    expect(await adaptor().observe(later)).toEqual({ ok: true, value: { state: "absent" } });
    expect(effects()).toEqual(["created dataflow/dataflow-1", "changed dataflow/dataflow-1", "removed dataflow/dataflow-1"]);
  });

  it.each<[string, Partial<Flow5g>]>([
    ["objectInstance", { supi: "imsi-001010000000009" }],
    ["ip4Filter", { direction: "IN" }],
    ["profile", { profile: "video" }],
    ["dlCapacity", { dlCapacityMbps: undefined } as unknown as Partial<Flow5g>],
    ["time", { stopTime: "2099-05-10T14:00:00.000Z" }],
  ])("tell a %s that differs", async (name, change) => {
    await bring(order);
    expect(await adaptor().observe(changed(change))).toMatchObject({ ok: true, value: { differs: [name] } });
  });

  it("are put back as they were when an order is undone, and taken away when there was none", async () => {
    await bring(order);
    const later = changed({ ulCapacityMbps: 0.4 });
    await bring(later, order);
    expect(await adaptor().undo(later, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual({ ok: true, value: present });
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(ledger.objects()).toEqual([]);
  });

  it("are refused in the core's words, and never asked for at a core that cannot be read", async () => {
    expect(await bring(changed({ profile: "gold" }))).toMatchObject({
      ok: false,
      code: "NEF_REFUSED",
      reason: expect.stringContaining("gold"),
    });
    faults.add({ kind: "status", peer: "nef", operation: "dataflows.read", status: 405 });
    expect(await bring(order)).toMatchObject({ ok: false, code: "NEF_REFUSED" });
    expect(effects()).toEqual([]);
  });

  it("names no subscriber, whatever the core says", async () => {
    const says = { status: 400, headers: {}, text: JSON.stringify({ detail: `who is ${flow.supi}?` }) };
    const talking: Core = { host: "core.example", call: () => Promise.resolve(ok(says)), redact: (text) => text };
    const wanted = { flow, ue: "", destination: "", nowMs: 0 };
    const face = cumucore("/d");
    for (const refused of [face.observe(talking, wanted), face.create(talking, wanted), face.remove(talking, wanted)]) {
      const { ok: isOk, reason } = (await refused) as { readonly ok: boolean; readonly reason: string };
      expect([isOk, reason]).toEqual([false, expect.stringContaining("who is [redacted]?")]);
    }
  });
});
