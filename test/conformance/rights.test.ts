import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "amqplib";
import { Redis } from "ioredis";
import { endPrograms, startProgram } from "../support/program.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functions } from "../../functions/index.ts";
import { declareLog, declareQueue } from "../../runtime/broker/amqp-topology.ts";
import { quarantineOf, queueOf } from "../../runtime/host/queue.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import { OrderPlaced } from "../../events/order.ts";
import { encodeBinary } from "../../runtime/codec/http.ts";
import { openLog } from "../../runtime/log.ts";
import { freePort } from "../../scripts/services/child.ts";
import { findRabbitMq, type RabbitMq, startRabbitMq } from "../../scripts/services/rabbitmq.ts";
import { findRedis, type RedisServer, startRedis } from "../../scripts/services/redis.ts";

const root = join(import.meta.dirname, "../..");
const PASSWORD = "test";
const silent = openLog("error", { write: () => undefined });
const [rabbitmq, redis] = [findRabbitMq(), findRedis()];
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "underlay-rights-"));
});
afterAll(endPrograms);
afterAll(() => rm(dir, { recursive: true, force: true }));

async function startWithUsers(name: string): Promise<RedisServer> {
  const server = await startRedis(redis ?? "", { port: await freePort(), dir: join(dir, name) });
  const admin = new Redis(server.url);
  for (const line of (await readFile(join(root, "deploy/redis/users.acl"), "utf8")).trim().split("\n")) {
    const [, user = "", ...rules] = line.split(" ");
    if (user !== "default") await admin.call("ACL", "SETUSER", user, ...rules, `>${PASSWORD}`);
  }
  admin.disconnect();
  return server;
}

describe.skipIf(redis === undefined)("Redis with deploy/redis/users.acl", () => {
  let server: RedisServer;
  let clients: Readonly<Record<"underlay" | "pod-watch" | "reader", Redis>>;

  beforeAll(async () => {
    server = await startWithUsers("redis");
    const as = (username: string): Redis => new Redis(server.url, { username, password: PASSWORD });
    clients = { underlay: as("underlay"), "pod-watch": as("pod-watch"), reader: as("reader") };
  });
  afterAll(async () => {
    for (const client of Object.values(clients)) client.disconnect();
    await server.stop();
  });

  const refused = /NOPERM|no permissions/i;

  it("lets the functions read, write and run scripts on our keys, and on no other", async () => {
    const { underlay } = clients;
    expect(await underlay.set("mncc:{intents}:record:1", "x")).toBe("OK");
    expect(await underlay.eval("return redis.call('GET', KEYS[1])", 1, "mncc:{intents}:record:1")).toBe("x");
    await expect(underlay.set("other", "x")).rejects.toThrow(refused);
    await expect(underlay.flushall()).rejects.toThrow(refused);
    await expect(underlay.config("SET", "appendonly", "no")).rejects.toThrow(refused);
  });

  it("lets the watch keep its position, and see nothing else", async () => {
    const watch = clients["pod-watch"];
    expect(await watch.hset("mncc:{watch:cluster-1}:pods", "version", "1")).toBe(1);
    expect(await watch.multi().hset("mncc:{watch:cluster-1}:pods", "version", "2").exec()).toHaveLength(1);
    await expect(watch.hgetall("mncc:{secrets}:1")).rejects.toThrow(refused);
    await expect(watch.get("mncc:{intents}:record:1")).rejects.toThrow(refused);
  });

  it("lets a reader read, and change nothing", async () => {
    expect(await clients.reader.get("mncc:{intents}:record:1")).toBe("x");
    await expect(clients.reader.set("mncc:{intents}:record:1", "y")).rejects.toThrow(refused);
  });
});

interface Definitions {
  readonly users: readonly { readonly name: string }[];
  readonly permissions: readonly object[];
}

const SALT = Buffer.from([1, 2, 3, 4]);
const passwordHash = Buffer.concat([SALT, createHash("sha256").update(SALT).update(PASSWORD).digest()]).toString("base64");

describe.skipIf(rabbitmq === undefined || redis === undefined)("RabbitMQ with deploy/rabbitmq/definitions.json", () => {
  let server: RabbitMq;
  const as = (user: string) => connect(`${server.url.replace("guest:guest", `${user}:${PASSWORD}`)}/nemo`);

  beforeAll(async () => {
    const at = join(dir, "rabbitmq");
    await mkdir(join(at, "conf.d"), { recursive: true });
    const definitions = JSON.parse(await readFile(join(root, "deploy/rabbitmq/definitions.json"), "utf8")) as Definitions;
    const users = definitions.users.map((user) => ({ ...user, password_hash: passwordHash }));
    // As a broker makes it by itself, where it is given no definitions; it is how the start is found out.
    const guest = { name: "guest", password: "guest", tags: "administrator" };
    const full = { user: "guest", vhost: "/", configure: ".*", write: ".*", read: ".*" };
    const mine = {
      ...definitions,
      vhosts: [{ name: "/" }, { name: "nemo" }],
      users: [...users, guest],
      permissions: [...definitions.permissions, full],
    };
    await writeFile(join(at, "definitions.json"), JSON.stringify(mine));
    await writeFile(join(at, "conf.d/definitions.conf"), `load_definitions = ${join(at, "definitions.json")}\n`);
    server = await startRabbitMq(rabbitmq ?? "", { port: await freePort(), dir: at });
  }, 120_000);
  afterAll(() => server.stop());

  it.each(["underlay", "bridge"])("has every queue as a process of %s declares it", async (user) => {
    const model = await as(user);
    model.on("error", () => undefined);
    if (user === "underlay") expect(await declareLog(model, 2_000_000_000)).toBe("as asked");
    for (const fn of functions) for (const queue of [queueOf(fn), quarantineOf(fn)]) await declareQueue(model, queue);
    await model.close();
    expect(await publish(user, "", "nemo.fn.exec-tfs.quarantine")).toBe("confirmed");
  });

  it("lets the whole system start as its user", async () => {
    const store = await startWithUsers("redis-of-the-system");
    const amqp = `${server.url.replace("guest:guest", `underlay:${PASSWORD}`)}/nemo`;
    const system = await startProgram("services/start.ts", {
      AMQP_URL: amqp,
      REDIS_URL: store.url.replace("redis://", `redis://underlay:${PASSWORD}@`),
      LAB: "off",
    });
    expect(system.output()).not.toMatch(/ACCESS_REFUSED|BROKER_REFUSED|NOPERM/);
    expect(system.output()).toContain("Redis keeps");
    expect(await system.end("SIGTERM")).toEqual({ code: 0, signal: null });
    await store.stop();
  });

  it("lets the bridge start as its user, with what its manifest gives it and no key", async () => {
    const bridge = await startProgram("services/bridge/main.ts", {
      AMQP_URL: `${server.url.replace("guest:guest", `bridge:${PASSWORD}`)}/nemo`,
      FUNCTIONS_URL: "http://127.0.0.1:1/function/{function}",
      CLOCK: "off",
      SEAL_KEY_FILE: join(dir, "nowhere"),
    });
    expect(bridge.output()).not.toMatch(/ACCESS_REFUSED|BROKER_REFUSED/);
    expect(await bridge.end("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  async function publish(user: string, exchange: string, key: string): Promise<string> {
    const model = await as(user);
    model.on("error", () => undefined);
    const channel = await model.createConfirmChannel();
    const { promise, resolve } = Promise.withResolvers<string>();
    channel.on("error", (error: Error) => resolve(error.message));
    channel.publish(exchange, key, Buffer.from("{}"), {}, (fault: unknown) => {
      if (fault === null || fault === undefined) resolve("confirmed");
    });
    const answer = await promise;
    await model.close();
    return answer;
  }

  /** The routing keys of everything in the log. */
  async function logged(): Promise<readonly string[]> {
    const broker = await openAmqp({ url: `${server.url.replace("guest:guest", `underlay:${PASSWORD}`)}/nemo`, log: silent });
    const end = `end.${String(performance.now())}`;
    await broker.publish([
      { exchange: "nemo.log", routingKey: end, body: Buffer.from(""), contentType: "text/plain", messageId: end, headers: {} },
    ]);
    const keys: string[] = [];
    const stop = new AbortController();
    for await (const { message } of broker.follow("first", stop.signal)) {
      if (message.routingKey === end) break;
      if (!message.routingKey.startsWith("end.")) keys.push(message.routingKey);
    }
    stop.abort();
    await broker.close();
    return keys;
  }

  it("lets the watch tell of pods and nodes, and of nothing else", async () => {
    expect(await publish("pod-watch", "nemo.events", "eu.meta-os.nemo.pod.changed.v1")).toBe("confirmed");
    expect(await publish("pod-watch", "nemo.events", "eu.meta-os.nemo.order.placed.v1.tfs")).toContain("ACCESS_REFUSED");
  });

  it("lets the meta-orchestrator send no event of ours", async () => {
    expect(await publish("meta-orchestrator", "nemo.events", "eu.meta-os.nemo.order.placed.v1.tfs")).toContain("ACCESS_REFUSED");
  });

  it("keeps what Knative gives up in the dead-letter queue of the function, as the user of the bridge", async () => {
    const port = await freePort();
    const program = spawn(process.execPath, ["services/dead-letters/main.ts"], {
      cwd: root,
      env: { ...process.env, PORT: String(port), AMQP_URL: `${server.url.replace("guest:guest", `bridge:${PASSWORD}`)}/nemo` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(program.stdout, "data");
      const post = (destination: string, path = "/", type = "eu.meta-os.nemo.order.placed.v1") =>
        fetch(`http://127.0.0.1:${String(port)}${path}`, {
          method: "POST",
          headers: {
            "ce-specversion": "1.0",
            "ce-id": "1",
            "ce-source": "/test",
            "ce-type": type,
            "ce-knativeerrordest": destination,
            "content-type": "application/json",
          },
          body: "{}",
        });
      const model = await as("bridge");
      const channel = await model.createChannel();
      const depth = async () => (await channel.checkQueue("nemo.fn.exec-tfs.dlq")).messageCount;
      const deep = await depth();
      expect((await post("http://exec-tfs.nemo-net.svc.cluster.local")).status).toBe(200);
      expect(await depth()).toBe(deep + 1);
      expect((await post("http://nobody.nemo-net.svc.cluster.local")).status).toBe(503);
      // Where the event can be read, what every other host tells of one that it gives up is told.
      const order = { executioner: "tfs", resource: "service/1", expectationIds: ["1"], origins: [], payload: {} };
      const data = { intentId: "i", generation: 1, submission: 1, action: "apply" as const, order };
      const placed = OrderPlaced.make({ source: "/test", subject: "i", executioner: "tfs", data });
      const { headers, body } = encodeBinary(placed);
      const dead = { ...headers, "ce-knativeerrordest": "http://exec-tfs.nemo-net", "ce-knativeerrorcode": "503" };
      expect((await fetch(`http://127.0.0.1:${String(port)}/`, { method: "POST", headers: dead, body: new Uint8Array(body) })).status).toBe(
        200,
      );
      expect((await logged()).at(-1)).toMatch(/^eu\.meta-os\.nemo\.order\.failed\.v1/);
      // What functions made goes into the log; what the system told is there already.
      const before = (await logged()).length;
      expect((await post("http://exec-tfs.nemo-net.svc.cluster.local", "/log")).status).toBe(200);
      expect((await post("", "/log", "eu.meta-os.nemo.pod.changed.v1")).status).toBe(200);
      expect((await logged()).slice(before)).toEqual(["eu.meta-os.nemo.order.placed.v1"]);
      await model.close();
    } finally {
      program.kill("SIGTERM");
      await once(program, "exit");
    }
  });
});
