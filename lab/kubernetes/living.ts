import { generator } from "../../domain/random.ts";
import type { Workload } from "./manifests.ts";
import { isReady, type Termination } from "./manifests.ts";
import type { StoredObject } from "./resources.ts";
import { podName, type World } from "./world.ts";

interface LivingOptions {
  readonly workloads?: readonly Workload[];
  readonly everyMs?: number;
  /** The same seed gives the same life. */
  readonly seed?: number;
}

/** What Linkerd's injector writes on a pod that it puts a proxy into. */
const meshed = { "linkerd.io/control-plane-ns": "linkerd" };

/** Of two users, with the labels that twins are mapped by, and one of nobody. */
const inhabitants: readonly Workload[] = [
  {
    namespace: "shop",
    name: "web",
    replicas: 3,
    labels: { "nemo.eu/workload": "cbcb208a-5d3a-4c0e-9d0e-0a5a7c1f6c11", "nemo.eu/user": "alice", ...meshed },
  },
  {
    namespace: "shop",
    name: "checkout",
    replicas: 2,
    labels: { "nemo.eu/workload": "cbcb208a-5d3a-4c0e-9d0e-0a5a7c1f6c11", "nemo.eu/user": "alice", ...meshed },
  },
  {
    namespace: "media",
    name: "transcoder",
    replicas: 2,
    labels: { "nemo.eu/workload": "5f0c3c7e-1b5e-4a53-8f38-2d9f6f6d9a20", "nemo.eu/user": "bob", ...meshed },
  },
  { namespace: "tools", name: "cron", replicas: 1 },
];

const endings: readonly Termination[] = [
  { reason: "OOMKilled", exitCode: 137 },
  { reason: "Error", exitCode: 1 },
  { reason: "Completed", exitCode: 0 },
];

/** Workloads that come up, and then restart now and again, until stopped. */
export function live(world: World, { workloads = inhabitants, everyMs = 2_000, seed = 1 }: LivingOptions = {}): { stop(): void } {
  const chance = generator(seed);
  ["node-1", "node-2", "node-3"].forEach((name, i) => world.addNode(name, `172.18.0.${String(11 + i)}`));
  for (const workload of workloads) for (const pod of world.deploy(workload)) world.run(podName(pod));

  const timer = setInterval(() => {
    for (const pod of world.pods()) step(world, pod);
    const pods = world.pods().filter(isReady);
    const unlucky = pods[Math.floor(chance() * pods.length)];
    const ending = endings[Math.floor(chance() * endings.length)];
    if (unlucky !== undefined && ending !== undefined && chance() < 0.25) world.crash(podName(unlucky), ending);
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** A pod that is not ready comes one step nearer: it is started, started again, or found ready. */
function step(world: World, pod: StoredObject): void {
  if (isReady(pod)) return;
  const { containerStatuses: [container] = [] } = pod["status"] as { containerStatuses?: readonly { state?: object }[] };
  const isRunning = container?.state !== undefined && "running" in container.state;
  if (container === undefined || isRunning) world.run(podName(pod));
  else world.restart(podName(pod));
}
