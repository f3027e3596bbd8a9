import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../scripts/services/child.ts";
import { type Ending, until } from "./system.ts";

const root = join(import.meta.dirname, "../..");

/** One of this project's programs in a process of its own, listening on a port of its own. */
export interface Program {
  readonly port: number;
  output(): string;
  /** Of /metrics: the sum over all labels. */
  counted(metric: string): Promise<number>;
  end(signal: "SIGKILL" | "SIGTERM"): Promise<Ending>;
}

const running = new Set<ChildProcess>();

/** Leaves nothing running that a test which failed had started. */
export function endPrograms(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts `script`, and resolves when it says at `/_/ready` that it is. */
export async function startProgram(script: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Program> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...env, PORT: String(port) },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = (once(child, "exit") as Promise<[number | null, string | null]>).then(([code, signal]): Ending => ({ code, signal }));
  const get = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
  const ready = until(
    () =>
      get("/_/ready").then(
        ({ ok }) => ok || undefined,
        () => undefined,
      ),
    20_000,
    `${script} to be ready`,
  );
  await Promise.race([
    ready,
    ended.then(({ code }) => Promise.reject(new Error(`${script} ended with ${String(code)} before it was ready:\n${said}`))),
  ]);
  return {
    port,
    output: () => said,
    async counted(metric) {
      const text = await (await get("/metrics")).text();
      const values = text.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
