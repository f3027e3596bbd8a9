import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Order } from "../../domain/intent/order.ts";
import { peeringAdaptor } from "./adaptor.ts";
import { nearest } from "./api.ts";
import { openPeeringConnections, type PeeringConnections } from "./connections.ts";
import { errorWords } from "./error-words.ts";

// Answers that no Peering API in order gives, so the lab's does not either.

const order: Order = {
  executioner: "peering",
  resource: "session/AS64512/192.0.2.1/AS64513/pdb:ix:1/private",
  expectationIds: ["1"],
  origins: [],
  payload: { localAsn: 64512, localIp: "192.0.2.1", peerAsn: 64513, peerType: "private", location: "pdb:ix:1", md5Ref: "secretRef:one" },
};

interface Said {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
let server: Server;
let connections: PeeringConnections;
let answer: (request: IncomingMessage) => Said | undefined;
let asked: string[];
const listing = { locations: [{ id: "pdb:ix:1", type: "private" }], sessions: [] };

beforeEach(async () => {
  asked = [];
  answer = () => ({ body: listing });
  server = createServer((request, response) => {
    asked.push(`${String(request.method)} ${String(request.url)}`);
    const said = answer(request);
    if (said === undefined) return;
    const { status = 200, headers = {}, body } = said;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connect();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await connections.close();
});

const urlOf = (path: string): URL => new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`);
function connect(controller: Partial<ReachableController> = {}): void {
  connections = openPeeringConnections({
    controllers: [{ executioner: "peering", origin: "https://peering.example.net", address: urlOf("/v0.1/"), ...controller }],
  });
}
const adaptor = (signal = AbortSignal.timeout(20_000)) =>
  peeringAdaptor({
    controllers: connections.controllers,
    connections,
    secrets: { open: () => Promise.resolve("hunter2-md5") },
    signal,
  });
const applied = () => adaptor().apply(order, { state: "absent" }, undefined);

describe("a Peering API that does not answer as it should", () => {
  it("is asked below its base path, with the largest page and no credentials where none are configured", async () => {
    answer = ({ headers }) => (headers.authorization === undefined ? { body: listing } : { status: 400 });
    expect(await adaptor().observe(order)).toEqual({ ok: true, value: { state: "absent" } });
    expect(asked).toEqual(["GET /v0.1/sessions?asn=64512&max_results=100"]);
  });

  it("is unreachable when nothing listens, and when the time for the order is up", async () => {
    answer = () => undefined;
    const started = performance.now();
    const late = { code: "PEERING_UNREACHABLE", message: expect.stringContaining("time for the order") };
    await expect(adaptor(AbortSignal.timeout(100)).observe(order)).rejects.toMatchObject(late);
    expect(performance.now() - started).toBeLessThan(2_000);
    server.closeAllConnections();
    server.close();
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      name: "TransientError",
      message: expect.stringContaining("no answer from"),
    });
  });

  it("is unreachable after 10 s, whatever time the order has", async () => {
    answer = () => undefined;
    const started = performance.now();
    await expect(adaptor().observe(order)).rejects.toMatchObject({ message: expect.stringContaining("did not answer within 10 s") });
    expect(performance.now() - started).toBeGreaterThan(9_500);
  });

  it("is not read without an end, neither in one answer nor in pages", async () => {
    answer = () => ({ body: " ".repeat((4 << 20) + 1) });
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      code: "PEERING_UNAVAILABLE",
      message: expect.stringContaining("4 MiB"),
    });
    answer = () => ({ body: { sessions: [], next_token: "again" } });
    await expect(adaptor().observe(order)).rejects.toMatchObject({ message: expect.stringContaining("has no end") });
    let page = 0;
    answer = () => ({ body: { sessions: [], next_token: String((page += 1)) } });
    await expect(adaptor().observe(order)).rejects.toMatchObject({ message: expect.stringContaining("has no end") });
    expect(page).toBeLessThan(200);
  });

  it("is not followed to where it points", async () => {
    answer = () => ({ status: 302, headers: { location: "/elsewhere" }, body: {} });
    expect(await adaptor().observe(order)).toMatchObject({ ok: false, code: "PEERING_REFUSED", reason: expect.stringContaining("302") });
    expect(asked).toHaveLength(1);
  });

  it.each([429, 500, 503])("may pass when it answers %i, and says when to come back", async (status) => {
    answer = () => ({ status, headers: { "retry-after": "7" }, body: { message: "busy" } });
    const fault = { name: "TransientError", code: "PEERING_UNAVAILABLE", retryAfterMs: 7_000, message: expect.stringContaining("busy") };
    await expect(adaptor().observe(order)).rejects.toMatchObject(fault);
  });

  it.each([400, 401, 403, 404, 422])("is a definite no when it answers %i", async (status) => {
    answer = () => ({ status, body: { errors: [{ name: "asn", messages: ["no"] }] } });
    const reason = expect.stringMatching(new RegExp(`answered ${String(status)} to GET /sessions: asn: no`));
    expect(await adaptor().observe(order)).toMatchObject({ ok: false, code: "PEERING_REFUSED", reason });
  });

  it.each(["<h1>gateway</h1>", [], { sessions: {} }, "null"])("may pass when its list is %j", async (body) => {
    answer = () => ({ body });
    await expect(adaptor().observe(order)).rejects.toMatchObject({
      code: "PEERING_UNAVAILABLE",
      message: expect.stringContaining("no list"),
    });
  });

  it("may list things that are no sessions, in capitals, with numbers as text and a secret of asterisks", async () => {
    const ours = { session_id: 7, local_asn: "64512", local_ip: "192.0.2.1", peer_asn: 64513, peer_type: null, peer_ip: "nowhere" };
    const session = { ...ours, location: { id: "pdb:ix:1", type: "PRIVATE" }, status: "x".repeat(99), md5: "*****" };
    answer = () => ({ body: { sessions: [{}, null, 5, session], next_token: null } });
    const declared = { status: "x".repeat(64) };
    expect(await adaptor().observe(order)).toEqual({ ok: true, value: { state: "present", differs: [], pending: false, declared } });
  });

  it("may list a session twice: one that was not rejected counts, and a withdrawal leaves neither", async () => {
    const ours = { local_asn: 64512, local_ip: "192.0.2.1", peer_asn: 64513, peer_type: "private", location: { id: "pdb:ix:1" } };
    const twice = [
      { ...ours, session_id: "a/b", status: "Rejected" },
      { ...ours, session_id: "c", status: "Approved" },
    ];
    answer = ({ method }) => (method === "GET" ? { body: { sessions: twice } } : { status: 404 });
    const seen = await adaptor().observe(order);
    expect(seen).toMatchObject({ value: { differs: [], declared: { status: "Approved" } } });
    if (seen.ok) await adaptor().withdraw(order, seen.value);
    expect(asked.slice(2)).toEqual(["DELETE /v0.1/sessions/a%2Fb", "DELETE /v0.1/sessions/c"]);
  });

  it("may repeat our secret, but we do not", async () => {
    answer = ({ method }) =>
      method === "GET" ? { body: listing } : { status: 400, body: { errors: [{ name: "md5", errors: ["hunter2-md5 is weak"] }] } };
    expect(await applied()).toMatchObject({ code: "PEERING_REFUSED", reason: expect.stringContaining("md5: [redacted] is weak") });
    answer = ({ method }) => ({
      body: method === "GET" ? listing : { sessions: [], errors: { errors: [{ name: "md5", errors: ["hunter2-md5"] }] } },
    });
    expect(JSON.stringify(await applied())).not.toContain("hunter2-md5");
  });

  it("may neither take the session nor refuse it: then the list tells", async () => {
    answer = () => ({ body: { ...listing, sessions: null } });
    expect(await applied()).toEqual({ ok: true, value: undefined });
    answer = ({ method }) => (method === "GET" ? { body: listing } : { body: "OK" });
    await expect(applied()).rejects.toMatchObject({ code: "PEERING_UNAVAILABLE" });
  });
});

describe("an API that wants tokens", () => {
  const oauth = { clientId: "us", clientSecret: "hunter2-oauth", scope: "peering" };
  let good: string[];
  const tokenOr = (say: (token: string) => Said) => (request: IncomingMessage) =>
    request.url === "/token"
      ? { body: { access_token: `t${String(asked.filter((a) => a.endsWith("/token")).length)}`, token_type: "Bearer", expires_in: 3600 } }
      : say(String(request.headers.authorization).replace("Bearer ", ""));
  beforeEach(async () => {
    await connections.close();
    connect({ oauth: { ...oauth, tokenUrl: urlOf("/token") } });
    good = ["t1"];
    answer = tokenOr((token) => (good.includes(token) ? { body: listing } : { status: 401, body: { message: `no ${token}` } }));
  });

  it("gets one, and the same one again", async () => {
    await adaptor().observe(order);
    await adaptor().observe(order);
    expect(asked.map((a) => a.split("?")[0])).toEqual(["POST /token", "GET /v0.1/sessions", "GET /v0.1/sessions"]);
  });

  it("gets a new one when it takes the old one no more", async () => {
    await adaptor().observe(order);
    good = ["t2"];
    expect(await adaptor().observe(order)).toMatchObject({ ok: true });
    expect(asked.filter((a) => a.endsWith("/token"))).toHaveLength(2);
  });

  it("is refused when it takes the new one neither, once, and no token is repeated", async () => {
    good = [];
    const seen = await adaptor().observe(order);
    expect(seen).toMatchObject({
      ok: false,
      code: "PEERING_REFUSED",
      reason: expect.stringMatching(/answered 401 .*no \[redacted\].*clientSecretFile/),
    });
    expect(asked).toHaveLength(4);
  });

  it("is refused when no token is to be had", async () => {
    answer = () => ({ status: 401, body: { error: "invalid_client", error_description: "hunter2-oauth" } });
    const seen = await adaptor().observe(order);
    expect(seen).toMatchObject({ ok: false, code: "TOKEN_REFUSED", reason: expect.stringContaining("invalid_client") });
    expect(JSON.stringify(seen)).not.toContain("hunter2");
  });
});

it("errors are read in every shape that the specification has for them", () => {
  expect(errorWords({ errors: [{ name: "peer_asn", messages: ["not here", "nor there"] }] })).toBe("peer_asn: not here, nor there");
  expect(
    errorWords({
      errors: [
        { name: "peer_asn", errors: ["not here"] },
        { name: "x", errors: ["y"] },
      ],
    }),
  ).toBe("peer_asn: not here; x: y");
  expect(errorWords({ errors: { errors: [{ name: "peer_asn", errors: ["not here"] }] } })).toBe("peer_asn: not here");
  expect(errorWords({ title: "Forbidden", detail: "who\n are you?" })).toBe("who are you?; Forbidden");
  for (const none of [undefined, null, 5, {}, [], { errors: null }, { errors: [{ name: "x" }] }]) expect(errorWords(none)).toBe("");
  expect(errorWords({ message: "x".repeat(999) })).toHaveLength(300);
});

it("nearest locations are those of the kind that was asked for, by their number", () => {
  expect(nearest(["pdb:fac:5", "pdb:ix:9", "pdb:ix:1", "pdb:ix:6", "pdb:ix:300", "pdb:ix:9"], "pdb:ix:5")).toEqual([
    "pdb:ix:6",
    "pdb:ix:9",
    "pdb:ix:1",
  ]);
  expect(nearest(["pdb:fac:5"], "pdb:ix:5")).toEqual(["pdb:fac:5"]);
  expect(nearest([], "pdb:ix:5")).toEqual([]);
});
