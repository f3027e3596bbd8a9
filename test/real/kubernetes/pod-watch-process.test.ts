import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PodChanged } from "../../../events/pod.ts";
import { openAmqp } from "../../../runtime/broker/amqp.ts";
import type { Broker } from "../../../runtime/broker/broker.ts";
import { decodeLog } from "../../../runtime/codec/log.ts";
import { freePort } from "../../../scripts/services/child.ts";
import { clear, onServers } from "../../support/ground.ts";
import { amqpUrl } from "../../support/rabbitmq.ts";
import { until } from "../../support/system.ts";
import { install } from "./accounts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import { root } from "./manifests.ts";
import { clusterPrograms } from "./programs.ts";
import { openWorld, type World } from "./world.ts";

const programs = await clusterPrograms();
const NAME = `real-${String(process.pid)}`;

describe.skipIf(programs === undefined)("pod-watch in a process of its own, between a real API server, RabbitMQ and Redis", () => {
  let dir: string;
  let cluster: Cluster;
  let world: World;
  let broker: Broker;
  let env: Readonly<Record<string, string>>;
  let port: number;
  let child: ChildProcess | undefined;
  const stop = new AbortController();
  const told: { readonly kind: string; readonly pod: string; readonly restarts: number }[] = [];

  beforeAll(async () => {
    if (programs === undefined) return;
    await clear(onServers);
    cluster = await startCluster(programs);
    await install(cluster);
    world = await openWorld(cluster.admin);
    await world.addNode("node-1", "172.18.0.11");
    await world.deploy("web");
    dir = await mkdtemp(join(tmpdir(), "underlay-pod-watch-"));
    const { token } = await cluster.as("nemo-net", "pod-watch");
    await writeFile(join(dir, "kubeconfig"), kubeconfigOf(cluster, token), { mode: 0o600 });
    port = await freePort();
    env = { ...onServers, CLUSTER: NAME, KUBECONFIG: join(dir, "kubeconfig"), PORT: String(port), PATH: process.env["PATH"] ?? "" };
    broker = await openAmqp({ url: amqpUrl, log: pino({ level: "silent" }) });
    void (async () => {
      for await (const { message } of broker.follow("first", stop.signal))
        for (const event of decodeLog(message)) {
          if (event.type !== PodChanged.type || event.subject?.startsWith(`${NAME}/`) !== true) continue;
          const { kind, pod } = PodChanged.data.parse(event.data);
          told.push({ kind, pod: pod.name, restarts: pod.containers[0]?.restartCount ?? 0 });
        }
    })();
  });
  afterEach(() => void child?.kill("SIGKILL"));
  afterAll(async () => {
    stop.abort();
    await broker?.close();
    await cluster?.stop();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  function start(): Promise<[number | null, string | null]> {
    child = spawn(process.execPath, [join(root, "services/pod-watch/main.ts")], { cwd: root, env, stdio: "ignore" });
    return once(child, "exit") as Promise<[number | null, string | null]>;
  }
  const isReady = async (): Promise<true | undefined> => {
    const reply = await fetch(`http://127.0.0.1:${String(port)}/_/ready`).catch(() => undefined);
    return reply?.status === 200 ? true : undefined;
  };

  it("tells of the cluster; after a kill, and a restart of the API server, of what happened meanwhile, once", async () => {
    for (const pod of ["web-1", "web-2"]) await world.addPod("web", pod);
    const killed = start();
    await until(isReady, 20_000, "readiness");
    await until(() => (told.length === 2 ? true : undefined), 10_000, "two pods");

    child?.kill("SIGKILL");
    expect(await killed).toEqual([null, "SIGKILL"]);
    await world.run("web-1", 2);
    await world.remove("web-2");
    await world.addPod("web", "web-3");
    await cluster.restart();
    told.length = 0;
    const ended = start();
    await until(isReady, 20_000, "readiness again");
    await until(() => (told.length >= 3 ? true : undefined), 10_000, "what happened meanwhile");
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        { kind: "modified", pod: "web-1", restarts: 2 },
        { kind: "deleted", pod: "web-2", restarts: 0 },
        { kind: "added", pod: "web-3", restarts: 0 },
      ]),
    );

    child?.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  }, 60_000);
});
