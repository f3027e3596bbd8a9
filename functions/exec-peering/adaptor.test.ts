import { afterEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Observed } from "../../domain/intent/adaptor.ts";
import type { BgpSession } from "../../domain/intent/catalogue/bgp-peering/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { openFaults } from "../../lab/faults.ts";
import { openLedger } from "../../lab/ledger.ts";
import { type PeeringOptions, type PeeringSimulator, startPeering } from "../../lab/peering/server.ts";
import { peeringAdaptor } from "./adaptor.ts";
import { openPeeringConnections, type PeeringConnections } from "./connections.ts";

const plain: BgpSession = { localAsn: 64512, localIp: "192.0.2.1", peerAsn: 64513, peerType: "private", location: "pdb:ix:1" };
const keyed: BgpSession = { ...plain, md5Ref: "secretRef:one" };
const rekeyed: BgpSession = { ...plain, md5Ref: "secretRef:two" };
const secrets = new Map([
  ["secretRef:one", "first-secret"],
  ["secretRef:two", "second-secret"],
]);
const named = "session/AS64512/192.0.2.1/AS64513/pdb:ix:1/private";
const orderOf = (payload: object = keyed): Order => ({
  executioner: "peering",
  resource: named,
  expectationIds: ["1"],
  origins: [],
  payload: { ...payload },
});
const order = orderOf();
const absent: Outcome<Observed> = { ok: true, value: { state: "absent" } };
const done = { ok: true, value: undefined };
const present = (status = "Pending"): Outcome<Observed> => ({
  ok: true,
  value: { state: "present", differs: [], pending: false, declared: { status, peerIp: "192.0.2.2" } },
});

const ledger = openLedger();
const faults = openFaults();
let lab: PeeringSimulator;
let connections: PeeringConnections;

async function start(options: PeeringOptions = {}, controller: Partial<ReachableController> = {}): Promise<void> {
  lab = await startPeering(ledger, faults, options);
  const entry = { executioner: "peering", origin: "https://peering.example.net", address: lab.address };
  connections = openPeeringConnections({ controllers: [{ ...entry, ...controller }] });
}
afterEach(async () => {
  await connections.close();
  await lab.close();
  ledger.reset();
  faults.clear();
});

const adaptor = (held: ReadonlyMap<string, string> = secrets) =>
  peeringAdaptor({
    controllers: connections.controllers,
    connections,
    secrets: { open: (ref) => Promise.resolve(held.get(ref)) },
    signal: AbortSignal.timeout(20_000),
  });

/** Observes, applies what differs and reads back, as an executioner does. */
async function bring(wanted: Order, before?: Order): Promise<Outcome<Observed>> {
  const peering = adaptor();
  const seen = await peering.observe(wanted);
  if (!seen.ok) return seen;
  const applied = await peering.apply(wanted, seen.value, before);
  return applied.ok ? peering.observe(wanted) : applied;
}
async function take(wanted: Order): Promise<Outcome<void>> {
  const peering = adaptor();
  const seen = await peering.observe(wanted);
  return seen.ok ? peering.withdraw(wanted, seen.value) : seen;
}

/** Puts a session there past the adaptor. */
async function post(change: object = {}): Promise<void> {
  const { localAsn: local_asn, localIp: local_ip, peerAsn: peer_asn, peerType: peer_type } = plain;
  const body = [{ local_asn, local_ip, peer_asn, peer_type, location: { id: "pdb:ix:1", type: "private" }, ...change }];
  const reply = await fetch(`${lab.address.href}/sessions`, { method: "POST", body: JSON.stringify(body) });
  expect(reply.status).toBe(200);
}

const effects = (): readonly string[] => ledger.entries().map(({ effect, object }) => `${effect} ${object}`);
const requests = (): Readonly<Record<string, number>> => ledger.counters().requests["peering"] ?? {};

describe.each([
  ["autopeer", "array"],
  ["autopeer", "object"],
  ["draft-01", "array"],
  ["draft-01", "object"],
] as const)("an API of %s that takes an %s", (dialect, sessionsBody) => {
  const settings = { dialect, sessionsBody };

  it("is asked for the session once, shows it as Pending, and is left alone the second time", async () => {
    await start(settings, settings);
    expect(await adaptor().observe(order)).toEqual(absent);
    expect(await bring(order)).toEqual(present());
    expect(await bring(order, order)).toEqual(present());
    expect(effects()).toEqual([`created ${named}`]);
  });

  it("loses the session when it is withdrawn, and takes it well when it is gone already", async () => {
    await start(settings, settings);
    const brought = await bring(order);
    expect(await take(order)).toEqual(done);
    expect(ledger.objects()).toEqual([]);
    expect(await take(order)).toEqual(done);
    expect(await adaptor().withdraw(order, (brought as { value: Observed }).value)).toEqual(done);
    expect(effects()).toEqual([`created ${named}`, `removed ${named}`]);
  });

  it("gets another session in place of one whose key changed, known by what it shows or by the order before", async () => {
    await start({ ...settings, showsSecret: true }, settings);
    await bring(order);
    const changed = orderOf(rekeyed);
    expect(await adaptor().observe(changed)).toMatchObject({ value: { differs: ["md5"] } });
    expect(await bring(changed, order)).toEqual(present());
    // A crash between apply and commit has it applied again: it shows the key that it was to have.
    expect(await bring(changed, order)).toEqual(present());
    expect(effects()).toEqual([`created ${named}`, `removed ${named}`, `created ${named}`]);
  });
});

describe("a session with another network", () => {
  it.each(["Approved", "Established", "Down", "Unestablished", "something else"])("is there as asked when it is %s", async (status) => {
    await start();
    await bring(order);
    lab.decide(status);
    expect(await adaptor().observe(order)).toEqual(present(status));
  });

  it("is found on whatever page it is, and only by all that it is", async () => {
    await start({ pageSize: 2 });
    for (const local_ip of ["192.0.2.11", "192.0.2.12", "192.0.2.13"]) await post({ local_ip });
    await post({ local_asn: 64514 });
    await post({ peer_type: "public", location: { id: "pdb:ix:1", type: "public" } });
    await post({ location: { id: "pdb:ix:62", type: "private" } });
    expect(await adaptor().observe(order)).toEqual(absent);
    await post();
    expect(await adaptor().observe(order)).toEqual(present());
    expect(requests()["sessions.list"]).toBe(3 + 3);
  });

  it("over IPv6 is found however its address is written", async () => {
    await start();
    await post({ local_ip: "2001:DB8:0::1" });
    const seen = await adaptor().observe(orderOf({ ...plain, localIp: "2001:db8::1" }));
    expect(seen).toMatchObject({ value: { state: "present", declared: { peerIp: "2001:db8::2" } } });
  });

  it("with a key that no API shows is replaced when the order before had another, or none", async () => {
    await start();
    await bring(orderOf(plain));
    expect(await bring(order, orderOf(plain))).toEqual(present());
    expect(await bring(orderOf(rekeyed), order)).toEqual(present());
    expect(effects()).toEqual(["created", "removed", "created", "removed", "created"].map((effect) => `${effect} ${named}`));
  });

  it("has one effect when the answer to its creation is lost", async () => {
    await start();
    faults.add({ kind: "destroy", peer: "peering", operation: "sessions.create", when: "after", times: 1 });
    await expect(bring(order)).rejects.toMatchObject({ name: "TransientError", code: "PEERING_UNREACHABLE" });
    expect(await bring(order)).toEqual(present());
    expect(effects()).toEqual([`created ${named}`]);
  });

  it("is replaced only when the old one is gone, not while it is scheduled for deletion", async () => {
    let nowMs = 0;
    await start({ removeAfterMs: 1000, now: () => nowMs });
    await bring(order);
    await expect(bring(orderOf(rekeyed), order)).rejects.toMatchObject({ code: "PEERING_DELETING", retryAfterMs: 500 });
    nowMs = 1000;
    expect(await bring(orderOf(rekeyed), order)).toEqual(present());
    expect(effects()).toEqual(["created", "removed", "created"].map((effect) => `${effect} ${named}`));
  });

  it("is withdrawn alone", async () => {
    await start();
    await post({ local_ip: "192.0.2.9" });
    await bring(order);
    expect(await take(order)).toEqual(done);
    expect(ledger.objects().map((o) => o.object)).toEqual(["session/AS64512/192.0.2.9/AS64513/pdb:ix:1/private"]);
  });
});

describe("a refusal", () => {
  it("names the nearest locations, and asks for nothing, where the responder is not", async () => {
    await start();
    const public27 = orderOf({ ...plain, peerType: "public", location: "pdb:ix:27" });
    expect(await bring(public27)).toEqual({
      ok: false,
      code: "LOCATION_UNKNOWN",
      reason: "AS64513 has no public peering at pdb:ix:27; nearest are pdb:ix:26, pdb:ix:31, pdb:ix:1",
    });
    expect(requests()["sessions.create"]).toBeUndefined();
  });

  it.each([
    ["example", 400],
    ["field-error", 422],
    ["nested", 400],
    ["example", 200],
    ["nested", 200],
  ] as const)("in the shape %s with %i is told in the responder's words", async (errorShape, rejectionStatus) => {
    await start({ errorShape, rejectionStatus });
    await post();
    // Asked past the observation, as by two at once.
    expect(await adaptor().apply(order, { state: "absent" }, undefined)).toMatchObject({
      ok: false,
      code: "PEERING_REFUSED",
      reason: expect.stringContaining("local_ip: a session with this address exists already"),
    });
  });

  it("by a person is one at once, later on, and after it was there", async () => {
    await start({ status: "Rejected" });
    const reason = "AS64513 rejected the session of 192.0.2.1 at pdb:ix:1";
    expect(await bring(order)).toEqual({ ok: false, code: "PEERING_REFUSED", reason });
    expect(await adaptor().observe(order)).toMatchObject({ value: { state: "present", differs: ["status"] } });
    expect(await bring(order, order)).toEqual({ ok: false, code: "PEERING_REFUSED", reason });
    // What was there before this try, rejected or not, is left as it is; what the try began is taken back.
    expect(await adaptor().undo(order, order)).toEqual([]);
    expect(ledger.objects()).toHaveLength(1);
    expect(await adaptor().undo(order, undefined)).toEqual([]);
    expect(ledger.objects()).toEqual([]);
  });

  it("of a lost key comes before anything is taken down, and a withdrawal needs no key", async () => {
    await start();
    await bring(order);
    const forgetful = adaptor(new Map());
    const seen = await forgetful.observe(order);
    expect(seen).toEqual(present());
    expect(await forgetful.apply(orderOf(rekeyed), (seen as { value: Observed }).value, order)).toMatchObject({ code: "SECRET_UNKNOWN" });
    expect(effects()).toEqual([`created ${named}`]);
    expect(await forgetful.withdraw(order, (seen as { value: Observed }).value)).toEqual(done);
    expect(ledger.objects()).toEqual([]);
  });

  it("is that of a controller that nobody allowed, and of a payload that is none", async () => {
    await start();
    const elsewhere = { ...order, controller: "https://198.51.100.1/v0.1" };
    expect(await adaptor().observe(elsewhere)).toMatchObject({ ok: false, code: "CONTROLLER_NOT_ALLOWED" });
    expect(await adaptor().undo(elsewhere, undefined)).toEqual([]);
    expect(adaptor().target(order)).toBe("https://peering.example.net");
    await expect(adaptor().observe(orderOf({ ...plain, peerAsn: 0 }))).rejects.toMatchObject({
      name: "PermanentError",
      code: "DATA_INVALID",
      message: expect.stringContaining("peerAsn"),
    });
  });
});

describe("undoing", () => {
  it("asks again for the session with the key that it had", async () => {
    await start({ showsSecret: true });
    await bring(order);
    const changed = orderOf(rekeyed);
    const peering = adaptor();
    const seen = await peering.observe(changed);
    faults.add({ kind: "status", peer: "peering", operation: "sessions.create", status: 403, times: 1 });
    expect(await peering.apply(changed, (seen as { value: Observed }).value, order)).toMatchObject({ code: "PEERING_REFUSED" });
    expect(ledger.objects()).toEqual([]);
    expect(await peering.undo(changed, order)).toEqual([]);
    expect(await adaptor().observe(order)).toEqual(present());
  });

  it("replaces a session that got the new key, and leaves one alone that did not", async () => {
    await start();
    await bring(order);
    const changed = orderOf(rekeyed);
    expect(await adaptor().undo(changed, order)).toEqual([]);
    expect(effects()).toHaveLength(1);
    const peering = adaptor();
    const seen = await peering.observe(changed);
    expect(await peering.apply(changed, (seen as { value: Observed }).value, order)).toEqual(done);
    expect(await peering.undo(changed, order)).toEqual([]);
    expect(effects()).toHaveLength(5);
  });

  it("names what could not be taken back", async () => {
    await start();
    await bring(order);
    faults.add({ kind: "status", peer: "peering", operation: "mutating", status: 503, times: 1 });
    expect(await adaptor().undo(order, undefined)).toEqual([`${named} at ${lab.address.host}`]);
    faults.add({ kind: "status", peer: "peering", operation: "mutating", status: 422, times: 1 });
    expect(await adaptor().undo(order, undefined)).toEqual([`${named} at ${lab.address.host}`]);
  });
});
