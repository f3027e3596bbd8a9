import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Controller } from "../../domain/controllers.ts";

const root = join(import.meta.dirname, "..", "..");

/** The whole system in a process of its own, so that it can be killed. */
export interface SystemProcess {
  readonly address: URL;
  /** Everything that it has said so far, logs included. */
  output(): string;
  /** Ends it; resolves to how it ended. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<Ending>;
  /** Waits for it to end by itself. */
  ended(timeoutMs: number): Promise<Ending>;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Settings {
  /** Environment that every start of the system gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of the seal key and the controllers' file. */
  readonly dir: string;
  remove(): Promise<void>;
}

/** Writes what a start of the system reads: a seal key, and the controllers that it may reach. */
export async function settings(controllers: readonly Controller[], env: Readonly<Record<string, string>> = {}): Promise<Settings> {
  const dir = await mkdtemp(join(tmpdir(), "underlay-system-"));
  await writeFile(join(dir, "seal.key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(dir, "controllers.json"), JSON.stringify(controllers));
  return {
    dir,
    env: { SEAL_KEY_FILE: join(dir, "seal.key"), CONTROLLERS_FILE: join(dir, "controllers.json"), PORT: "0", LOG_LEVEL: "info", ...env },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

export async function startProcess({ env }: Settings): Promise<SystemProcess> {
  const child: ChildProcess = spawn(process.execPath, [join(root, "services/start.ts")], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  let ending: Ending | undefined;
  const ended = (once(child, "exit") as Promise<[number | null, string | null]>).then(([code, signal]) => (ending = { code, signal }));
  const address = await Promise.race([
    until(() => /API\s+(http:\S+?)openapi\.json/.exec(said)?.[1], 20_000, "the system to start"),
    ended.then(({ code }) => Promise.reject(new Error(`the system ended with ${String(code)} before it was ready:\n${said}`))),
  ]);
  return {
    address: new URL(address),
    output: () => said,
    end(signal) {
      child.kill(signal);
      return ended;
    },
    ended: (timeoutMs) => until(() => ending, timeoutMs, "the process to end"),
  };
}

/** Looks again and again until there is an answer, and fails when the time is up: the only kind of wait in tests. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, timeoutMs: number, what: string): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${String(timeoutMs)} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
