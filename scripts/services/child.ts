import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that this process started and ends. */
export interface Child {
  readonly pid: number;
  /** The last of what it printed: why it did not come up. */
  readonly tail: () => string;
  readonly hasExited: () => boolean;
  /** Asks first, and ends it by force when the time is up. */
  stop(graceMs?: number): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

const TAIL = 4_000;
const SETPRIV = "/usr/bin/setpriv";

export function startChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  // Linux ends it with us, even when we are killed and cannot; elsewhere only a clean end does.
  const guard = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "TERM"] : [];
  const [program = command, ...rest] = [...guard, command, ...args];
  // A group of its own: Ctrl-C reaches the tests first, and the servers when the tests are done.
  const child = spawn(program, rest, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let printed = "";
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-TAIL);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (fault) => {
    printed += `${command}: ${fault.message}`;
  });
  const hasExited = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    if (hasExited() || child.pid === undefined) return;
    const gone = once(child, "exit");
    process.kill(-child.pid, signal);
    await Promise.race([gone, sleep(graceMs, undefined, { ref: false })]);
  };
  return {
    pid: child.pid ?? 0,
    tail: () => printed.trim(),
    hasExited,
    async stop(graceMs = 10_000) {
      await end("SIGTERM", graceMs);
      await end("SIGKILL", 2_000);
    },
    kill: () => end("SIGKILL", 2_000),
  };
}

/** A port of 127.0.0.1 that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  server.close();
  await once(server, "close");
  if (at === null || typeof at === "string") throw new Error("the system gave no port");
  return at.port;
}

/** Asks a server that was just started for its greeting until it answers, has exited, or the time is up. */
export async function untilReady(name: string, child: Child, greet: () => Promise<string>, withinMs = 60_000): Promise<string> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await greet();
    } catch (cause) {
      if (child.hasExited()) throw new Error(`${name} ended before it was ready:\n${child.tail()}`, { cause });
      if (Date.now() > deadline) {
        await child.kill();
        throw new Error(`${name} was not ready within ${String(withinMs / 1000)} s:\n${child.tail()}`, { cause });
      }
      await sleep(150);
    }
  }
}
