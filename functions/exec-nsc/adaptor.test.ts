import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { MetricBound, NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { type Lab, type LabOptions, startLab } from "../../lab/lab.ts";
import { nscAdaptor } from "./adaptor.ts";
import { type NscConnections, openNscConnections } from "./connections.ts";
import { tfsSlice } from "./tfs-slice.ts";

const mbps = (bound: string): MetricBound => ({ metric: "one-way-bandwidth", unit: "Mbps", bound });
const delay: MetricBound = { metric: "one-way-delay-maximum", unit: "microseconds", bound: "15200" };
const first = { id: "1", node: "r1", address: "10.0.0.1", port: "p1", vlanId: 100, niName: "blue", bounds: [mbps("5000"), delay] };
const second = { id: "2", node: "r2", address: "10.0.0.2", port: "p2", bounds: [] };
const slice: NetworkSlice = { slice: "nemo:1-~slice", policy: "gold", sdps: [first, second] };
const changed: NetworkSlice = { ...slice, sdps: [{ ...first, vlanId: 200, bounds: [mbps("800"), delay] }, second] };
const three: NetworkSlice = {
  ...slice,
  sdps: [first, second, { id: "3", node: "r3", address: "2001:db8::3", bounds: [mbps("20")] }],
};

const origins = { rfc9543: "https://nsc.example.net", "tfs-slice": "http://192.168.165.10" } as const;
const orderOf = (payload: NetworkSlice, origin: string): Order => ({
  executioner: "nsc",
  resource: `slice-service/${payload.slice}`,
  expectationIds: ["1", "2"],
  controller: `${origin}/restconf`,
  origins: [],
  payload,
});
const present = (declared: object = { "one-way-bandwidth": "5000 Mbps", "one-way-delay-maximum": "15200 us" }) => ({
  ok: true,
  value: { state: "present", differs: [], pending: false, declared },
});
const absent = { ok: true, value: { state: "absent" } };

let lab: Lab;
let connections: NscConnections;

async function start(options: LabOptions = {}): Promise<void> {
  lab = await startLab(options);
  const controllers: readonly ReachableController[] = lab.controllers.map(({ executioner, origin, connect, face }) => ({
    executioner,
    origin,
    address: new URL(connect ?? origin),
    ...(face === undefined ? {} : { face }),
  }));
  connections = openNscConnections({ controllers });
}
async function stop(): Promise<void> {
  await connections.close();
  await lab.close();
}

const adaptor = () => nscAdaptor({ controllers: connections.controllers, connections, signal: AbortSignal.timeout(20_000) });

/** Observes, applies what differs and reads back, as an executioner does. */
async function bring(order: Order, before?: Order): Promise<Outcome<Observed>> {
  const nsc = adaptor();
  const seen = await nsc.observe(order);
  if (!seen.ok) return seen;
  const applied = await nsc.apply(order, seen.value, before);
  return applied.ok ? nsc.observe(order) : applied;
}
async function take(order: Order): Promise<Outcome<void>> {
  const nsc = adaptor();
  const seen = await nsc.observe(order);
  return seen.ok ? nsc.withdraw(order, seen.value) : seen;
}

const effects = (): readonly string[] => lab.ledger.entries().map(({ effect, object }) => `${effect} ${object}`);
const requests = (): Readonly<Record<string, number>> => lab.ledger.counters().requests["nsc"] ?? {};

describe.each([
  ["rfc9543", "slice-service/nemo:1-~slice", "rfc9543.put", ["changed"]],
  ["tfs-slice", "slice/nemo:1-~slice", "tfs-slice.create", ["removed", "created"]],
] as const)("over %s", (face, object, creation, change) => {
  beforeAll(() => start());
  afterEach(() => lab.reset());
  afterAll(stop);
  const order = orderOf(slice, origins[face]);
  const other = orderOf(changed, origins[face]);

  it("creates the slice, and a second time leaves it alone", async () => {
    expect(await adaptor().observe(order)).toEqual(absent);
    expect(await bring(order)).toEqual(present());
    expect(await bring(order)).toEqual(present());
    expect(effects()).toEqual([`created ${object}`]);
    expect(requests()[creation]).toBe(1);
  });

  it("names what differs, and makes it as wanted", async () => {
    await bring(order);
    expect(await adaptor().observe(other)).toMatchObject({ value: { differs: ["vlanId", "one-way-bandwidth"] } });
    expect(await bring(other, order)).toEqual(present({ "one-way-bandwidth": "800 Mbps", "one-way-delay-maximum": "15200 us" }));
    expect(effects()).toEqual([`created ${object}`, ...change.map((effect) => `${effect} ${object}`)]);
    expect(lab.ledger.objects()).toHaveLength(1);
  });

  it("removes the slice, and takes it well when it is gone already", async () => {
    await bring(order);
    expect(await take(order)).toEqual({ ok: true, value: undefined });
    expect(lab.ledger.objects()).toEqual([]);
    const after = effects();
    expect(await take(order)).toEqual({ ok: true, value: undefined });
    const seen = { state: "present", differs: [], pending: false, declared: {} } as const;
    expect(await adaptor().withdraw(order, seen)).toEqual({ ok: true, value: undefined });
    expect(effects()).toEqual(after);
  });

  it("has one effect when the answer is lost", async () => {
    lab.faults.add({ kind: "destroy", peer: "nsc", operation: creation, when: "after", times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ name: "TransientError", code: "NSC_UNREACHABLE" });
    expect(await bring(order)).toEqual(present());
    expect(effects()).toEqual([`created ${object}`]);
  });

  it("finds out by looking that a removal was done whose answer is lost", async () => {
    await bring(order);
    lab.faults.add({ kind: "destroy", peer: "nsc", operation: `${face}.delete`, when: "after", times: 1 });
    await expect(take(order)).rejects.toMatchObject({ code: "NSC_UNREACHABLE" });
    expect(await take(order)).toEqual({ ok: true, value: undefined });
    expect(effects()).toEqual([`created ${object}`, `removed ${object}`]);
  });

  it("takes back a slice that was not there before, and restores one that was", async () => {
    await bring(order);
    await bring(other, order);
    expect(await adaptor().undo(other, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present());
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(lab.ledger.objects()).toEqual([]);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
  });

  it("names what it could not take back", async () => {
    await bring(order);
    for (const status of [403, 503]) {
      lab.faults.clear();
      lab.faults.add({ kind: "status", peer: "nsc", operation: "mutating", status });
      expect(await adaptor().undo(order, undefined)).toEqual([`slice service nemo:1-~slice at ${origins[face]}`]);
    }
  });

  it("is pending until the slice is up", async () => {
    lab.faults.add({ kind: "activate", afterMs: 300, peer: "nsc" });
    expect(await bring(order)).toMatchObject({ ok: true, value: { state: "present", differs: [], pending: true } });
    const made = effects();
    await expect.poll(() => adaptor().observe(order), { timeout: 5_000 }).toEqual(present());
    expect(effects()).toEqual(made);
  });

  it("does not take a gateway's 504 for a slice that is not up yet, nor a fault for an absent one", async () => {
    for (const status of [500, 502, 503, 504]) {
      lab.faults.add({ kind: "status", peer: "nsc", operation: `${face}.get`, status, times: 1 });
      await expect(adaptor().observe(order)).rejects.toMatchObject({ name: "TransientError", code: "NSC_UNAVAILABLE" });
    }
  });

  it("says what the controller refused", async () => {
    lab.faults.add({ kind: "status", peer: "nsc", operation: creation, status: 403, times: 1 });
    expect(await bring(order)).toMatchObject({ ok: false, code: "NSC_REFUSED", reason: expect.stringContaining("answered 403 to P") });
    expect(effects()).toEqual([]);
  });

  it("refuses an origin that nobody allowed, and calls no order its own that is none", async () => {
    const elsewhere = { ...order, controller: "http://198.51.100.1/restconf" };
    expect(await adaptor().observe(elsewhere)).toMatchObject({ ok: false, code: "CONTROLLER_NOT_ALLOWED" });
    expect(await adaptor().undo(elsewhere, undefined)).toEqual([]);
    expect(adaptor().target(order)).toBe(origins[face]);
    await expect(adaptor().observe({ ...order, payload: { slice: "x" } })).rejects.toMatchObject({ code: "DATA_INVALID" });
  });
});

describe("rfc9543", () => {
  afterEach(stop);

  it("is where a slice goes that names no controller", async () => {
    await start();
    const { controller: _, ...order } = orderOf(slice, origins.rfc9543);
    expect(adaptor().target(order)).toBe(origins.rfc9543);
    expect(await bring(order)).toEqual(present());
  });

  it("carries more than two SDPs, and follows them as they come and go", async () => {
    await start();
    const order = orderOf(three, origins.rfc9543);
    const before = orderOf(slice, origins.rfc9543);
    await bring(before);
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["sdp-id"] } });
    // the SDPs were asked different bandwidths, so none is told
    expect(await bring(order, before)).toEqual(present({ "one-way-delay-maximum": "15200 us" }));
    expect(await bring(before, order)).toEqual(present());
    expect(effects().map((effect) => effect.split(" ")[0])).toEqual(["created", "changed", "changed"]);
  });

  it("refers to a template that the controller has", async () => {
    await start({ nsc: { templates: [{ id: "gold" }] } });
    const order = orderOf(slice, origins.rfc9543);
    expect(await bring(order)).toEqual(present());
    const [controller] = connections.controllers.filter((c) => c.origin === origins.rfc9543);
    const path = "/restconf/data/ietf-network-slice-service:network-slice-services/slice-service=nemo%3A1-~slice";
    const stored = await fetch(new URL(path, controller?.address));
    expect(await stored.json()).toMatchObject({ "ietf-network-slice-service:slice-service": [{ "slo-sle-template": "gold" }] });
    expect(await adaptor().observe(orderOf({ ...slice, policy: "silver" }, origins.rfc9543))).toMatchObject({
      value: { differs: ["slo-sle-policy"] },
    });
  });
});

describe("tfs-slice", () => {
  const tfs = origins["tfs-slice"];
  const { port: _port, ...portless } = second;

  it.each([
    ["exactly two SDPs", three],
    ["ac-tp-id of each SDP, and SDP 2 has none", { ...slice, sdps: [first, portless] }],
    ["IPv4", { ...slice, sdps: [first, { ...second, address: "2001:db8::2" }] }],
    ["one set of SLOs", { ...slice, sdps: [first, { ...second, bounds: [mbps("1")] }] }],
  ])("is not asked for what it cannot carry: %s", async (reason, wanted) => {
    await start();
    const order = orderOf(wanted, tfs);
    expect(await bring(order)).toMatchObject({ ok: false, code: "NSC_UNSUPPORTED", reason: expect.stringContaining(reason) });
    const before = orderOf(slice, tfs);
    await bring(before);
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: expect.arrayContaining(["connectivity"]) } });
    expect(await bring(order, before)).toMatchObject({ code: "NSC_UNSUPPORTED" });
    expect(await adaptor().undo(order, before)).toEqual([]);
    expect(effects()).toEqual(["created slice/nemo:1-~slice"]);
    await stop();
  });

  it("takes the same targets on both SDPs, or on the first alone", () => {
    expect(tfsSlice.lacks(slice)).toBeUndefined();
    expect(tfsSlice.lacks({ ...slice, sdps: [first, { ...second, bounds: first.bounds }] })).toBeUndefined();
  });

  it("may be told again what TeraFlowSDN does not give a reason for", async () => {
    await start({ nsc: { devices: ["r1"] } });
    await expect(bring(orderOf(slice, tfs))).rejects.toMatchObject({ code: "NSC_UNAVAILABLE", message: expect.stringContaining("500") });
    expect(effects()).toEqual([]);
    await stop();
  });

  it("comes anew after a change that was cut short between removal and creation", async () => {
    await start();
    await bring(orderOf(slice, tfs));
    lab.faults.add({ kind: "status", peer: "nsc", operation: "tfs-slice.create", status: 503, times: 1 });
    await expect(bring(orderOf(changed, tfs))).rejects.toMatchObject({ code: "NSC_UNAVAILABLE" });
    expect(lab.ledger.objects()).toEqual([]);
    expect(await bring(orderOf(changed, tfs))).toMatchObject({ value: { state: "present", differs: [] } });
    await stop();
  });
});
