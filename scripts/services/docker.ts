import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const docker = (args: readonly string[], timeoutMs = 20_000) => spawnSync("docker", args, { encoding: "utf8", timeout: timeoutMs });

export const hasDocker = (): boolean => docker(["info"]).status === 0;

export interface Container {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Runs an image on a free port of 127.0.0.1 until stopped; the first time it is fetched, which may take minutes. */
export async function startContainer(
  image: string,
  innerPort: number,
  urlAt: (port: number) => string,
  greet: (url: string) => Promise<string>,
): Promise<Container> {
  const run = docker(["run", "--detach", "--rm", "--publish", `127.0.0.1::${String(innerPort)}`, image], 600_000);
  if (run.status !== 0) throw new Error(`docker run ${image} failed: ${run.stderr.trim()}`);
  const id = run.stdout.trim();
  const stop = (): Promise<void> => {
    docker(["stop", "-t", "5", id], 30_000);
    return Promise.resolve();
  };
  const mapped = docker(["port", id, `${String(innerPort)}/tcp`]).stdout;
  const url = urlAt(Number(/:(\d+)\s*$/m.exec(mapped)?.[1]));
  for (const deadline = Date.now() + 90_000; ; await sleep(500)) {
    try {
      return { url, version: await greet(url), stop };
    } catch (cause) {
      if (Date.now() < deadline) continue;
      const said = docker(["logs", "--tail", "20", id]);
      await stop();
      throw new Error(`${image} was not ready within 90 s:\n${said.stdout}${said.stderr}`, { cause });
    }
  }
}
