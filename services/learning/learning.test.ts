import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { isUpdateSigned, signUpdate } from "../../functions/federation.ts";
import type { Broker, Consumer } from "../../runtime/broker/broker.ts";
import { openMemoryBroker } from "../../runtime/broker/memory.ts";
import { TransientError } from "../../runtime/errors.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { type Deployments, startDeployments } from "../../test/support/deployments.ts";
import { keyPair } from "../../test/support/federation.ts";
import { learningTicks } from "./clock.ts";
import { relayProposals } from "./relay.ts";
import { openScaler, type Scaler } from "./scale.ts";
import { readLearning } from "./settings.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const nowMs = Date.parse("2026-01-01T00:00:00Z");
const record = (n: number, more: Partial<ScalingRecord> = {}): ScalingRecord => ({
  decisionId: `d${String(n)}`,
  workload: "c/app/Deployment/web",
  cluster: "c",
  namespace: "app",
  component: { kind: "Deployment", name: "web" },
  takenAt: new Date(nowMs + 30_000 * n).toISOString(),
  validUntil: new Date(nowMs + 30_000 * (n + 2)).toISOString(),
  mode: "act",
  replicas: n,
  current: { ready: 1, starting: 0 },
  guard: [],
  ...more,
});

describe("the relay of proposals", () => {
  let broker: Broker;
  let told: ScalingRecord[];
  let scaled: number[];
  /** Workloads whose API does not answer. */
  let away: Set<string>;
  let stops: Consumer[];

  beforeEach(async () => {
    broker = openMemoryBroker({ log: silent });
    [told, scaled, stops] = [[], [], []];
    away = new Set();
    const scaler: Scaler = {
      async scale({ workload, replicas }) {
        if (away.has(workload)) throw new TransientError("SCALE_UNREACHABLE", "away");
        scaled.push(replicas);
      },
      close: () => Promise.resolve(),
    };
    stops.push(await relayProposals({ broker, queue: "mo", scaler, now: () => new Date(nowMs + 60_000), log: silent }));
    const queue = { name: "mo", bindings: [], prefetch: 1, deliveryLimit: 1, foreign: true };
    stops.push(
      await broker.consume(queue, ({ body, contentType }) => {
        expect(contentType).toBe("application/json");
        told.push(JSON.parse(body.toString()) as ScalingRecord);
        return Promise.resolve("ack");
      }),
    );
  });
  afterEach(async () => {
    await Promise.all(stops.map((consumer) => consumer.stop()));
    await broker.close();
  });
  const propose = (...records: readonly ScalingRecord[]): Promise<void> =>
    broker.publish(
      records.map((data) => encodeAmqp(ScalingProposed.make({ source: "/s", subject: data.workload, id: data.decisionId, data }))),
    );

  it("tells the meta-orchestrator what to advise and to act, scales only what to act, and nothing of shadow", async () => {
    await propose(record(1, { mode: "shadow" }), record(2, { mode: "advise" }), record(3));
    await vi.waitFor(() => expect(scaled).toEqual([3]));
    expect(told).toEqual([record(2, { mode: "advise" }), record(3)]);
  });

  it("lets a Deployment that cannot be reached keep no other waiting, tells nobody twice, and never goes back", async () => {
    away.add("c/app/Deployment/web");
    await propose(record(1), record(2), record(5, { workload: "another" }));
    await vi.waitFor(() => expect(scaled).toEqual([5]));
    await propose(record(3));
    await vi.waitFor(() => expect(told.map(({ decisionId }) => decisionId).toSorted()).toEqual(["d1", "d2", "d3", "d5"]));
    away.clear();
    await vi.waitFor(() => expect(scaled).toContain(3), { timeout: 10_000 });
    expect(scaled.slice(1)).toEqual(scaled.slice(1).toSorted((a, b) => a - b));
    expect(told).toHaveLength(4);
  });

  it("drops what nobody should follow any more: too old, or older than what was handed on", async () => {
    await propose(record(-1, { replicas: 9 }), record(3), record(2), record(3), record(2, { workload: "another" }));
    await vi.waitFor(() => expect(scaled).toEqual([3, 2]));
    expect(told.map(({ decisionId }) => decisionId)).toEqual(["d3", "d2"]);
  });
});

describe("the scale of a Deployment", () => {
  let deployments: Deployments;
  let scaler: Scaler;
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "underlay-scale-"));
    await writeFile(join(dir, "token"), "good\n");
    deployments = await startDeployments("good");
    scaler = openScaler([controllerOf("c"), { ...controllerOf("elsewhere"), address: new URL("http://127.0.0.1:1") }]);
  });
  afterEach(async () => {
    await scaler.close();
    await deployments.close();
    await rm(dir, { recursive: true });
  });
  const controllerOf = (cluster: string): ReachableController => ({
    executioner: "scale",
    origin: `https://${cluster}.example`,
    address: deployments.address,
    cluster,
    token: () => readFileSync(join(dir, "token"), "utf8").trim(),
  });

  it("is set in the decision's own cluster, with the token that the file has now", async () => {
    await scaler.scale(record(4));
    await writeFile(join(dir, "token"), "old");
    await expect(scaler.scale(record(5))).rejects.toMatchObject({ name: "PermanentError", code: "SCALE_REFUSED" });
    await writeFile(join(dir, "token"), "good");
    await scaler.scale(record(6, { component: { kind: "StatefulSet", name: "db" } }));
    expect(deployments.scaled).toEqual([
      { path: "/apis/apps/v1/namespaces/app/deployments/web/scale", replicas: 4 },
      { path: "/apis/apps/v1/namespaces/app/statefulsets/db/scale", replicas: 6 },
    ]);
  });

  it.each([
    [{ component: { kind: "Deployment", name: "../../secrets/x" } }, "SCALE_IMPOSSIBLE"],
    [{ namespace: "a/b" }, "SCALE_IMPOSSIBLE"],
    [{ component: { kind: "CronJob", name: "web" } }, "SCALE_IMPOSSIBLE"],
    [{ cluster: "unknown" }, "SCALE_IMPOSSIBLE"],
    [{ cluster: "elsewhere" }, "SCALE_UNREACHABLE"],
  ])("of %j fails with %s, and no request leaves", async (more, code) => {
    await expect(scaler.scale(record(1, more))).rejects.toMatchObject({ code });
    expect(deployments.scaled).toEqual([]);
  });

  it("may be tried again when the API is busy or in conflict", async () => {
    for (const status of [409, 429, 500, 503]) {
      deployments.fault = status;
      await expect(scaler.scale(record(1))).rejects.toMatchObject({ name: "TransientError", code: "SCALE_UNAVAILABLE" });
    }
  });
});

describe("the settings", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "underlay-learning-"));
  });
  afterEach(() => rm(dir, { recursive: true }));
  const sealKey = (): Buffer => Buffer.alloc(32, 1);
  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };

  it("without a file are shadow mode and a federation of one, whose keys follow from the seal key", () => {
    const [one, same] = [readLearning(undefined, sealKey), readLearning(undefined, sealKey)];
    expect(one).toEqual(same);
    expect(one).toMatchObject({ mode: "shadow", client: "local", federation: { settings: { quorum: 1, byzantine: 0 } } });
    const claims = { client: "local", round: 1, baseSha256: "a", deltaSha256: "b", samples: 1 };
    expect(isUpdateSigned(claims, signUpdate(claims, one.clientKey), one.federation.clients["local"] ?? "")).toBe(true);
    const other = readLearning(undefined, () => Buffer.alloc(32, 2));
    expect(other.clientKey).not.toBe(one.clientKey);
    expect(isUpdateSigned(claims, signUpdate(claims, other.clientKey), one.federation.clients["local"] ?? "")).toBe(false);
  });

  it("read the keys that a federation names", async () => {
    const [a, b, aggregator] = [keyPair(), keyPair(), keyPair()];
    const files = {
      a: await put("a.pub", a.publicKey),
      b: await put("b.pub", b.publicKey),
      key: await put("a.key", a.privateKey),
      aggregator: await put("aggregator.pub", aggregator.publicKey),
    };
    const text = `
client: a
mode: advise
clientKeyFile: ${files.key}
federation:
  quorum: 2
  byzantine: 0
  rule: trimmed-mean
  clients: { a: ${files.a}, b: ${files.b} }
  aggregatorPublicKeyFile: ${files.aggregator}
`;
    const read = readLearning(await put("learning.yaml", text), sealKey);
    expect(read).toMatchObject({
      client: "a",
      mode: "advise",
      clientKey: a.privateKey,
      federation: { clients: { a: a.publicKey, b: b.publicKey } },
    });
    expect(read.aggregatorKey).toBeUndefined();
  });

  it("that the guide shows are such as the start takes", async () => {
    const guide = await readFile(join(import.meta.dirname, "../../docs/cfdrl.md"), "utf8");
    const [, shown = ""] = /```yaml\n(client: [^`]+)```/.exec(guide) ?? [];
    const read = readLearning(await put("guide.yaml", shown), sealKey);
    expect(read).toMatchObject({ client: "madrid", mode: "shadow", orchestrator: { scalingQueue: "mo_scaling" } });
    // Apart from names and the examples of a workload and queues it shows the defaults.
    const defaults = readLearning(undefined, sealKey);
    for (const name of ["periodMs", "envelope", "hpa", "epsilon", "scaleDeployments"] as const)
      expect([name, read[name]]).toEqual([name, defaults[name]]);
  });

  it("that are wrong stop the start, and say where", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const secret = await put("secret.pem", "MC4CAQAwBQYDK2VwBCIEIA==");
    for (const [text, says] of [
      ["mode: wild", /mode/],
      ["unknown: 1", /unknown/i],
      [`clientKeyFile: ${await put("rsa.pem", rsa)}`, /rsa\.pem holds no Ed25519 private key/],
      [`clientKeyFile: ${secret}`, /secret\.pem holds no key in PEM/],
    ] as const) {
      const file = await put("bad.yaml", text);
      expect(() => readLearning(file, sealKey)).toThrow(says);
      expect(() => readLearning(file, sealKey)).not.toThrow(/MC4CAQ/);
    }
  });
});

it("two hosts' ticks of one minute are one event, and another client's is another", () => {
  const at = (ms: number, client = "a") => learningTicks("cfdrl-step", new Date(nowMs + ms), () => client).map(({ id }) => id);
  expect(at(0)).toEqual(at(59_999));
  expect(at(0)).not.toEqual(at(60_000));
  expect(at(0)).not.toEqual(at(0, "b"));
  expect(learningTicks("cfdrl-aggregate", new Date(nowMs), () => "a")).toHaveLength(1);
  expect(learningTicks("exec-tfs", new Date(nowMs), () => "a")).toEqual([]);
});
