import { join } from "node:path";
import { type Child, freePort, startChild, untilReady } from "../../../scripts/services/child.ts";

const entry = join(import.meta.dirname, "serve.ts");

/** A function's process behind of-watchdog, as its image has it: `mode=http`, the function on a port of its own. */
export interface Watchdog {
  readonly url: string;
  readonly child: Child;
}

export async function startWatchdog(
  program: string,
  fprocess: string,
  env: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>> = {},
): Promise<Watchdog> {
  const [port, upstream, metrics] = [await freePort(), await freePort(), await freePort()].map(String);
  const child = startChild(program, [], {
    ...env,
    HOST: "127.0.0.1",
    PORT: upstream,
    mode: "http",
    fprocess,
    port,
    upstream_url: `http://127.0.0.1:${upstream ?? ""}`,
    metrics_port: metrics,
    ...options,
  });
  const url = `http://127.0.0.1:${port ?? ""}/`;
  await untilReady("of-watchdog", child, async () => {
    const { status } = await fetch(`${url}_/ready`);
    // Its own readiness comes before that of the function behind it.
    const reached = await fetch(url);
    if (status !== 200 || reached.status !== 405) throw new Error(`${String(status)}, ${String(reached.status)}`);
    return "ready";
  });
  return { url, child };
}

export interface Watchdogs {
  url(name: string): string;
  close(): Promise<void>;
}

/** Each function in a process of its own, behind a watchdog of its own. */
export async function watchEach(program: string, functions: readonly { readonly name: string }[], sinkUrl: string): Promise<Watchdogs> {
  const dogs = new Map<string, Watchdog>();
  for (const { name } of functions)
    dogs.set(name, await startWatchdog(program, `${process.execPath} ${entry} ${name}`, { K_SINK: sinkUrl }));
  return {
    url: (name) => dogs.get(name)?.url ?? "",
    close: async () => {
      await Promise.all([...dogs.values()].map(({ child }) => child.stop()));
    },
  };
}
