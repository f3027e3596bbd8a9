import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { aboutOf } from "../../domain/twin/model.ts";
import type { TwinRecord } from "../../domain/twin/record.ts";
import type { Event } from "../../events/define.ts";
import { TwinStatusChanged } from "../../events/twin.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { openapi } from "../../services/api/openapi.ts";
import { openApi } from "../../services/api/server.ts";
import { openTail, type Tail } from "../../services/api/tail.ts";
import { tenantsFrom } from "../../services/api/tenancy.ts";
import { memoryCostMaps } from "../../state/cost-map.ts";
import { memoryIntents } from "../../state/intents.ts";
import { memoryTopology } from "../../state/topology.ts";
import { memoryTsn } from "../../state/tsn.ts";
import { memoryTwins, redisTwins, type TwinStore } from "../../state/twins.ts";
import { twinOf, type TwinOf } from "../support/twins.ts";

const redis = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379/9", { lazyConnect: true });
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const tokens = { alice: "token-of-alice", bob: "token-of-bob", root: "token-of-root" } as const;
type User = keyof typeof tokens;
const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");
const tenants = tenantsFrom([
  { user: "alice", tokenSha256: hashOf(tokens.alice) },
  { user: "bob", role: "tenant", tokenSha256: hashOf(tokens.bob).toUpperCase() },
  { user: "root", role: "admin", tokenSha256: hashOf(tokens.root) },
]);

let app: FastifyInstance;
let twins: TwinStore;
let broker: Broker;
let tail: Tail;

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

function open(store: TwinStore, isGuarded = true): void {
  twins = store;
  broker = openMemoryBroker();
  tail = openTail(broker);
  app = openApi({
    twins,
    broker,
    tail,
    intents: memoryIntents(),
    ingress: {
      read: () => ({ ok: true, candidates: [] }),
      objections: () => Promise.resolve([]),
      submit: () => Promise.resolve({ ok: true, records: [] }),
      repair: () => Promise.resolve(undefined),
      terminate: () => Promise.resolve(undefined),
    },
    drift: { of: () => Promise.reject(new Error("nothing is carried out")), all: () => nothing() },
    tsn: { schedules: memoryTsn(), publish: () => Promise.resolve() },
    topology: memoryTopology(),
    costMaps: memoryCostMaps(),
    publish: () => Promise.resolve(),
    probing: undefined,
    planner: { plan: () => Promise.resolve({ ok: false, code: "X", reason: "" }) },
    metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
    log: { warn: () => undefined, error: (fields) => expect.unreachable(JSON.stringify(fields)) },
    ...(isGuarded ? { tenants } : {}),
  });
}
afterEach(async () => {
  await app.close();
  await tail.stop();
  await broker.close();
});

async function put(...wanted: readonly TwinOf[]): Promise<readonly TwinRecord[]> {
  const records = wanted.map(twinOf);
  for (const record of records) await twins.update(record.twin.twinId, () => record);
  return records;
}

const statusOf = ({ twin }: TwinRecord): Event =>
  TwinStatusChanged.make({
    source: "/cmdt-fuse",
    subject: twin.twinId,
    owner: twin,
    data: {
      ...aboutOf(twin),
      seq: twin.seq,
      changes: [...twin.status.history],
      status: twin.status,
      replicas: twin.replicas,
      observedAt: "2026-01-01T00:00:00.000Z",
    },
  });
const publish = (...records: readonly TwinRecord[]) => broker.publish(records.map((record) => encodeAmqp(statusOf(record))));

async function get(url: string, as?: User | string, method: "GET" | "POST" | "DELETE" = "GET") {
  const token = as === undefined ? undefined : as in tokens ? tokens[as as User] : as;
  const { statusCode, headers, body } = await app.inject({
    method,
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  return { status: statusCode, headers, text: body, body: JSON.parse(body === "" ? "{}" : body) as Record<string, unknown> };
}
const idsIn = ({ body }: { body: Record<string, unknown> }) => (body["twins"] as { twinId: string }[]).map(({ twinId }) => twinId);

/** Reads the stream of twins' events until it has so many. */
async function stream(query: string, as: User, count: number, last?: string): Promise<readonly { id: string; data: Event }[]> {
  if (!app.server.listening) await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const away = new AbortController();
  const response = await fetch(`http://127.0.0.1:${String(port)}/v1/twins/events${query}`, {
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${tokens[as]}`,
      ...(last === undefined ? {} : { "last-event-id": last }),
    },
    signal: AbortSignal.any([away.signal, AbortSignal.timeout(5_000)]),
  });
  const sent: { id: string; data: Event }[] = [];
  let rest = "";
  for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [id, data] = ["id: ", "data: "].map((field) =>
        block
          .split("\n")
          .find((line) => line.startsWith(field))
          ?.slice(field.length),
      );
      if (data !== undefined) sent.push({ id: id ?? "", data: JSON.parse(data) as Event });
    }
    if (sent.length >= count) break;
  }
  away.abort();
  return sent.slice(0, count);
}

const shops: readonly TwinOf[] = [
  { name: "web", userId: "alice", workloadId: "w-1" },
  { name: "api", userId: "alice", workloadId: "w-1" },
  { name: "lab", userId: "alice", workloadId: "w-2", cluster: "two", namespace: "science" },
  { name: "bobs-secret", userId: "bob", workloadId: "w-3" },
  { name: "nobodys", workloadId: "w-4" },
  { name: "stray" },
];

describe.each(["memory", "redis"] as const)("twins over HTTP, kept in %s", (kind) => {
  beforeEach(() => open(kind === "memory" ? memoryTwins() : redisTwins(redis)));

  it("come page by page, in the order of their ids, and by filter", async () => {
    await put(...shops);
    const seen: string[] = [];
    let after: string | undefined = "";
    while (after !== undefined) {
      const page = await get(`/v1/twins?limit=2${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`, "root");
      seen.push(...idsIn(page));
      after = page.body["next"] as string | undefined;
    }
    expect(seen).toEqual(seen.toSorted());
    expect(seen).toHaveLength(shops.length);
    const filtered = async (query: string) => idsIn(await get(`/v1/twins?${query}`, "root")).length;
    expect([
      await filtered("user=alice"),
      await filtered("workload=w-1"),
      await filtered("workload=unmapped"),
      await filtered("cluster=two"),
      await filtered("namespace=shop&limit=1"),
      await filtered("status=Ready"),
      await filtered("status=Failure"),
    ]).toEqual([3, 2, 1, 1, 1, 6, 0]);
  });

  it("are found by workload, with the history of all its components, and by their own id", async () => {
    await put(...shops);
    expect(idsIn(await get("/v1/twins/w-1", "alice"))).toEqual(["one/shop/Pod/api", "one/shop/Pod/web"]);
    expect(idsIn(await get(`/v1/twins/${encodeURIComponent("two/science/Pod/lab")}`, "alice"))).toEqual(["two/science/Pod/lab"]);
    const { body } = await get("/v1/twins/w-1/history", "alice");
    expect(body["changes"]).toMatchObject([
      { twinId: "one/shop/Pod/api", component: { kind: "Pod", name: "api" }, status: "Ready", seq: 1 },
      { twinId: "one/shop/Pod/web", status: "Ready" },
    ]);
    expect((await get("/v1/twins/w-1/history?status=Failure", "alice")).body["changes"]).toEqual([]);
    expect(await get("/v1/twins/w-9", "root")).toMatchObject({ status: 404, body: { code: "TWIN_UNKNOWN" } });
    expect(await get("/v1/twins?status=Fine", "root")).toMatchObject({ status: 400, body: { code: "QUERY_INVALID" } });
  });

  it("are shown to a tenant exactly where they are the tenant's, whatever there is and whatever is asked", async () => {
    const users = fc.constantFrom("alice", "bob", undefined);
    const somebodys = fc.uniqueArray(
      fc.record({ name: fc.stringMatching(/^[a-z]{1,6}$/), userId: users, workloadId: fc.constantFrom("w-1", "w-2", undefined) }),
      { maxLength: 12, selector: ({ name }) => name },
    );
    let shown = 0;
    await fc.assert(
      fc.asyncProperty(somebodys, fc.constantFrom("alice", "bob"), users, async (all, asker, user) => {
        open(kind === "memory" ? memoryTwins() : redisTwins(redis));
        if (kind === "redis") await redis.flushdb();
        await put(
          ...all.map(({ name, userId, workloadId }) => ({
            name,
            ...(userId === undefined ? {} : { userId }),
            ...(workloadId === undefined ? {} : { workloadId }),
          })),
        );
        const query = user === undefined ? "" : `&user=${user}`;
        const theirs = all.filter((twin) => twin.userId === asker && (user === undefined || user === asker));
        const ids = idsIn(await get(`/v1/twins?limit=500${query}`, asker));
        expect(ids).toEqual(theirs.map(({ name }) => `one/shop/Pod/${name}`).toSorted());
        for (const { name, userId } of all) {
          const { status } = await get(`/v1/twins/${encodeURIComponent(`one/shop/Pod/${name}`)}`, asker);
          expect(status).toBe(userId === asker ? 200 : 404);
        }
        shown += ids.length;
      }),
      { numRuns: kind === "memory" ? 100 : 20 },
    );
    expect(shown).toBeGreaterThan(0);
  });
});

describe("tenancy", () => {
  beforeEach(() => open(memoryTwins()));

  const paths = Object.entries(openapi.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({ path, method: method.toUpperCase() as "GET" })),
  );
  const isPublic = (path: string): boolean => ["/metrics", "/_/health", "/_/ready"].includes(path);

  it("lets nobody without a token, or with a wrong one, into anything but what says that the system runs", async () => {
    expect(paths.length).toBeGreaterThan(12);
    for (const { path, method } of [...paths, { path: "/nowhere", method: "GET" as const }])
      for (const token of [undefined, "token-of-nobody", `${tokens.alice}x`, tokens.alice.toUpperCase(), hashOf(tokens.alice)]) {
        const answer = await get(path, token, method);
        if (isPublic(path)) expect([path, answer.status]).toEqual([path, 200]);
        else {
          expect([path, method, answer.status, answer.body["code"]]).toEqual([path, method, 401, "UNAUTHENTICATED"]);
          expect(answer.headers["www-authenticate"]).toContain("Bearer");
        }
      }
    expect((await app.inject({ url: "/v1/twins", headers: { authorization: `Basic ${tokens.alice}` } })).statusCode).toBe(401);
    expect((await get("/openapi.json")).status).toBe(200);
  });

  it("lets a tenant into nothing that is not made for tenants", async () => {
    for (const { path, method } of paths) {
      const { status, body } = await get(path, "alice", method);
      if (isPublic(path) || path.startsWith("/v1/twins")) expect([path, body["code"]]).not.toEqual([path, "FORBIDDEN"]);
      else expect([path, method, status, body["code"]]).toEqual([path, method, 403, "FORBIDDEN"]);
    }
    expect((await get("/v1/intents", "root")).status).toBe(200);
  });

  it("shows of another's twins nothing on any route, under any filter", async () => {
    const records = await put(...shops);
    await publish(...records);
    const secret = encodeURIComponent("one/shop/Pod/bobs-secret");
    const asked = ["", `/w-3`, "/w-3/history", `/${secret}`, `/${secret}/history`, "/unmapped", "/w-4", "/events"].flatMap((path) =>
      ["", "?user=bob", "?workload=w-3", `?workload=${secret}`, "?namespace=shop", "?limit=500", "?cluster=one"].map(
        (query) => `/v1/twins${path}${query}`,
      ),
    );
    let told = 0;
    for (const url of asked) {
      const { text, status } = await get(url, "alice");
      expect([200, 400, 404], url).toContain(status);
      expect(text, url).not.toMatch(/"userId":"bob"|"userid":"bob"|nobodys|"Pod\/stray"/);
      // What was asked for may be repeated in a refusal, and nothing else of it.
      if (status === 200) expect(text, url).not.toMatch(/bobs-secret|w-3|w-4/);
      told += text.includes("alice") ? 1 : 0;
    }
    expect(told).toBeGreaterThan(5);
    expect((await get("/v1/twins/events", "root")).text).toContain("bobs-secret");
  });

  it("streams to a tenant the events of the tenant's twins and no other, live and replayed", async () => {
    const records = await put(...shops);
    const mine = ["one/shop/Pod/web", "one/shop/Pod/api", "two/science/Pod/lab"];
    const live = stream("", "alice", 6);
    // Until it listens nothing reaches it: what it missed would come with Last-Event-ID.
    await expect.poll(async () => (await publish(...records), tail.recent(1000).length)).toBeGreaterThan(12);
    const sent = await live;
    expect(new Set(sent.map(({ data }) => data.subject))).toEqual(new Set(mine));
    const replayed = await stream("?workload=w-1", "alice", 2, "0");
    expect(replayed.map(({ data }) => data.subject)).toEqual(["one/shop/Pod/api", "one/shop/Pod/web"]);
  });

  it("sends again from just after Last-Event-ID, none left out and none twice, and goes on live", async () => {
    const [web, , , secret] = await put(...shops);
    if (web === undefined || secret === undefined) throw new Error("no twins");
    await publish(web, secret, web, web);
    const reading = stream("", "alice", 4, "0");
    await publish(secret, web, web);
    expect((await reading).map(({ id }) => Number(id))).toEqual([2, 3, 5, 6]);
  });

  it("is off without a file of tenants: one person, one machine", async () => {
    await app.close();
    open(memoryTwins(), false);
    await put(...shops);
    expect(idsIn(await get("/v1/twins"))).toHaveLength(shops.length);
  });

  it("refuses a file that says nothing, says it wrong, or gives one token to two", () => {
    const entry = { user: "alice", tokenSha256: hashOf("x") };
    for (const entries of [
      undefined,
      [],
      [{ user: "alice", token: "x" }],
      [{ ...entry, role: "owner" }],
      [entry, { ...entry, user: "bob" }],
    ])
      expect(() => tenantsFrom(entries)).toThrow();
    expect(tenantsFrom([entry])("x")).toEqual({ role: "tenant", userId: "alice" });
    expect(tenantsFrom([entry])("y")).toBeUndefined();
  });
});
