import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { PodChanged } from "../../events/pod.ts";
import { openFaults } from "../../lab/faults.ts";
import { type KubernetesSimulator, startKubernetes } from "../../lab/kubernetes/server.ts";
import { podName } from "../../lab/kubernetes/world.ts";
import { openLedger } from "../../lab/ledger.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { decodeLog } from "../../runtime/codec/log.ts";
import { clear, onServers } from "../support/ground.ts";
import { amqpUrl } from "../support/rabbitmq.ts";
import { until } from "../support/system.ts";

const root = join(import.meta.dirname, "../..");
const NAME = `chain-${String(process.pid)}`;
const PORT = "9787";

let dir: string;
let cluster: KubernetesSimulator;
let broker: Broker;
let env: Readonly<Record<string, string>>;
let child: ChildProcess | undefined;
const stop = new AbortController();
const told: { readonly kind: string; readonly uid: string; readonly restarts: number }[] = [];

beforeAll(async () => {
  await clear(onServers);
  cluster = await startKubernetes(openLedger(), openFaults(), { name: NAME, token: "token-of-a-service-account" });
  cluster.world.addNode("node-1", "172.18.0.11");
  dir = await mkdtemp(join(tmpdir(), "underlay-pod-watch-"));
  await writeFile(
    join(dir, "kubeconfig"),
    stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "it",
      clusters: [{ name: "it", cluster: { server: cluster.address.origin, "insecure-skip-tls-verify": true } }],
      users: [{ name: "it", user: { token: "token-of-a-service-account" } }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    }),
  );
  env = { ...onServers, CLUSTER: NAME, KUBECONFIG: join(dir, "kubeconfig"), PORT };
  broker = await openAmqp({ url: amqpUrl, log: pino({ level: "silent" }) });
  void (async () => {
    for await (const { message } of broker.follow("first", stop.signal))
      for (const event of decodeLog(message)) {
        if (event.type !== PodChanged.type || event.subject?.startsWith(`${NAME}/`) !== true) continue;
        const { kind, pod } = PodChanged.data.parse(event.data);
        told.push({ kind, uid: pod.uid, restarts: pod.containers[0]?.restartCount ?? 0 });
      }
  })();
});
afterEach(() => void child?.kill("SIGKILL"));
afterAll(async () => {
  stop.abort();
  await broker.close();
  await cluster.close();
  await rm(dir, { recursive: true });
});

function start(settings: Readonly<Record<string, string>>) {
  const process_ = spawn(process.execPath, [join(root, "services/pod-watch/main.ts")], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...settings },
  });
  child = process_;
  let said = "";
  for (const stream of [process_.stdout, process_.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return { child: process_, said: () => said, ended: once(process_, "exit") as Promise<[number | null, string | null]> };
}

const status = async (path: string): Promise<number | undefined> => {
  try {
    return (await fetch(`http://127.0.0.1:${PORT}${path}`)).status;
  } catch {
    return undefined;
  }
};
const ready = () => until(async () => ((await status("/_/ready")) === 200 ? true : undefined), 20_000, "readiness");

describe("pod-watch in a process of its own", { timeout: 60_000 }, () => {
  it("tells of its cluster, and after a kill of what happened meanwhile, and ends cleanly when it is told to", async () => {
    const [pod, other] = cluster.world.deploy({ namespace: "shop", name: "web", replicas: 2 });
    if (pod === undefined || other === undefined) throw new Error("no pods");
    const first = start(env);
    await ready();
    await until(() => (told.length === 2 ? true : undefined), 10_000, "two pods");
    expect(await status("/_/health")).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${PORT}/metrics`)).text()).toMatch(
      /events_published_total\{type="[a-z.-]+pod\.changed\.v1"\} 2/,
    );

    first.child.kill("SIGKILL");
    await first.ended;
    cluster.world.restart(podName(pod));
    cluster.world.evict(podName(other));
    told.length = 0;
    const second = start(env);
    await ready();
    await until(() => (told.length >= 4 ? true : undefined), 10_000, "what happened meanwhile");
    expect(told.map(({ kind }) => kind)).toEqual(["modified", "modified", "deleted", "added"]);
    expect(told[0]).toMatchObject({ uid: pod.metadata.uid, restarts: 1 });

    second.child.kill("SIGTERM");
    expect(await second.ended).toEqual([0, null]);
    expect(second.said()).not.toContain("token-of-a-service-account");
  });

  it("does not start without what it needs, and says what that is", async () => {
    for (const name of ["CLUSTER", "AMQP_URL", "REDIS_URL"]) {
      const { said, ended } = start({ ...env, [name]: "" });
      expect(await ended).toEqual([1, null]);
      expect(said()).toContain(`${name} is not set`);
    }
  });
});
