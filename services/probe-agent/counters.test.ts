import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBudget } from "./budget.ts";
import { openClock } from "./clock.ts";
import { type EnergyMeter, openEnergyMeter } from "./energy.ts";
import { hostCounters } from "./host-counters.ts";

let sys: string;
beforeEach(async () => {
  sys = await mkdtemp(join(tmpdir(), "underlay-sys-"));
});
afterEach(() => rm(sys, { recursive: true, force: true }));

const put = async (path: string, text: string | number): Promise<void> => {
  await mkdir(join(sys, path, ".."), { recursive: true });
  await writeFile(join(sys, path), `${String(text)}\n`);
};
const putTraffic = async (name: string, rx: number, tx: number): Promise<void> => {
  await put(`class/net/${name}/statistics/rx_bytes`, rx);
  await put(`class/net/${name}/statistics/tx_bytes`, tx);
};
const RANGE = 262_143_328_850;
const putPackage = async (zone: string, name: string, energyUj: number): Promise<void> => {
  await put(`class/powercap/${zone}/name`, name);
  await put(`class/powercap/${zone}/energy_uj`, energyUj);
  await put(`class/powercap/${zone}/max_energy_range_uj`, RANGE);
};
const onEth0 = () => hostCounters("10.0.0.1", sys, () => ({ name: "eth0", isInternal: false }));

describe("an interface's counters", () => {
  it("are those of the interface that has the node's address", async () => {
    await put("class/net/eth0/carrier_down_count", 7);
    expect(await onEth0().carrierDowns()).toEqual({ ok: true, value: 7 });
  });

  it.each([
    ["no interface has the address", hostCounters("192.0.2.1"), "PROBE_INTERFACE_UNKNOWN"],
    ["it is the loopback's", hostCounters("127.0.0.1"), "PROBE_INTERFACE_UNKNOWN"],
    [
      "the kernel shows none",
      hostCounters("10.0.0.1", "/nowhere", () => ({ name: "eth0", isInternal: false })),
      "PROBE_COUNTER_UNREADABLE",
    ],
  ])("are not told where %s", async (_, counters, code) => {
    expect(await counters.carrierDowns()).toMatchObject({ ok: false, code });
    expect(await counters.traffic()).toMatchObject({ ok: false, code });
  });

  it("are not told where the file holds something else", async () => {
    await put("class/net/eth0/carrier_down_count", "-1");
    expect(await onEth0().carrierDowns()).toMatchObject({ ok: false, code: "PROBE_COUNTER_UNREADABLE" });
  });

  it("give a link its share of the node's traffic, the loopback left out", async () => {
    await putTraffic("eth0", 100, 50);
    await putTraffic("eth1", 800, 50);
    await putTraffic("lo", 1e9, 1e9);
    expect(await onEth0().traffic()).toEqual({ ok: true, value: { linkBytes: 150, nodeBytes: 1_000 } });
  });
});

describe("the energy of a link", () => {
  let nowMs = 0;
  const meters: EnergyMeter[] = [];
  afterEach(() => meters.splice(0).forEach((meter) => meter.close()));
  const open = async (kepler?: URL): Promise<EnergyMeter> => {
    const meter = await openEnergyMeter(onEth0(), { nowMs: () => nowMs, ...(kepler === undefined ? {} : { kepler }) });
    meters.push(meter);
    return meter;
  };
  const half = async (bytes: number): Promise<void> => {
    await putTraffic("eth0", bytes, 0);
    await putTraffic("eth1", 0, bytes);
  };

  it("is what the packages took since it was last asked, over a wrap of the counter, by its share of the bytes", async () => {
    nowMs = 0;
    await half(1_000);
    await putPackage("intel-rapl:0", "package-0", RANGE - 30_000_000);
    await putPackage("intel-rapl:0:0", "core", 1);
    await putPackage("intel-rapl:1", "psys", 1);
    const meter = await open();
    nowMs = 10_000;
    await half(2_000);
    await putPackage("intel-rapl:0", "package-0", 70_000_000); // 100 J in 10 s
    await putPackage("intel-rapl:1", "psys", 999_999_999);
    const first = await meter.linkPower("c/b");
    expect(first).toMatchObject({ ok: true, value: { watts: 5, method: "rapl-by-bytes" } });
    nowMs = 15_000;
    await half(3_000);
    await putPackage("intel-rapl:0", "package-0", 120_000_000); // 50 J in 5 s
    expect(await meter.linkPower("c/b")).toMatchObject({ ok: true, value: { watts: 5 } });
    // Another link is asked about for the first time: since the start.
    expect(await meter.linkPower("c/d")).toMatchObject({ ok: true, value: { watts: 5 } });
  });

  it("is not told where nothing measures it, and never zero for it", async () => {
    await half(1_000);
    nowMs = 0;
    const meter = await open();
    nowMs = 1_000;
    expect(await meter.linkPower("c/b")).toMatchObject({
      ok: false,
      code: "PROBE_ENERGY_UNMEASURED",
      reason: expect.stringContaining("no RAPL"),
    });
  });

  it("is not told where nothing moved", async () => {
    await half(1_000);
    await putPackage("intel-rapl:0", "package-0", 5);
    nowMs = 0;
    const meter = await open();
    nowMs = 1_000;
    expect(await meter.linkPower("c/b")).toMatchObject({ ok: false, code: "PROBE_ENERGY_UNMEASURED" });
  });

  it("is Kepler's figure for the node where Kepler is named, and the reason where it does not answer", async () => {
    const server = createServer((request, response) =>
      request.url === "/metrics" ? response.end('kepler_node_cpu_watts{zone="package"} 80\n') : response.writeHead(404).end(),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await half(1_000);
    nowMs = 0;
    const [good, bad] = [await open(new URL("/metrics", origin)), await open(new URL("/elsewhere", origin))];
    nowMs = 1_000;
    await half(2_000);
    expect(await good.linkPower("c/b")).toEqual({ ok: true, value: { watts: 40, n: 1, method: "kepler-by-bytes" } });
    expect(await bad.linkPower("c/b")).toMatchObject({ ok: false, code: "PROBE_ENERGY_UNMEASURED" });
    server.closeAllConnections();
    server.close();
    nowMs = 2_000;
    await half(3_000);
    expect(await good.linkPower("c/b")).toMatchObject({ ok: false, reason: expect.stringContaining("no answer from Kepler") });
  });
});

describe("the hour's budget", () => {
  it("is kept, given back, and new after an hour", () => {
    let nowMs = 0;
    const budget = openBudget(1_000, () => nowMs);
    expect([budget.reserve(600), budget.reserve(600)]).toEqual([true, false]);
    budget.giveBack(300);
    expect([budget.spent(), budget.reserve(600), budget.reserve(101)]).toEqual([300, true, false]);
    nowMs = 3_600_000;
    expect([budget.spent(), budget.reserve(1_000)]).toEqual([0, true]);
  });
});

describe("the clock", () => {
  it("has nanoseconds, and sees when it is set, forwards or backwards, and not when milliseconds are rounded", () => {
    let ns = 0n;
    let setMs = 0;
    const tick = () => (ns += 100_000n);
    const clock = openClock({ monotonicNs: () => ns, wallMs: () => (tick(), Math.floor(Number(ns) / 1e6) + setMs) });
    const seen: number[] = [];
    for (const set of [0, 0, 50, 50, -2_000, -2_000]) {
      setMs = set;
      ns += 10_000_000_000n;
      seen.push(clock.steps());
      expect(Math.abs(Number(clock.now().wallNs) / 1e6 - (Number(ns) / 1e6 + set))).toBeLessThan(1);
    }
    expect(seen).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("does not take for a step that the process was kept from looking", () => {
    let ns = 0n;
    let lateNs = 10_000n;
    const pass = () => (ns += lateNs);
    const clock = openClock({ monotonicNs: pass, wallMs: () => Math.floor(Number(pass()) / 1e6) });
    lateNs = 40_000_000n; // 40 ms from each reading to the next
    expect([clock.steps(), clock.steps()]).toEqual([0, 0]);
    const { wallNs, monotonicNs } = clock.now();
    expect(Math.abs(Number(wallNs - monotonicNs))).toBeLessThan(1_000_000);
  });
});
