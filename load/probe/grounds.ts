import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { End } from "../../test/support/netns.ts";

const exec = promisify(execFile);

/** What the emulator did to one test packet. */
type Delayed = readonly [direction: "forward" | "backward", port: number, sequence: number, ms: number];

/** A cable that delays, and the truth of it: what every packet's round trip really was made to be. */
export interface DelayedCable {
  readonly lay: (ends: readonly [End, End]) => Promise<() => Promise<void>>;
  /** Ends the emulator. In ms, of the packets that were measured: round trips, and the way there alone in the order of arrival. */
  truth(measured: (sequence: number) => boolean): Promise<{ readonly roundTrips: readonly number[]; readonly there: readonly number[] }>;
}

export function delayedCable(delayMs: number, spreadMs = 0): DelayedCable {
  const script = join(import.meta.dirname, "delay.py");
  let said = "";
  let emulator: ReturnType<typeof spawn> | undefined;
  const stop = async (): Promise<void> => {
    if (emulator === undefined || emulator.exitCode !== null) return;
    emulator.kill("SIGTERM");
    await once(emulator, "close");
  };
  return {
    async lay(ends) {
      const child = spawn("python3", [script, ...ends.map(({ device }) => device), String(delayMs), String(spreadMs)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      emulator = child;
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await once(child.stdout, "data");
      for (const { device, namespace, address, run } of ends) {
        await exec("ip", ["link", "set", device, "netns", namespace]);
        await run("ip", "address", "add", `${address}/24`, "dev", device);
        await run("ip", "link", "set", device, "up");
      }
      return stop;
    },
    async truth(measured) {
      await stop();
      const log = (JSON.parse(said.slice(said.indexOf("["))) as readonly Delayed[]).filter(([, , sequence]) => measured(sequence));
      const forward = log.filter(([way]) => way === "forward");
      const there = new Map(forward.map(([, , sequence, ms]) => [sequence, ms]));
      const roundTrips = log.flatMap(([way, , sequence, ms]) => {
        const out = there.get(sequence);
        return way === "backward" && out !== undefined ? [out + ms] : [];
      });
      return { roundTrips, there: forward.map(([, , , ms]) => ms) };
    },
  };
}

/** Shapes what leaves an end, as HTB and TBF of the kernel do; at least the burst that the rate needs. */
export const shape = ({ run, device }: End, mbit: number): Promise<string> =>
  run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", `${String(mbit)}mbit`, "burst", "256kb", "latency", "50ms");

export const unshape = ({ run, device }: End): Promise<string> => run("tc", "qdisc", "del", "dev", device, "root");

export interface Iperf {
  readonly mbitPerS: number;
  readonly bytes: number;
  /** Of sender and receiver together. */
  readonly cpuMs: number;
}

interface IperfJson {
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number; readonly seconds: number };
    readonly sum_sent: { readonly bytes: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

/** iperf3 from one end to the other; the first part of the time may be left out, as every such tool should. */
export async function iperf(
  [a, b]: readonly [End, End],
  { seconds, omitSeconds, under }: { readonly seconds: number; readonly omitSeconds: number; readonly under: readonly string[] },
): Promise<Iperf> {
  const server = spawn("ip", ["netns", "exec", b.namespace, ...under, "iperf3", "-s", "-1", "-p", "9465", "--forceflush"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  const said = await a.run(
    "env",
    ...under,
    "iperf3",
    "-c",
    b.address,
    "-p",
    "9465",
    "-J",
    "-t",
    String(seconds),
    "-O",
    String(omitSeconds),
  );
  await (server.exitCode === null ? once(server, "exit") : undefined);
  const { end } = JSON.parse(said) as IperfJson;
  const { host_total, remote_total } = end.cpu_utilization_percent;
  return {
    mbitPerS: end.sum_received.bits_per_second / 1e6,
    bytes: end.sum_sent.bytes,
    cpuMs: ((host_total + remote_total) / 100) * (seconds + omitSeconds) * 1e3,
  };
}
