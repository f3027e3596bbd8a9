import { type Dispatcher, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type PeeringOptions, type PeeringSimulator, startPeering } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let peering: PeeringSimulator;
afterEach(async () => {
  await peering.close();
  ledger.reset();
  faults.clear();
});

async function start(options: PeeringOptions = {}): Promise<void> {
  peering = await startPeering(ledger, faults, options);
}

async function call(method: Dispatcher.HttpMethod, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await request(new URL(`${peering.address.pathname}${path}`, peering.address), {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.body.text();
  return { status: response.statusCode, body: (text === "" ? undefined : JSON.parse(text)) as Readonly<Record<string, unknown>> };
}

const session = (change: object = {}) => ({
  local_asn: 64512,
  local_ip: "192.0.2.1",
  peer_asn: 64513,
  peer_type: "private",
  md5: "hunter2",
  location: { id: "pdb:ix:1", type: "private" },
  ...change,
});
const { md5: _, ...unkeyed } = session();
const drafted = (change: object = {}) => ({ ...unkeyed, session_secret: "hunter2", local_bgp_role: 4, peer_bgp_role: 4, ...change });
const effects = () => ledger.entries().map((e) => `${e.effect} ${e.object}`);
const named = "session/AS64512/192.0.2.1/AS64513/pdb:ix:1/private";
const idOf = (body: Readonly<Record<string, unknown>>): string =>
  (body["sessions"] as readonly { session_id: string }[])[0]?.session_id ?? "";

describe("an autopeer server", () => {
  it("takes a bare array, fills in its own side, and shows the session under the requestor's AS", async () => {
    await start();
    const made = await call("POST", "/sessions", [session()]);
    const shown = { ...unkeyed, peer_ip: "192.0.2.2", status: "Pending", session_id: idOf(made.body) };
    expect(made).toEqual({ status: 200, body: { sessions: [shown] } });
    expect((await call("GET", "/sessions?asn=64512")).body).toEqual({ sessions: [shown] });
    expect((await call("GET", "/sessions?asn=64513")).body).toEqual({ sessions: [] });
    expect((await call("GET", `/sessions/${idOf(made.body)}`)).body).toEqual(shown);
    expect(effects()).toEqual([`created ${named}`]);
  });

  it("answers a deletion with the session, and 404 afterwards", async () => {
    await start();
    const id = idOf((await call("POST", "/sessions", [session()])).body);
    expect(await call("DELETE", `/sessions/${id}`)).toMatchObject({ status: 200, body: { session_id: id } });
    expect((await call("GET", `/sessions/${id}`)).status).toBe(404);
    expect((await call("DELETE", `/sessions/${id}`)).status).toBe(404);
    expect(ledger.objects()).toEqual([]);
  });

  it("accepts a batch in part, and says of the others why not", async () => {
    await start();
    const batch = [session(), session({ peer_asn: 1 }), session({ location: { id: "pdb:ix:9", type: "private" } }), session()];
    const { status, body } = await call("POST", "/sessions", batch);
    expect(status).toBe(200);
    expect(body["sessions"]).toHaveLength(1);
    expect(body["errors"]).toEqual([
      { name: "peer_asn", messages: ["asn not available at that location"] },
      { name: "location", messages: ["no peering at that location"] },
      { name: "local_ip", messages: ["a session with this address exists already"] },
    ]);
    expect(effects()).toEqual([`created ${named}`]);
  });

  it.each([
    ["example", { errors: [{ name: "peer_asn", messages: ["asn not available at that location"] }] }],
    ["field-error", { errors: [{ name: "peer_asn", errors: ["asn not available at that location"] }] }],
    ["nested", { errors: { errors: [{ name: "peer_asn", errors: ["asn not available at that location"] }] } }],
  ] as const)("refuses a whole batch in the shape %s", async (errorShape, body) => {
    await start({ errorShape });
    expect(await call("POST", "/sessions", [session({ peer_asn: 1 })])).toEqual({ status: 400, body });
    expect(effects()).toEqual([]);
  });

  it.each([
    [{ session_secret: "x" }, "session_secret"],
    [{ local_asn: "64512" }, "local_asn"],
    [{ local_ip: "192.0.2.300" }, "local_ip"],
    [{ peer_type: "PRIVATE" }, "peer_type"],
    [{ location: "pdb:ix:1" }, "location"],
    [{ location: { id: "pdb:ix:1" } }, "location"],
  ])("is strict about %j", async (change, name) => {
    await start();
    expect(await call("POST", "/sessions", [session(change)])).toMatchObject({ status: 400, body: { errors: [{ name }] } });
  });

  it("takes an object only where it is told to, and then no array", async () => {
    await start({ sessionsBody: "array" });
    expect((await call("POST", "/sessions", { sessions: [session()] })).status).toBe(400);
    await peering.close();
    await start({ sessionsBody: "object" });
    expect((await call("POST", "/sessions", [session()])).status).toBe(400);
    expect((await call("POST", "/sessions", { sessions: [session()] })).status).toBe(200);
  });

  it("pages its lists by tokens of its own", async () => {
    await start({ pageSize: 2 });
    for (const i of [1, 2, 3, 4, 5]) await call("POST", "/sessions", [session({ local_ip: `192.0.2.${String(i + 10)}` })]);
    const seen: number[] = [];
    for (let token = ""; ;) {
      const { body } = await call("GET", `/sessions?asn=64512&max_results=100${token}`);
      seen.push((body["sessions"] as readonly unknown[]).length);
      const next = body["next_token"] as string | undefined;
      if (next === undefined) break;
      token = `&next_token=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual([2, 2, 1]);
    expect((await call("GET", "/sessions?asn=64512")).body["sessions"]).toHaveLength(2);
    for (const wrong of ["", "asn=x", "asn=1&max_results=101", "asn=1&next_token=zzz", "asn=1&page=2"])
      expect((await call("GET", `/sessions?${wrong}`)).status, wrong).toBe(400);
  });

  it("lists the locations of its own AS, and of one type if asked", async () => {
    await start();
    const idsOf = ({ body }: Awaited<ReturnType<typeof call>>) => (body["locations"] as readonly { id: string }[]).map((l) => l.id);
    expect(idsOf(await call("GET", "/locations?asn=64513"))).toHaveLength(5);
    expect(idsOf(await call("GET", "/locations?asn=64513&location_type=private"))).toEqual(["pdb:ix:1", "pdb:ix:62"]);
    expect((await call("GET", "/locations?asn=64512")).status).toBe(400);
    expect((await call("GET", "/locations?asn=64513&location_type=PRIVATE")).status).toBe(400);
  });

  it("shows a deleted session for as long as it is scheduled for deletion, and its effect once", async () => {
    let nowMs = 0;
    await start({ removeAfterMs: 100, now: () => nowMs });
    const id = idOf((await call("POST", "/sessions", [session()])).body);
    await call("DELETE", `/sessions/${id}`);
    await call("DELETE", `/sessions/${id}`);
    expect(await call("GET", `/sessions/${id}`)).toMatchObject({ status: 200, body: { status: "Down" } });
    nowMs = 100;
    expect((await call("GET", `/sessions/${id}`)).status).toBe(404);
    expect(effects()).toEqual([`created ${named}`, `removed ${named}`]);
  });

  it("changes a status when somebody decides", async () => {
    await start();
    await call("POST", "/sessions", [session()]);
    peering.decide("Established");
    peering.decide("Established");
    expect((await call("GET", "/sessions?asn=64512")).body).toMatchObject({ sessions: [{ status: "Established" }] });
    expect(effects()).toEqual([`created ${named}`, `changed ${named}`]);
  });

  it("keeps secrets out of the ledger, and out of answers unless it is told to show them", async () => {
    await start();
    await call("POST", "/sessions", [session()]);
    expect(JSON.stringify([ledger.entries(), (await call("GET", "/sessions?asn=64512")).body])).not.toContain("hunter2");
    await peering.close();
    await start({ showsSecret: true });
    expect((await call("POST", "/sessions", [session()])).body).toMatchObject({ sessions: [{ md5: "hunter2" }] });
  });
});

describe("a server of draft-01", () => {
  it("calls the secret session_secret, wants both roles, and answers a deletion with 204", async () => {
    await start({ dialect: "draft-01", showsSecret: true });
    const made = await call("POST", "/sessions", { sessions: [drafted()] });
    expect(made).toMatchObject({ status: 200, body: { sessions: [{ session_secret: "hunter2", local_insert_asn: true }] } });
    expect(await call("DELETE", `/sessions/${idOf(made.body)}`)).toEqual({ status: 204, body: undefined });
  });

  it.each([
    [session(), "md5"],
    [drafted({ local_bgp_role: 3 }), "local_bgp_role"],
    [drafted({ local_bgp_role: undefined }), "local_bgp_role"],
    [drafted({ local_monitoring_session: true, peer_monitoring_session: true }), "local_monitoring_session"],
  ])("refuses %j", async (asked, name) => {
    await start({ dialect: "draft-01" });
    const { status, body } = await call("POST", "/sessions", [asked]);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(name)]);
  });
});

describe("a server that wants tokens", () => {
  const oauth = { clientId: "as64512:ours", clientSecret: "s%cret ü", scope: "peering", expiresInSeconds: 10 };
  const form = (change: Readonly<Record<string, string>> = {}) =>
    new URLSearchParams({ grant_type: "client_credentials", scope: "peering", ...change }).toString();
  const encoded = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);
  const basicOf = (id: string, secret: string) => `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64")}`;
  async function ask(
    body = form(),
    authorization = basicOf(oauth.clientId, oauth.clientSecret),
    type = "application/x-www-form-urlencoded",
  ) {
    const response = await request(peering.tokenUrl, { method: "POST", body, headers: { authorization, "content-type": type } });
    return { status: response.statusCode, body: (await response.body.json()) as Readonly<Record<string, unknown>> };
  }

  it("gives one for client credentials, which is good until it expires or is revoked", async () => {
    let nowMs = 0;
    await start({ oauth, now: () => nowMs });
    expect((await call("GET", "/sessions?asn=64512")).status).toBe(401);
    const { status, body } = await ask();
    expect([status, body["token_type"], body["expires_in"]]).toEqual([200, "Bearer", 10]);
    const authorization = `Bearer ${String(body["access_token"])}`;
    const statusNow = async () => (await call("GET", "/sessions?asn=64512", undefined, { authorization })).status;
    expect(await statusNow()).toBe(200);
    nowMs = 10_000;
    expect(await statusNow()).toBe(401);
    nowMs = 0;
    peering.revokeTokens();
    expect(await statusNow()).toBe(401);
  });

  it("gives none otherwise", async () => {
    await start({ oauth });
    expect(await ask(form(), basicOf("as64512", "ours"))).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect(await ask(form({ grant_type: "password" }))).toMatchObject({ status: 400, body: { error: "unsupported_grant_type" } });
    expect(await ask(form({ scope: "all" }))).toMatchObject({ status: 400, body: { error: "invalid_scope" } });
    expect(await ask(form(), undefined, "application/json")).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });
});

describe("faults of a Peering API", () => {
  it("strike before the effect or after it", async () => {
    await start();
    faults.add({ kind: "status", peer: "peering", operation: "sessions.create", status: 503, times: 1 });
    const response = await request(new URL("/v0.1/sessions", peering.address), { method: "POST", body: JSON.stringify([session()]) });
    await response.body.dump();
    expect([response.statusCode, effects()]).toEqual([503, []]);
    faults.add({ kind: "destroy", peer: "peering", operation: "mutating", when: "after", times: 1 });
    await expect(call("POST", "/sessions", [session()])).rejects.toThrow();
    expect(effects()).toEqual([`created ${named}`]);
  });
});
