import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild, freePort, untilReady } from "../../../scripts/services/child.ts";
import type { Hosted } from "../hosting.ts";

/** of-watchdog, `mode=http`, before a function. One at a time: it has its metrics at port 8081, which no variable moves. */
export interface Watchdog {
  readonly url: string;
  readonly child: Child;
  close(): Promise<void>;
}

interface Before {
  /** Of the function. */
  readonly upstreamPort: number;
  /** What starts the function; absent where it runs already. */
  readonly fprocess?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startWatchdog(
  program: string,
  { upstreamPort, fprocess = "tail -f /dev/null", env = {} }: Before,
): Promise<Watchdog> {
  const dir = await mkdtemp(join(tmpdir(), "underlay-watchdog-")); // its lock file is in TMPDIR, by a fixed name
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/`;
  const child = startChild(program, [], {
    mode: "http",
    fprocess,
    port,
    upstream_url: `http://127.0.0.1:${String(upstreamPort)}`,
    ready_path: "/_/ready",
    exec_timeout: "10s",
    read_timeout: "10s",
    write_timeout: "10s",
    healthcheck_interval: "200ms",
    TMPDIR: dir,
    ...env,
  });
  // Its own health comes before the function's, which is asked for by its readiness.
  await untilReady("of-watchdog", child, async () => {
    const { status } = await fetch(`${url}_/ready`);
    if (status !== 200) throw new Error(`its readiness is ${String(status)}`);
    return "ready";
  });
  return {
    url,
    child,
    close: async () => {
      await child.kill();
      await rm(dir, { recursive: true });
    },
  };
}

/** Functions of this process behind one watchdog: the first part of the path says whose the call is. */
export async function watchEach(program: string, hosted: Hosted): Promise<Hosted> {
  const router = createServer((incoming, outgoing) => {
    const name = incoming.url?.split("/")[1] ?? "";
    if (name === "_") return void outgoing.end("OK");
    const onward = request(hosted.url(name), { method: incoming.method, headers: incoming.headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  router.listen(0, "127.0.0.1");
  await once(router, "listening");
  const dog = await startWatchdog(program, { upstreamPort: (router.address() as AddressInfo).port });
  return {
    url: (name) => `${dog.url}${name}`,
    close: async () => {
      await dog.close();
      router.closeAllConnections();
      router.close();
      await hosted.close();
    },
  };
}
