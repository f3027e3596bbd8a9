import { createServer } from "node:http";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const DELAY_MS = 25;
const server = createServer((_request, response) => {
  setTimeout(() => response.writeHead(200, { "ce-type": "pong" }).end("{}"), DELAY_MS);
});
let target = "";

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  target = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(() => server.close());

const script = (threshold: string, scenario = "", maxVUs = 50): string => `
import http from "k6/http";
import { check } from "k6";
import { Trend } from "k6/metrics";
const kpi = new Trend("kpi_pong");
export const options = {
  scenarios: { ping: { executor: "constant-arrival-rate", rate: 100, duration: "1s", preAllocatedVUs: 2, maxVUs: ${String(maxVUs)}, ${scenario} } },
  thresholds: { ${threshold} },
};
export default async function () {
  const reply = await http.asyncRequest("POST", __ENV.TARGET, "x" + __VU + "-" + __ITER);
  check(reply, { "a pong": (r) => r.status === 200 && r.headers["Ce-Type"] === "pong" });
  kpi.add(reply.timings.duration);
}`;

/** In a process of its own: k6's modules are taken over for the whole of one. */
async function run(text: string): Promise<{ readonly code: number; readonly said: string }> {
  const dir = mkdtempSync(join(tmpdir(), "underlay-k6-"));
  const file = join(dir, "script.js");
  writeFileSync(file, text);
  const child = spawn(process.execPath, ["load/run.ts", "k6", file, "-e", `TARGET=${target}`]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  rmSync(dir, { recursive: true });
  return { code, said };
}

it("runs a scenario in open loop, and sees a known delay", async () => {
  const { code, said } = await run(
    script(`kpi_pong: ["med>=24", "med<45"], checks: ["rate==1"], dropped_iterations: ["count<1"], iterations: ["count==100"]`),
  );
  expect(said).toContain("✓ a pong: 100 of 100");
  expect(code, said).toBe(0);
});

it("exits with 99 on a threshold that is crossed", async () => {
  const { code, said } = await run(script(`kpi_pong: ["p(95)<10"]`));
  expect(said).toContain("✗ kpi_pong p(95)<10");
  expect(code).toBe(99);
});

it("counts the iterations that found no user", async () => {
  const { code, said } = await run(script(`dropped_iterations: ["count<1"]`, "", 2));
  expect(said).toMatch(/✗ dropped_iterations count<1: \d\d/);
  expect(code).toBe(99);
});

it.each([
  [`kpi_pomg: ["p(95)<10"]`, "", "no metric"],
  [`kpi_pong: ["rate<10"]`, "", "cannot be read"],
  ["", "stages: []", "Unrecognized key"],
  ["", `executor: "constant-vus"`, "executor"],
])("refuses what it does not know: %s %s", async (threshold, scenario, says) => {
  const { code, said } = await run(script(threshold, scenario));
  expect(code).not.toBe(0);
  expect(said).toContain(says);
});
