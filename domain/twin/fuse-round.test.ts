import { describe, expect, it } from "vitest";
import { alices, at, news, pod } from "../../test/support/pods.ts";
import { hear, type Heard, proxySaid, proxySilent, usageSaid } from "../../test/support/rounds.ts";
import { takePod } from "./fuse-pod.ts";
import type { TwinRecord } from "./record.ts";

const fresh = (): TwinRecord => takePod(undefined, news(0, pod()), alices);
const rounds = (...heard: readonly Heard[]): TwinRecord => heard.reduce(hear, fresh());

describe("takeRound", () => {
  it("counts what proxies counted between two rounds", () => {
    const { twin } = rounds(
      { seconds: 30, proxies: proxySaid({ codes: { 200: 100 }, latency: [5, 95] }) },
      { seconds: 60, proxies: proxySaid({ codes: { 200: 130, 500: 1 }, latency: [5, 126] }) },
    );
    expect(twin.network).toMatchObject({
      meshed: true,
      source: "proxy",
      windowSeconds: 30,
      inbound: { responseCountByCode: { 200: 30, 500: 1 }, responseRateByCode: { 200: 1, 500: 1 / 30 }, successRatio: 30 / 31 },
    });
    expect(twin.network.inbound?.latencyMs).toMatchObject({ samples: 31, p50: 5.5, saturated: false });
    expect(twin.quality.linkerd).toEqual({ isFresh: true, at: at(60), reason: null });
  });

  it("knows of no traffic where nobody has a proxy, and says null", () => {
    expect(rounds({ seconds: 30 }).twin).toMatchObject({
      network: { meshed: false, inbound: null, outbound: null },
      quality: { linkerd: null },
    });
  });

  it("takes a round once, and none that was overtaken", () => {
    const record = rounds(
      { seconds: 30, proxies: proxySaid({ codes: { 200: 1 } }) },
      { seconds: 60, proxies: proxySaid({ codes: { 200: 3 } }) },
    );
    expect(hear(record, { seconds: 60, proxies: proxySaid({ codes: { 200: 9 } }) })).toBe(record);
    expect(hear(record, { seconds: 30, proxies: proxySaid({ codes: { 200: 9 } }) })).toBe(record);
  });

  it("loses no count to a proxy that is silent for a while", () => {
    const { twin } = rounds(
      { seconds: 30, proxies: proxySaid({ codes: { 200: 10 } }) },
      { seconds: 60, proxies: proxySilent("web: no answer") },
      { seconds: 90, proxies: proxySaid({ codes: { 200: 16 } }) },
    );
    expect(twin.network).toMatchObject({ windowSeconds: 60, inbound: { responseRateByCode: { 200: 0.1 } } });
  });

  it("counts a pod that came after the twin from its beginning, and one of before from now on", () => {
    const first = rounds({ seconds: 30, proxies: proxySaid({ codes: { 200: 10 } }) });
    const both = (uid: string, startedAt: number) =>
      hear(first, { seconds: 60, proxies: proxySaid({ codes: { 200: 4, 500: 1 }, startedAt }, uid) }).twin.network.inbound
        ?.responseCountByCode;
    expect(both("young", Date.UTC(2026, 0, 1) / 1_000 + 45)).toEqual({ 200: 4, 500: 1 });
    expect(both("old", 1)).toEqual({});
  });

  it("makes cores of the CPU counter, and says null before it can", () => {
    const used = (seconds: number, cpuSecondsTotal: number, memoryBytes: number): Heard => ({
      seconds,
      reading: usageSaid([{ cpuSecondsTotal, memoryBytes }]),
    });
    const first = rounds(used(30, 100, 5e6));
    expect(first.twin.resources).toMatchObject({ cpuCores: null, memoryBytes: 5e6, source: "cadvisor", sampledAt: at(30) });
    const second = hear(first, used(60, 115, 6e6));
    expect(second.twin.resources).toMatchObject({
      cpuCores: 0.5,
      memoryBytes: 6e6,
      memoryLimitBytes: 100_000_000,
      cpuRequestCores: 0.1,
      cpuLimitCores: null,
    });
    // A container that was started again counts from 0.
    expect(hear(second, used(90, 3, 1e6)).twin.resources).toMatchObject({ cpuCores: 0.1 });
  });

  it("keeps cores that a kubelet has not measured anew, and takes those that it gives at once", () => {
    const same = [{ cpuSecondsTotal: 115, at: at(60) }];
    const record = rounds(
      { seconds: 30, reading: usageSaid([{ cpuSecondsTotal: 100 }]) },
      { seconds: 60, reading: usageSaid(same) },
      { seconds: 90, reading: usageSaid(same) },
    );
    expect(record.twin.resources.cpuCores).toBe(0.5);
    expect(rounds({ seconds: 30, reading: usageSaid([{ cpuCores: 0.25 }]) }).twin.resources.cpuCores).toBe(0.25);
  });

  it("forgets usage and objects when their source has been silent for too long, and not before", () => {
    const silent = { kind: "silent" as const, reason: "no answer from kubelet" };
    const silence = (seconds: number): Heard => ({
      seconds,
      reading: () => ({
        usage: { source: "cadvisor", answer: silent, containers: [] },
        kubeStateMetrics: { answer: silent, replicas: null, asked: null },
      }),
    });
    const replicas = { desired: 3, current: 1, ready: 1, available: 1 };
    const known = rounds({
      seconds: 30,
      reading: (said) => ({
        ...usageSaid([{ memoryBytes: 5 }])(said),
        kubeStateMetrics: { answer: { kind: "answered", at: said }, replicas, asked: null },
      }),
    });
    expect(known.twin).toMatchObject({ resources: { memoryBytes: 5 }, replicas: { desired: 3, available: 1 } });
    const soon = hear(known, silence(90));
    expect(soon.twin).toMatchObject({
      resources: { memoryBytes: 5 },
      replicas: { desired: 3 },
      quality: { usage: { isFresh: true, reason: silent.reason } },
    });
    const late = hear(soon, silence(150));
    expect(late.twin).toMatchObject({
      resources: { memoryBytes: null, source: null },
      replicas: { desired: null, available: null },
      quality: { usage: { isFresh: false, at: at(30) }, kubeStateMetrics: { isFresh: false } },
    });
  });
});
