import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Settings, settings, startProcess, type SystemProcess } from "../support/system.ts";

const root = join(import.meta.dirname, "../..");
const golden = join(import.meta.dirname, "ten-intents.plan.txt");
const file = "test/golden/ten-intents.yaml";

describe("ten intents over five adaptors", () => {
  let given: Settings;
  let system: SystemProcess;
  beforeAll(async () => {
    given = await settings([], { LAB: "on", LOG_LEVEL: "warn" });
    system = await startProcess(given);
  });
  afterAll(async () => {
    await system.end("SIGTERM");
    await given.remove();
  });

  const underlay = (...words: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const env = { PATH: process.env["PATH"], UNDERLAY_URL: system.address.origin };
      execFile(process.execPath, ["cli/underlay.js", ...words], { cwd: root, env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });

  /** The hash covers references to sealed tokens, and every test seals with a key of its own. */
  const shown = (text: string): string => text.replaceAll(/\b[0-9a-f]{16}\b/g, "HASH");

  it("are planned as in the golden file, fulfilled, and planned as no change then", { timeout: 120_000 }, async () => {
    const planned = await underlay("plan", "-f", file);
    if (process.env["UPDATE"] === "1") writeFileSync(golden, shown(planned.stdout));
    expect([planned.code, planned.stderr]).toEqual([2, ""]);
    expect(shown(planned.stdout)).toBe(readFileSync(golden, "utf8"));
    expect(await underlay("plan", "-f", file), "a plan changes nothing").toEqual(planned);
    expect((await underlay("apply", "-f", file, "--wait")).code).toBe(0);
    expect((await underlay("plan", "-f", file)).code, "nothing is left to change").toBe(0);
  });
});
