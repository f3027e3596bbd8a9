import type { Faults } from "../faults.ts";
import { type Answer, listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { cadvisorText, objectsText, type Used } from "./cluster-text.ts";
import { proxyText } from "./exposition.ts";
import { type PodObject, podObject } from "./pods.ts";
import { answer, call, type Counters, habitsOf, live, noCounters } from "./traffic.ts";

interface MetricsOptions {
  /** The pods of the simulated cluster, as its API has them. */
  readonly pods: () => readonly Parameters<typeof podObject>[0][];
  /** Whether anybody uses them. Without it nothing happens but what `answer` says. */
  readonly isAlive?: boolean;
  readonly now?: () => number;
}

export interface MetricsSimulator {
  /** The API server's proxy to kubelets and pods, and kube-state-metrics at /metrics. */
  readonly address: URL;
  /** A pod answers requests. */
  answer(pod: string, code: string, n: number, latencyMs: number): void;
  /** A pod gets answers from another Deployment, `<namespace>/<name>`. */
  call(pod: string, to: string, code: string, n: number): void;
  /** A proxy forgets the series of a code that was idle for ten minutes. */
  forget(pod: string, code: string): void;
  restartProxy(pod: string): void;
  reset(): void;
  close(): Promise<void>;
}

interface Proxy {
  counters: Counters;
  startedAtMs: number;
  livedUntilMs: number;
  scrapes: number;
}

const PEER = "metrics";
const FILL_SECONDS = 900;
const text = (body: string): Answer => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body });
const nothing: Answer = { status: 404, type: "text/plain", body: "404 page not found\n" };

/** What Linkerd's proxies, kubelets and kube-state-metrics say of the simulated cluster's pods. It moves with time and with what happens there. */
export async function startMetrics(ledger: Ledger, faults: Faults, options: MetricsOptions): Promise<MetricsSimulator> {
  const { isAlive = false, now = Date.now } = options;
  const app = openHttpServer();
  const gate = openHttpGate(PEER, ledger, faults);
  const proxies = new Map<string, Proxy>();
  const restarted = new Map<string, { restarts: number; atMs: number }>();

  const pods = (): readonly PodObject[] => options.pods().map(podObject);
  const proxyOf = (pod: PodObject): Proxy => {
    const proxy = proxies.get(pod.uid) ?? { counters: noCounters(), startedAtMs: pod.createdMs, livedUntilMs: pod.createdMs, scrapes: 0 };
    proxies.set(pod.uid, proxy);
    return proxy;
  };
  const named = (name: string): Proxy => {
    const pod = pods().find((one) => one.name === name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return proxyOf(pod);
  };

  /** Memory fills up between restarts, which is what they are of. */
  function usedBy(pod: PodObject): Used {
    const nowMs = now();
    const last = restarted.get(pod.uid);
    const since = last?.restarts === pod.restarts ? last.atMs : last === undefined ? pod.createdMs : nowMs;
    restarted.set(pod.uid, { restarts: pod.restarts, atMs: since });
    const aliveSeconds = Math.max(0, nowMs - since) / 1000;
    const share = isAlive ? 0.3 + 0.65 * Math.min(1, aliveSeconds / FILL_SECONDS) : 0.3;
    return { cpuSeconds: aliveSeconds * (habitsOf(pod.app).requestsPerSecond / 20), memoryBytes: Math.round(pod.memoryLimitBytes * share) };
  }

  function scrape(pod: PodObject): Answer {
    const proxy = proxyOf(pod);
    const nowMs = now();
    if (isAlive && pod.ready) live(proxy.counters, habitsOf(pod.app), proxy.livedUntilMs, nowMs);
    proxy.livedUntilMs = nowMs;
    proxy.scrapes += 1;
    return text(proxyText(proxy.counters, proxy));
  }

  const get = (url: string, name: string, act: (params: Readonly<Record<string, string>>) => Answer): void => {
    app.get(url, (request, reply) => gate(request, reply, { name, mutating: false }, () => act(request.params as Record<string, string>)));
  };
  get("/api/v1/namespaces/:namespace/pods/:target/proxy/metrics", "proxy.scrape", ({ namespace, target = "" }) => {
    const [name, port] = target.split(":");
    const pod = pods().find((one) => one.namespace === namespace && one.name === name && one.meshed);
    return pod === undefined || port !== "4191" ? nothing : scrape(pod);
  });
  get("/api/v1/nodes/:node/proxy/metrics/cadvisor", "cadvisor.scrape", ({ node }) => {
    const there = pods().filter((pod) => pod.node === node);
    return text(
      cadvisorText(
        there.map((pod) => ({ pod, used: usedBy(pod) })),
        now(),
      ),
    );
  });
  get("/metrics", "objects.scrape", () => text(objectsText(pods())));

  return {
    address: await listen(app),
    answer: (pod, code, n, latencyMs) => answer(named(pod).counters, code, n, latencyMs),
    call: (pod, to, code, n) => call(named(pod).counters, to, code, n),
    forget: (pod, code) => {
      const { counters } = named(pod);
      counters.responses.delete(code);
      counters.latency.delete(code);
    },
    restartProxy: (pod) => {
      Object.assign(named(pod), { counters: noCounters(), startedAtMs: now(), livedUntilMs: now(), scrapes: 0 });
    },
    reset: () => {
      proxies.clear();
      restarted.clear();
    },
    close: () => app.close(),
  };
}
