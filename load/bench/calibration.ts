import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { arch, cpus, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import { median } from "./statistics.ts";

export interface Calibration {
  readonly machine: string;
  readonly node: string;
  readonly packages: string;
  readonly fdatasyncP50Ms: number;
  /** CPU time of a fixed loop: how fast the machine is right now. */
  readonly loopMs: number;
}

const PACKAGES = ["amqplib", "ioredis", "undici", "zod", "fastify"] as const;

const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join("node_modules", name, "package.json"), "utf8")) as { version: string };
  return `${name} ${version}`;
};

/** One KiB at a time, on the disk that the broker and the store write to. */
function fdatasyncP50(): number {
  const dir = mkdtempSync(join(tmpdir(), "underlay-load-"));
  const file = openSync(join(dir, "sync"), "w");
  const block = Buffer.alloc(1024, "x");
  const took = Array.from({ length: 100 }, () => {
    const from = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return performance.now() - from;
  });
  closeSync(file);
  rmSync(dir, { recursive: true });
  return median(took);
}

/** In a process of its own: in one that has run for minutes the same loop was compiled otherwise, and took five times as long. */
function loop(): number {
  const source = `(() => {
    const from = process.cpuUsage();
    let hash = 0;
    for (let i = 0; i < 20_000_000; i += 1) hash = (Math.imul(hash, 31) + i) | 0;
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000 + (hash === 1 ? 1e-9 : 0);
  })()`;
  return Number(spawnSync(process.execPath, ["--print", source], { encoding: "utf8" }).stdout);
}

export function calibrate(): Calibration {
  const [first] = cpus();
  return {
    machine: `${String(cpus().length)} × ${first?.model ?? "unknown"} (${arch()}), ${String(Math.round(totalmem() / 2 ** 30))} GiB, ${type()} ${release()}`,
    node: process.version,
    packages: PACKAGES.map(versionOf).join(", "),
    fdatasyncP50Ms: fdatasyncP50(),
    loopMs: loop(),
  };
}
