import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasPromtool, promtoolParses } from "../../test/support/promtool.ts";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { type MetricsSimulator, startMetrics } from "./server.ts";

const START_MS = Date.UTC(2026, 0, 1);
const pod = (name: string, labels: Record<string, string>) => ({
  metadata: { name, namespace: "shop", uid: name, creationTimestamp: new Date(START_MS).toISOString(), labels },
  spec: { nodeName: "node-1", containers: [{ name: "web", resources: { limits: { memory: "128Mi" } } }] },
  status: { containerStatuses: [{ ready: true, restartCount: 0 }] },
});
const pods = [pod("web-1", { app: "web", "linkerd.io/control-plane-ns": "linkerd" }), pod("cron-1", { app: "cron" })];
const PROXY = "/api/v1/namespaces/shop/pods/web-1:4191/proxy/metrics";

let nowMs: number;
let lab: MetricsSimulator;
beforeEach(() => {
  nowMs = START_MS;
});
afterEach(() => lab.close());

const open = async (isAlive: boolean): Promise<void> => {
  lab = await startMetrics(openLedger(), openFaults(), { pods: () => pods, isAlive, now: () => nowMs });
};
const get = async (path: string): Promise<string> => {
  const response = await fetch(new URL(path, lab.address));
  return response.status === 200 ? response.text() : String(response.status);
};
const valueOf = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

describe("the lab's metrics", () => {
  it("are in Prometheus' format, as Prometheus sees it", async () => {
    await open(true);
    nowMs += 600_000;
    for (const path of [PROXY, "/api/v1/nodes/node-1/proxy/metrics/cadvisor", "/metrics"]) {
      const text = await get(path);
      expect([path, text.length > 200]).toEqual([path, true]);
      if (hasPromtool) expect([path, promtoolParses(text)]).toEqual([path, true]);
    }
  });

  it("count what is said to happen, and the requests for themselves apart", async () => {
    await open(false);
    lab.answer("web-1", "200", 3, 8);
    lab.answer("web-1", "none", 1, 60_000);
    const text = await get(PROXY);
    expect(text).toMatch(/response_total\{[^}]*target_port="8080"[^}]*status_code="200",classification="success"\} 3\n/);
    expect(text).toMatch(
      /response_total\{[^}]*no_tls_reason="no_tls_from_remote",srv_kind="default",srv_name="all-unauthenticated",classification="failure"\} 1\n/,
    );
    expect(text).toMatch(/request_total\{[^}]*target_port="4191"[^}]*\} 1\n/);
    expect(valueOf(text, /status_code="200",le="10"\} (\d+)/)).toBe(3);
    expect(valueOf(text, /srv_name="all-unauthenticated",le="50000"\} (\d+)/)).toBe(0);
    expect(valueOf(text, /srv_name="all-unauthenticated",le="\+Inf"\} (\d+)/)).toBe(1);
  });

  it("move with time where anybody lives, as fast however often one looks", async () => {
    await open(true);
    for (let ms = 0; ms <= 60_000; ms += 1_300) {
      nowMs = START_MS + ms;
      await get(PROXY);
    }
    nowMs = START_MS + 60_000;
    const proxy = await get(PROXY);
    expect(valueOf(proxy, /request_total\{[^}]*target_port="8080"[^}]*\} (\d+)/)).toBe(240);
    expect(valueOf(proxy, /response_total\{direction="outbound"[^}]*dst_deployment="checkout"[^}]*status_code="200"[^}]*\} (\d+)/)).toBe(
      60,
    );
    const cadvisor = await get("/api/v1/nodes/node-1/proxy/metrics/cadvisor");
    expect(valueOf(cadvisor, /container_cpu_usage_seconds_total\{container="web"[^}]*pod="web-1"[^}]*\} ([\d.]+)/)).toBe(12);
  });

  it("are not there of pods without a proxy, of other ports, and of what does not exist", async () => {
    await open(true);
    for (const path of [PROXY.replace("web-1", "cron-1"), PROXY.replace("4191", "80"), PROXY.replace("web-1", "nobody")])
      expect(await get(path)).toBe("404");
  });
});
