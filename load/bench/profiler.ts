import { writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INTERVAL_US = 250;

/** Takes a CPU profile of this process between two orders, so that neither start-up nor warm-up is in it. */
export function openProfiler(): { start(): Promise<void>; stop(): Promise<string> } {
  let session: Session | undefined;
  return {
    async start() {
      session = new Session();
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
      await session.post("Profiler.start");
    },
    async stop() {
      if (session === undefined) throw new Error("no profile was begun");
      const { profile }: { profile: Profiler.Profile } = await session.post("Profiler.stop");
      session.disconnect();
      session = undefined;
      const file = join(tmpdir(), `underlay-${String(process.pid)}-${String(Date.now())}.cpuprofile`);
      writeFileSync(file, JSON.stringify(profile));
      return file;
    },
  };
}
