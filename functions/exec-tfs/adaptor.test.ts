import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { type Lab, type LabOptions, startLab } from "../../lab/lab.ts";
import { chooseFace, tfsAdaptor } from "./adaptor.ts";
import { openTfsConnections, type TfsConnections } from "./connections.ts";

const origin = "http://192.168.165.10";
const endpoint = "GigabitEthernet0/0/0/1";
const plain: L2vpn = {
  service: "new_intent_2-1",
  source: { node: "3.3.3.3", endpoint },
  destination: { node: "5.5.5.5", endpoint },
  vlanId: 999,
};
const annex: L2vpn = { ...plain, niName: "ninametfs", bandwidthGbps: 10, latencyMs: 15.2 };
const orderOf = (payload: L2vpn, path = ""): Order => ({
  executioner: "tfs",
  resource: `service/${payload.service}`,
  expectationIds: ["1"],
  controller: origin + path,
  origins: [],
  payload,
});
const present = (declared: object = { bandwidth: 10, latency: 15.2 }): Outcome<Observed> =>
  ({ ok: true, value: { state: "present", differs: [], pending: false, declared } }) as Outcome<Observed>;
const absent: Outcome<Observed> = { ok: true, value: { state: "absent" } };

let lab: Lab;
let connections: TfsConnections;
const controllersOf = (credentials: object = { user: "admin", password: "admin" }): readonly ReachableController[] =>
  lab.controllers.map(({ executioner, origin: at, connect }) => ({
    executioner,
    origin: at,
    address: new URL(connect ?? at),
    ...credentials,
  }));

async function start(options: LabOptions = {}): Promise<void> {
  lab = await startLab(options);
  connections = openTfsConnections({ controllers: controllersOf() });
}
async function stop(): Promise<void> {
  await connections.close();
  await lab.close();
}

const adaptor = (options: { exact?: boolean; signal?: AbortSignal; controllers?: readonly ReachableController[] } = {}) =>
  tfsAdaptor({ controllers: connections.controllers, connections, signal: AbortSignal.timeout(20_000), ...options });

/** Observes, applies what differs and reads back, as an executioner does. */
async function bring(order: Order, before?: Order, exact = false): Promise<Outcome<Observed>> {
  const tfs = adaptor({ exact });
  const seen = await tfs.observe(order);
  if (!seen.ok) return seen;
  const applied = await tfs.apply(order, seen.value, before);
  return applied.ok ? tfs.observe(order) : applied;
}
async function take(order: Order): Promise<Outcome<void>> {
  const tfs = adaptor();
  const seen = await tfs.observe(order);
  return seen.ok ? tfs.withdraw(order, seen.value) : seen;
}

const effects = (): readonly string[] => lab.ledger.entries().map(({ effect, object }) => `${effect} ${object}`);
const requests = (): Readonly<Record<string, number>> => lab.ledger.counters().requests["tfs"] ?? {};

const mutations = { "tfs-api": ["tfs-api.create", "tfs-api.update"], webui: ["webui.upload"], restconf: ["restconf.create"] } as const;

describe.each([
  ["tfs-api", "/tfs-api", annex],
  ["webui", "/webui", annex],
  ["restconf", "/restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services", plain],
] as const)("over %s", (face, path, wanted) => {
  beforeAll(() => start());
  afterEach(() => lab.reset());
  afterAll(stop);
  const order = orderOf(wanted, path);
  const declared = face === "restconf" ? {} : { bandwidth: 10, latency: 15.2 };

  it("creates the service, and a second time leaves it alone", async () => {
    expect(await bring(order)).toEqual(present(declared));
    const first = effects();
    expect(first[0]).toBe("created service/new_intent_2-1");
    expect(await bring(order)).toEqual(present(declared));
    expect(effects()).toEqual(first);
  });

  it("changes the VLAN", async () => {
    await bring(order);
    const changed = orderOf({ ...wanted, vlanId: 100 }, path);
    expect(await adaptor().observe(changed)).toMatchObject({ value: { differs: ["vlanId"] } });
    expect(await bring(changed, order)).toEqual(present(declared));
    expect(await adaptor().observe(order)).toMatchObject({ value: { differs: ["vlanId"] } });
    expect(lab.ledger.objects()).toHaveLength(1);
  });

  it("leaves nothing at an endpoint that the service moved from", async () => {
    await bring(order);
    const moved = orderOf({ ...wanted, destination: { node: "7.7.7.7", endpoint } }, path);
    expect(await bring(moved, order)).toEqual(present(declared));
    expect(effects()).toContain("removed service/new_intent_2-1");
    expect(lab.ledger.objects()).toHaveLength(1);
  });

  it("removes the service, and takes it well when it is gone already", async () => {
    await bring(order);
    expect(await take(order)).toEqual({ ok: true, value: undefined });
    expect(lab.ledger.objects()).toEqual([]);
    const after = effects();
    expect(await take(order)).toEqual({ ok: true, value: undefined });
    const seen = { state: "present", differs: [], pending: false, declared: {} } as const;
    expect(await adaptor().withdraw(order, seen)).toEqual({ ok: true, value: undefined });
    expect(effects()).toEqual(after);
  });

  it.each(mutations[face])("has one effect when the answer to %s is lost", async (operation) => {
    lab.faults.add({ kind: "destroy", peer: "tfs", operation, when: "after", times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ name: "TransientError", code: "TFS_UNREACHABLE" });
    expect(effects()[0]).toBe("created service/new_intent_2-1");
    expect(await bring(order)).toEqual(present(declared));
    expect(effects().filter((effect) => effect.startsWith("created"))).toHaveLength(1);
  });

  it("takes back a service that was not there before, and restores one that was", async () => {
    await bring(order);
    const changed = orderOf({ ...wanted, vlanId: 100 }, path);
    await bring(changed, order);
    expect(await adaptor().undo(changed, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present(declared));
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(lab.ledger.objects()).toEqual([]);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
  });

  it("names what it could not take back", async () => {
    await bring(order);
    lab.faults.add({ kind: "status", peer: "tfs", operation: "mutating", status: 503 });
    expect(await adaptor().undo(order, undefined)).toEqual([`tfs service new_intent_2-1 at ${origin}`]);
  });

  it("is pending until the service is active", async () => {
    lab.faults.add({ kind: "activate", afterMs: 300, peer: "tfs" });
    expect(await bring(order)).toMatchObject({ ok: true, value: { state: "present", differs: [], pending: true } });
    const made = effects();
    await expect.poll(() => adaptor().observe(order), { timeout: 5_000 }).toEqual(present(declared));
    expect(effects()).toEqual(made);
  });
});

describe("tfs-api", () => {
  beforeAll(() => start());
  afterEach(() => lab.reset());
  afterAll(stop);
  const order = orderOf(annex);

  it("makes a new service with GET, POST, PUT and GET", async () => {
    await bring(order);
    expect(requests()).toEqual({ "tfs-api.get": 2, "tfs-api.create": 1, "tfs-api.update": 1 });
  });

  it("looks into the list only where it must be exact", async () => {
    expect(await adaptor().observe(order)).toEqual(absent);
    expect(requests()).toEqual({ "tfs-api.get": 1, "tfs-api.list": 1 });
    expect(await adaptor({ exact: false }).observe(order)).toEqual(absent);
    expect(requests()).toEqual({ "tfs-api.get": 2, "tfs-api.list": 1 });
  });

  it("does not take a fault for an absent service", async () => {
    await bring(order);
    lab.faults.add({ kind: "status", peer: "tfs", operation: "tfs-api.get", status: 500 });
    await expect(adaptor().observe(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE" });
    // what only creates next finds out by creating
    await expect(bring(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE" });
    // what removes does not believe a careless observation
    const { value: gone } = absent as { value: Observed };
    expect(await adaptor({ exact: false }).withdraw(order, gone)).toEqual({ ok: true, value: undefined });
    expect(lab.ledger.objects()).toEqual([]);
  });

  it("drops an SLO that the order no longer has", async () => {
    await bring(order);
    const { bandwidthGbps: _, ...without } = annex;
    expect(await bring(orderOf(without), order)).toEqual(present({ latency: 15.2 }));
    expect(effects().filter((effect) => effect.startsWith("removed"))).toEqual([]);
  });

  it("finishes a service of which only the name was created", async () => {
    lab.faults.add({ kind: "status", peer: "tfs", operation: "tfs-api.update", status: 503, times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE" });
    expect(await adaptor().observe(order)).toMatchObject({
      value: { pending: true, differs: ["nodeSrc", "nodeDst", "bandwidth", "latency"] },
    });
    expect(await bring(order)).toEqual(present());
    expect(effects()).toEqual(["created service/new_intent_2-1", "changed service/new_intent_2-1"]);
  });

  it("says what TeraFlowSDN refused, and for how long to wait where it may pass", async () => {
    lab.faults.add({ kind: "status", peer: "tfs", operation: "tfs-api.create", status: 404, times: 1 });
    expect(await bring(order)).toMatchObject({
      ok: false,
      code: "TFS_REFUSED",
      reason: expect.stringContaining("answered 404 to POST services"),
    });
  });

  it.each([
    ["/webui", "restconf", plain, "webui"],
    ["/tfs-api", "restconf", plain, "tfs-api"],
    ["/restconf/data", undefined, plain, "restconf"],
    ["/restconf/data", "webui", annex, "webui"],
    ["/restconf/data", "restconf", annex, "tfs-api"],
    ["/webuis", "restconf", plain, "restconf"],
    ["", undefined, plain, "tfs-api"],
  ] as const)("follows the url's %j, then the operator's %s, never RESTCONF with an SLO", (path, configured, wanted, face) => {
    expect(chooseFace(origin + path, configured, wanted)).toBe(face);
  });

  it("refuses an origin that nobody allowed, and calls no order its own that is none", async () => {
    const elsewhere = { ...order, controller: "http://198.51.100.1/tfs-api" };
    expect(await adaptor().observe(elsewhere)).toMatchObject({ ok: false, code: "CONTROLLER_NOT_ALLOWED" });
    expect(adaptor().target(order)).toBe(origin);
    await expect(adaptor().observe({ ...order, payload: { service: "x" } })).rejects.toMatchObject({
      name: "PermanentError",
      code: "DATA_INVALID",
    });
  });
});

describe("webui", () => {
  afterEach(stop);
  const order = orderOf(annex, "/webui");

  it.each([true, false])("uploads with CSRF protection on: %s", async (csrf) => {
    await start({ tfs: { csrf } });
    expect(await bring(order)).toEqual(present());
    expect(requests()["webui.upload"]).toBe(1);
  });

  it("takes a re-apply for one, though the WebUI cannot add the service again", async () => {
    await start();
    await bring(order);
    const changed = orderOf({ ...annex, niName: "other" }, "/webui");
    expect(await bring(changed, order)).toEqual(present());
    expect(effects().at(-1)).toBe("changed service/new_intent_2-1");
  });

  it("gives the WebUI's own reason when it failed", async () => {
    await start({ tfs: { strictDevices: true } });
    const refused = await bring(order);
    expect(refused).toMatchObject({ ok: false, code: "TFS_REFUSED" });
    expect((refused as { reason: string }).reason).toContain("Device(3.3.3.3) not found");
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(lab.ledger.objects()).toEqual([]);
  });
});

describe("restconf", () => {
  beforeAll(() => start());
  afterEach(() => lab.reset());
  afterAll(stop);
  const order = orderOf(plain, "/restconf/data");

  it("refuses without credentials, and repeats none", async () => {
    const seen = await adaptor({ controllers: controllersOf({ user: "admin", password: "wrong-password" }) }).observe(order);
    expect(seen).toMatchObject({ ok: false, code: "TFS_REFUSED", reason: expect.stringContaining("401") });
    expect(JSON.stringify(seen)).not.toMatch(/wrong-password|Basic/);
  });

  it("takes 504 for pending only where the service is listed", async () => {
    lab.faults.add({ kind: "status", peer: "tfs", operation: "restconf.get", status: 504 });
    await expect(adaptor().observe(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE" });
    await bring(orderOf(plain));
    expect(await adaptor().observe(order)).toMatchObject({ value: { state: "present", pending: true } });
  });

  it("takes a list of errors for a definite no", async () => {
    lab.faults.add({ kind: "status", peer: "tfs", operation: "restconf.create", when: "before", status: 500, times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ code: "TFS_UNAVAILABLE" }); // no list: may pass
    await bring(order);
    const tfs = adaptor();
    expect(await tfs.apply(order, { state: "absent" }, undefined)).toMatchObject({
      code: "TFS_REFUSED",
      reason: expect.stringContaining("already exists"),
    });
  });

  it("turns into a service with SLOs in the next generation, and back", async () => {
    await bring(order);
    const withSlos = orderOf(annex, "/restconf/data");
    expect(await bring(withSlos, order)).toEqual(present());
    expect(await bring(order, withSlos)).toEqual(present({}));
    expect(lab.ledger.objects()).toHaveLength(1);
  });
});
