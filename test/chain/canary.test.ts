import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, deadLetterQueues, onServers, redisUrl } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { annex92 } from "../support/intents.ts";
import { bodiesIn, bodiesInLog } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess } from "../support/system.ts";

const CANARY = "canary-5f1c0d9e-not-a-real-token";

let lab: Lab;
let given: Settings;
let system: SystemProcess;
const redis = new Redis(redisUrl, { lazyConnect: true });

beforeAll(async () => {
  // The clusters know the token, which shows that it arrives where it should.
  lab = await startLab({ clusters: [{ name: "kind-worker-cluster-1", origin: "https://172.18.0.3:6443", token: CANARY }] });
  given = await settings(lab.controllers, { ...onServers, LOG_LEVEL: "debug", ATTEMPTS: "2", PATIENCE_MS: "3000" });
  await clear(onServers);
  system = await startProcess(given);
});

afterAll(async () => {
  redis.disconnect();
  await given.remove();
  await lab.close();
});

/** Every value of every key, whatever its type. */
async function everythingInRedis(): Promise<string> {
  const texts: string[] = [];
  for (const key of await redis.keys("*")) {
    const type = await redis.type(key);
    const value = type === "hash" ? await redis.hgetall(key) : type === "zset" ? await redis.zrange(key, "0", "-1") : await redis.get(key);
    texts.push(key, JSON.stringify(value));
  }
  return texts.join("\n");
}

it(
  "keeps a bearer token out of logs, queues, the event log, Redis, reports and dead letters, and brings it to the cluster",
  { timeout: 60_000 },
  async () => {
    const api = apiOf(system);
    const file = (await annex92()).replace("not-a-real-token", CANARY);
    const said: string[] = [];
    const hear = async (path: string, body: string): Promise<void> => {
      said.push(JSON.stringify((await api.call("POST", path, body)).body));
    };

    await hear("/v1/plans", file);
    const [applied] = await api.apply(file);
    expect(applied?.state, "the cluster took the token").toBe("FULFILLED");
    // Refused, failed, given up and dead-lettered on the way, with the token at hand each time.
    lab.faults.add({ kind: "status", peer: "cluster:*", operation: "mutating", when: "before", status: 403, times: 1 });
    await api.apply(file.replace("'uc3m'", "'uc3m2'"));
    lab.faults.clear();
    lab.faults.add({ kind: "destroy", peer: "l2sm-md", when: "before" });
    await api.apply(file.replace("'uc3m'", "'uc3m3'"));
    lab.faults.clear();
    await hear("/v1/intents", file.replace("'api_key'", "'api_kee'"));
    await hear("/v1/intents", file.replace("'mncc_l2sm_1'", `'Bearer ${CANARY}'`));
    await hear("/v1/intents", file.replace("http://192.168.165.10", `http://user:${CANARY}@192.168.165.10`));
    for (const path of ["/v1/intents", "/v1/intents/mncc_l2sm_1", "/v1/reports", "/v1/events?limit=1000", "/v1/lab/ledger", "/metrics"])
      said.push(await (await fetch(new URL(path, system.address))).text());

    const stored = await everythingInRedis();
    await system.end("SIGTERM");
    const kept = [...(await bodiesInLog()), ...(await Promise.all(deadLetterQueues.map(bodiesIn))).flat()];
    const places = { answers: said.join("\n"), logs: system.output(), redis: stored, "queues and dead letters": kept.join("\n") };
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, `${place} were looked at`).toBeGreaterThan(100);
      expect(text.includes(CANARY), `the token is in ${place}`).toBe(false);
    }
    expect(stored, "a sealed secret was there to be found").toContain("secretRef:");
    for (const name of await readdir(given.dir)) expect(await readFile(join(given.dir, name), "utf8")).not.toContain(CANARY);
  },
);
