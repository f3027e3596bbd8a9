import { mkdir } from "node:fs/promises";
import { startChild, untilReady } from "./child.ts";
import { greetRedis } from "./greet.ts";
import { findProgram } from "./programs.ts";

export const findRedis = (): string | undefined => findProgram("redis-server");

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A store of our own: loopback only, every write on disk before it is answered. The same place again finds the same data. */
export async function startRedis(program: string, { port, dir }: { port: number; dir: string }): Promise<RedisServer> {
  await mkdir(dir, { recursive: true });
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const server = startChild(program, ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, ...durable]);
  const url = `redis://127.0.0.1:${String(port)}`;
  const version = await untilReady("Redis", server, () => greetRedis(url), 15_000);
  return { url, version, pid: server.pid, stop: () => server.stop(), kill: () => server.kill() };
}
