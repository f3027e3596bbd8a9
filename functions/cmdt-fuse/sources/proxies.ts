import { BlockList, isIPv4 } from "node:net";
import { z } from "zod";
import type { ReachableController } from "../../../domain/controllers.ts";
import { parseExposition, type Sample } from "../../../domain/twin/exposition.ts";
import type { ProxyRound } from "../../../domain/twin/fuse-round.ts";
import type { PodTwin, Twin } from "../../../domain/twin/model.ts";
import { PROXY_METRICS, readProxy } from "../../../domain/twin/proxy.ts";
import type { Pools } from "../../pools.ts";
import { ask, type Asking, eachOf, Silence } from "./http.ts";

type Answer = ProxyRound["answers"] extends ReadonlyMap<string, infer A> ? A : never;

const ADMIN_PORT = 4191;
const MAX_BYTES = 16 * (1 << 20);
const AT_ONCE = 8;

/** Pods that have a proxy, and may have an address. */
const scraped = ({ pods }: Twin): readonly PodTwin[] =>
  pods.filter(({ meshed, phase }) => meshed && (phase === "Running" || phase === "Terminating"));

/**
 * Every proxy of a twin's pods by itself: at its pod's address, where the source's `podCidr` has it, or by way of the API server's proxy, which needs no route
 * into the pods' network.
 */
export async function scrapeProxies(source: ReachableController, pools: Pools, twin: Twin, { signal, now }: Asking): Promise<ProxyRound> {
  const scrape = async (pod: PodTwin): Promise<string> => {
    if (source.podCidr === undefined) {
      const [namespace, name] = [twin.namespace, pod.name].map(encodeURIComponent);
      const path = `/api/v1/namespaces/${String(namespace)}/pods/${String(name)}:${String(ADMIN_PORT)}/proxy/metrics`;
      return ask(source, pools.pool(source), { path, maxBytes: MAX_BYTES, signal });
    }
    const address = addressOf(pod, source.podCidr);
    const direct: ReachableController = { executioner: source.executioner, origin: address.origin, address };
    return ask(direct, pools.pool(direct), { path: "/metrics", maxBytes: MAX_BYTES, signal });
  };
  const answers = await eachOf(scraped(twin), AT_ONCE, async (pod): Promise<[string, Answer]> => {
    try {
      const text = await scrape(pod);
      const atMs = now().getTime();
      const samples = parseExposition(text, { wanted: PROXY_METRICS });
      return [pod.uid, samples.ok ? read(samples.value, atMs) : { kind: "silent", reason: `${pod.name}: ${samples.reason}` }];
    } catch (error) {
      return [pod.uid, silent(pod, error)];
    }
  });
  return { source: "proxy", answers: new Map(answers) };
}

/** A pod's address comes from the cluster: without the operator's range a pod could have any server on the network asked. */
function addressOf({ name, ip }: PodTwin, podCidr: string): URL {
  const [network = "", prefix = ""] = podCidr.split("/");
  const allowed = new BlockList();
  allowed.addSubnet(network, Number(prefix), "ipv4");
  if (ip === null || !isIPv4(ip)) throw new Silence(`${name} has no IPv4 address yet`);
  if (!allowed.check(ip, "ipv4")) throw new Silence(`${name} is at ${ip}, outside of ${podCidr}`);
  return new URL(`http://${ip}:${String(ADMIN_PORT)}`);
}

const silent = ({ name }: PodTwin, error: unknown): Answer => {
  if (!(error instanceof Silence)) throw error;
  return { kind: "silent", reason: `${name}: ${error.message}` };
};

function read(samples: readonly Sample[], atMs: number): Answer {
  const scrape = readProxy(samples);
  return scrape.ok ? { kind: "scraped", atMs, scrape: scrape.value } : { kind: "silent", reason: scrape.reason };
}

const Vector = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })).max(200_000),
  }),
});

/**
 * The same counters as Prometheus last scraped them: raw, and never through rate() or increase(), which do not see the first error of its kind. A pod without any
 * series is silent, and not one whose counters have all vanished.
 */
export async function queryProxies(source: ReachableController, pools: Pools, twin: Twin, { signal }: Asking): Promise<ProxyRound> {
  const pods = scraped(twin);
  const answers = new Map<string, Answer>(
    pods.map(({ uid, name }) => [uid, { kind: "silent", reason: `${name}: Prometheus has no series of its proxy` }]),
  );
  if (pods.length === 0) return { source: "prometheus", answers };
  const quoted = (text: string): string => JSON.stringify(text);
  const names = pods.map(({ name }) => name.replaceAll(/[^\w-]/g, (other) => `\\${other}`)).join("|");
  const matching = `{__name__=~${quoted([...PROXY_METRICS].join("|"))},namespace=${quoted(twin.namespace)},pod=~${quoted(names)}}`;
  try {
    const form = { query: matching };
    const text = await ask(source, pools.pool(source), {
      path: "/api/v1/query",
      accept: "application/json",
      form,
      maxBytes: MAX_BYTES,
      signal,
    });
    const vector = Vector.safeParse(JSON.parse(text));
    if (!vector.success) throw new Silence(`${source.address.host} answered no vector`);
    const byPod = Map.groupBy(vector.data.data.result, ({ metric }) => metric["pod"]);
    for (const { uid, name } of pods) {
      const result = byPod.get(name);
      if (result === undefined) continue;
      const samples = result.map(({ metric: { __name__: metricName = "", ...labels }, value: [, value] }) => ({
        name: metricName,
        labels: new Map(Object.entries(labels)),
        value: Number(value),
        timestampMs: null,
      }));
      const atMs = Math.max(...result.map(({ value: [seconds] }) => seconds * 1000));
      answers.set(uid, read(samples, atMs));
    }
  } catch (error) {
    const silence = error instanceof SyntaxError ? new Silence(`${source.address.host} answered no JSON`) : error;
    for (const pod of pods) answers.set(pod.uid, silent(pod, silence));
  }
  return { source: "prometheus", answers };
}
