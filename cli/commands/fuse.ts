import { readFile } from "node:fs/promises";
import { fuseFiles, type ProxyFile } from "../../domain/twin/from-files.ts";
import type { Context, ExitCode, Output } from "../context.ts";
import { Failure } from "../failure.ts";
import { reasonOf } from "../input.ts";
import { twinLines, twinTable } from "../twin-views.ts";

export interface FuseOptions {
  readonly pods: string;
  readonly proxy?: readonly string[];
  readonly previous?: readonly string[];
  readonly seconds?: number;
  readonly ksm?: string;
  readonly usage?: string;
  readonly cluster: string;
  readonly at?: Date;
  readonly output: Output;
}

const STDIN = "-";
const MAX_BYTES = 64 * 1024 * 1024;

/** Twins from files, by the same steps that the function takes. Nothing is asked of any server. */
export async function fuse(context: Context, options: FuseOptions): Promise<ExitCode> {
  const { pods, proxy = [], previous = [], seconds, ksm, usage, cluster, output } = options;
  checkPairs(proxy, previous, seconds);
  const text = reader(context, [pods, ...proxy.map(fileIn), ...previous.map(fileIn), ksm, usage]);
  const nowMs = (options.at ?? new Date()).getTime();
  const fused = fuseFiles({
    cluster,
    nowMs,
    pods: parsed(await text(pods), pods),
    proxies: await Promise.all(proxy.map((given) => scrapeIn(given, text))),
    previous: await Promise.all(previous.map((given) => scrapeIn(given, text))),
    seconds: seconds ?? 0,
    ...(ksm === undefined ? {} : { kubeStateMetrics: await text(ksm) }),
    ...(usage === undefined ? {} : { usage: await text(usage) }),
  });
  if (!fused.ok) throw new Failure([`${fused.code}: ${fused.reason}`], hints[fused.code]);
  if (proxy.length > 0 && previous.length === 0)
    context.screen.warn("one scrape has counts and no rates: --previous FILE --seconds N adds what the proxy said N seconds before");
  if (output === "json") context.screen.json({ twins: fused.value });
  else {
    const { paint, print } = context.screen;
    print(...twinTable(fused.value, paint, { isWide: true, nowMs }));
    for (const twin of fused.value.filter(isEventful)) print("", ...twinLines(twin, paint, nowMs));
  }
  return 0;
}

/** Worth a page of its own: it failed, restarted, or has traffic or an anomaly to show. */
const isEventful = ({ status, anomalies, network }: Parameters<typeof twinLines>[0]): boolean =>
  status.current === "Failure" || anomalies.length > 0 || network.inbound !== null || status.history.some(({ count }) => count > 0);

const hints: Readonly<Record<string, string>> = {
  PODS_INVALID: "kubectl get pods -A -o json > pods.json writes such a file",
  POD_INVALID: "kubectl get pods -A -o json > pods.json writes such a file",
  EXPOSITION_INVALID: "a file as `curl` saves it is wanted, in the Prometheus text format",
  SUMMARY_INVALID: "kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary > summary.json writes such a file",
};

function checkPairs(proxy: readonly string[], previous: readonly string[], seconds: number | undefined): void {
  if (previous.length > 0 && proxy.length === 0)
    throw new Failure(["--previous is what the proxy said before: --proxy, what it says now, is missing"]);
  if (previous.length > 0 && seconds === undefined) throw new Failure(["--previous needs --seconds: how long before --proxy it was"]);
  if (previous.length === 0 && seconds !== undefined)
    throw new Failure(["--seconds is the time between --previous and --proxy, and there is no --previous"]);
}

/** `POD=FILE`, or a file alone. A file may have = in its name; then it is given as `./a=b`. */
function split(given: string): { readonly pod: string | undefined; readonly file: string } {
  const at = given.search(/[=/]/);
  return at > 0 && given[at] === "=" ? { pod: given.slice(0, at), file: given.slice(at + 1) } : { pod: undefined, file: given };
}
const fileIn = (given: string): string => split(given).file;

async function scrapeIn(given: string, text: (file: string) => Promise<string>): Promise<ProxyFile> {
  const { pod, file } = split(given);
  return { file, pod, text: await text(file) };
}

function reader({ stdin }: Context, files: readonly (string | undefined)[]): (file: string) => Promise<string> {
  if (files.filter((file) => file === STDIN).length > 1) throw new Failure(["- was given twice, and there is one stdin"]);
  return async (file) => {
    let bytes: Buffer;
    try {
      bytes = file === STDIN ? await stdin() : await readFile(file);
    } catch (error) {
      throw new Failure([`${file}: ${reasonOf(error)}`]);
    }
    if (bytes.length > MAX_BYTES) throw new Failure([`${file}: has more than ${String(MAX_BYTES / 1024 / 1024)} MiB`]);
    return bytes.toString("utf8");
  };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure([`${file}: no JSON: ${error instanceof Error ? error.message : ""}`], hints["PODS_INVALID"]);
  }
}
