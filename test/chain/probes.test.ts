import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LinkMeasured } from "../../domain/probe/model.ts";
import { valueOf } from "../../domain/probe/report.ts";
import { labNodes } from "../../lab/probes/nodes.ts";
import { apiOf } from "../support/api.ts";
import { clear, grounds } from "../support/ground.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const [first, second, third] = labNodes.map(({ node }) => node);
const root = join(import.meta.dirname, "../..");

interface Page {
  readonly events: readonly { readonly id: string; readonly subject: string; readonly causationid?: string; readonly data: unknown }[];
}

describe.each(Object.entries(grounds))("probes of the lab's nodes, %s", (_, ground) => {
  let given: Settings;
  let system: SystemProcess;
  beforeAll(async () => {
    await clear(ground);
    given = await settings([], { ...ground, LAB: "on", LOG_LEVEL: "warn" });
    system = await startProcess(given);
  });
  afterAll(async () => {
    await system.end("SIGTERM");
    await given.remove();
  });

  const measured = async (): Promise<Page["events"]> =>
    (await apiOf(system).call<Page>("GET", "/v1/events?type=probe.measured&limit=1000")).body.events;
  const probe = (words: readonly string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const env = { PATH: process.env["PATH"], UNDERLAY_URL: system.address.origin };
      execFile(process.execPath, ["cli/underlay.js", "probe", ...words], { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  it("measure every link once, soon after the start, and each in its own measurement", { timeout: 90_000 }, async () => {
    const seen = await until(async () => ((await measured()).length >= 6 ? measured() : undefined), 80_000, "six links to be measured");
    expect(new Set(seen.map(({ subject }) => subject)).size).toBe(6);
    expect(new Set(seen.map(({ causationid }) => causationid)).size).toBe(6);
    for (const { data } of seen) {
      const link = LinkMeasured.parse(data);
      expect(valueOf(link, "lossrate", "total", "round-trip")).toBe(0);
      expect(valueOf(link, "delay-rt", "p50", "round-trip")).toBeGreaterThan(0);
      // A value, or on a machine that was kept from it the reason; never a zero.
      expect(valueOf(link, "tput", "p50", "forward") ?? 1).toBeGreaterThan(0);
      expect(link.measurements.find(({ metric }) => metric === "link-failures")?.error?.code).toBe("PROBE_INTERFACE_UNKNOWN");
    }
  });

  it("are measured on demand, by name or address, from the command line", { timeout: 60_000 }, async () => {
    const [a, b] = labNodes;
    const { code, stdout } = await probe([String(first), String(b?.address), "--no-throughput", "-o", "json"]);
    expect(code).toBe(0);
    const link = LinkMeasured.parse(JSON.parse(stdout));
    expect(link).toMatchObject({ source: a, destination: b });
    expect(link.measurements.some(({ metric }) => metric === "tput")).toBe(false);
    const table = await probe([String(second), String(third)]);
    expect(table.stdout).toMatch(/delay-rt +round-trip +p50 +[\d.]+ ms/);
    expect(table.stdout).toMatch(/link-energy .*PROBE_ENERGY_UNMEASURED/);
  });

  it("are refused with the place and the way out", async () => {
    const unknown = await probe(["nowhere", String(first)]);
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([
      1,
      "",
      expect.stringContaining(`PROBE_NODE_UNKNOWN: no probe agent is known for nowhere`),
    ]);
    expect(unknown.stderr).toContain(String(first));
    const same = await probe([String(first), String(first)]);
    expect([same.code, same.stderr]).toEqual([1, expect.stringContaining("PROBE_NODE_SAME")]);
  });
});
