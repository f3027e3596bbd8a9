import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "./tally.ts";

const root = join(import.meta.dirname, "../..");

interface Ran {
  readonly exitCode: number;
  /** Absent when Vitest left none. */
  readonly report: Report | undefined;
}

/** Runs Vitest in a process of its own, in sight, and reads the report it leaves. */
export async function runVitest(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const dir = await mkdtemp(join(tmpdir(), "underlay-test-"));
  const report = join(dir, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...reporters, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  // Whoever stops us stops the tests; the servers are ended by whoever started them.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => vitest.kill(signal));
  const [exitCode] = (await once(vitest, "exit")) as [number | null];
  const text = await readFile(report, "utf8").catch(() => undefined);
  await rm(dir, { recursive: true, force: true });
  return { exitCode: exitCode ?? 1, report: text === undefined ? undefined : (JSON.parse(text) as Report) };
}
