import { ok, type Outcome, refuse } from "../outcome.ts";
import { twinIdOf } from "./component.ts";
import { parseExposition, type ExpositionRefusal, type Sample } from "./exposition.ts";
import { takePod } from "./fuse-pod.ts";
import { type ProxyRound, takeRound } from "./fuse-round.ts";
import { KSM_METRICS, readKubeStateMetrics } from "./kube-state-metrics.ts";
import type { Twin } from "./model.ts";
import { OWNERSHIP_LABELS, ownershipOf } from "./ownership.ts";
import { podFrom } from "./pod-from.ts";
import type { Pod } from "./pod.ts";
import { PROXY_METRICS, readProxy } from "./proxy.ts";
import { type ClusterReading, readingOf } from "./reading-of.ts";
import type { TwinRecord } from "./record.ts";
import { readSummary, readUsage, type Usage, USAGE_METRICS } from "./usage.ts";

/** What somebody saved of one moment, or of two. */
export interface Files {
  readonly cluster: string;
  readonly nowMs: number;
  /** `kubectl get pods -o json`, or a kubelet's /pods: a list, or one pod. */
  readonly pods: unknown;
  /** Proxies' scrapes by pod, and those of `seconds` before. */
  readonly proxies: readonly ProxyFile[];
  readonly previous: readonly ProxyFile[];
  readonly seconds: number;
  readonly kubeStateMetrics?: string;
  /** Metrics of cAdvisor or the kubelet, or the kubelet's summary as JSON. */
  readonly usage?: string;
}

export interface ProxyFile {
  readonly file: string;
  /** Absent: of the only pod that it can be of. */
  readonly pod: string | undefined;
  readonly text: string;
}

export type FilesRefusal = ExpositionRefusal | "POD_INVALID" | "PODS_INVALID" | "PROXY_UNREADABLE" | "PROXY_OF_NOBODY" | "SUMMARY_INVALID";

const MAX_PODS = 10_000;
const STALE_AFTER_MS = 90_000;

class Refused extends Error {
  readonly refusal: Outcome<never, FilesRefusal>;
  constructor(refusal: Outcome<never, FilesRefusal>) {
    super();
    this.refusal = refusal;
  }
}

/** The twins that the function would have made of what is in the files: the same steps, one after the other. */
export function fuseFiles(files: Files): Outcome<readonly Twin[], FilesRefusal> {
  try {
    return ok(fuse(files));
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function fuse({ cluster, nowMs, kubeStateMetrics, usage, seconds, ...files }: Files): readonly Twin[] {
  const objects =
    kubeStateMetrics === undefined ? undefined : readKubeStateMetrics(scrape("kube-state-metrics", kubeStateMetrics, KSM_METRICS));
  const pods = podsIn(files.pods, (namespace, replicaSet) => objects?.deploymentOf(namespace, replicaSet));
  const observedAt = new Date(nowMs).toISOString();
  const records = new Map<string, TwinRecord>();
  for (const [i, pod] of pods.entries()) {
    const twinId = twinIdOf(cluster, pod);
    const news = { kind: "added" as const, cluster, seq: i + 1, observedAt, pod };
    records.set(twinId, takePod(records.get(twinId), news, ownershipOf(pod, OWNERSHIP_LABELS)));
  }
  const answered = { kind: "answered" as const, at: observedAt };
  const reading: ClusterReading = {
    ...(objects === undefined ? {} : { kubeStateMetrics: { answer: answered, objects } }),
    ...(usage === undefined ? {} : { usage: { ...usageIn(usage, nowMs), answerOf: () => answered } }),
  };
  const rounds = [
    { atMs: nowMs - seconds * 1000, proxies: files.previous, reading: undefined },
    { atMs: nowMs, proxies: files.proxies, reading },
  ];
  for (const [round, { atMs, proxies, reading: read }] of rounds.entries()) {
    const answers = proxies.length === 0 ? undefined : answersOf(proxies, pods, atMs);
    for (const [twinId, record] of records) {
      const own = answers && [...answers].filter(([uid]) => record.twin.pods.some((pod) => pod.uid === uid));
      const next = takeRound(record, {
        round,
        nowMs: atMs,
        reading: read && readingOf(record.twin, read),
        proxies: own && { source: "proxy", answers: new Map(own) },
        staleAfterMs: STALE_AFTER_MS,
      });
      records.set(twinId, next);
    }
  }
  return [...records.values()].map(({ twin }) => twin).toSorted((a, b) => (a.twinId < b.twinId ? -1 : 1));
}

function take<T>(outcome: Outcome<T, FilesRefusal>, of: string): T {
  if (outcome.ok) return outcome.value;
  throw new Refused({ ...outcome, reason: `${of}: ${outcome.reason}` });
}

/** A file is not a stream: one whose last line has lost its end to an editor is not cut off. But it may be the wrong one. */
function scrape(of: string, text: string, wanted: ReadonlySet<string>): readonly Sample[] {
  const samples = take(parseExposition(text === "" || text.endsWith("\n") ? text : `${text}\n`, { wanted }), of);
  if (samples.length > 0) return samples;
  throw new Refused(refuse("EXPOSITION_INVALID", `${of}: it has none of the metrics that are read, as ${[...wanted][0] ?? ""}`));
}

function podsIn(document: unknown, deploymentOf: (namespace: string, replicaSet: string) => string | undefined): readonly Pod[] {
  const list = typeof document === "object" && document !== null && "items" in document ? document.items : [document];
  if (!Array.isArray(list) || list.length > MAX_PODS)
    throw new Refused(
      refuse("PODS_INVALID", `pods: a list of at most ${String(MAX_PODS)} pods is wanted, as of kubectl get pods -o json`, "/items"),
    );
  return list.map((raw, i) => {
    const pod = podFrom(raw, ({ kind, name }, namespace) => {
      const deployment = kind === "ReplicaSet" ? deploymentOf(namespace, name) : undefined;
      return deployment === undefined
        ? undefined
        : { labels: {}, owner: { kind: "Deployment", name: deployment, uid: `${namespace}/${deployment}` } };
    });
    if (!pod.ok)
      throw new Refused({ ...pod, reason: `pods: item ${String(i + 1)}: ${pod.reason}`, path: `/items/${String(i)}${pod.path ?? ""}` });
    return pod.value;
  });
}

function usageIn(text: string, nowMs: number): { readonly source: "cadvisor" | "summary"; readonly usage: Usage } {
  if (!text.trimStart().startsWith("{")) return { source: "cadvisor", usage: readUsage(scrape("usage", text, USAGE_METRICS), nowMs) };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refused(refuse("SUMMARY_INVALID", "usage: neither metrics nor JSON"));
  }
  return { source: "summary", usage: take(readSummary(body, nowMs), "usage") };
}

function answersOf(files: readonly ProxyFile[], pods: readonly Pod[], atMs: number): ProxyRound["answers"] {
  return new Map(
    files.map(({ file, pod: name, text }) => {
      const pod = podOf(file, name, pods);
      return [pod.uid, { kind: "scraped" as const, atMs, scrape: take(readProxy(scrape(file, text, PROXY_METRICS)), file) }];
    }),
  );
}

/** A scrape does not say whose it is. */
function podOf(file: string, name: string | undefined, pods: readonly Pod[]): Pod {
  const isMeshed = ({ containers }: Pod): boolean => containers.some((c) => c.name === "linkerd-proxy");
  const named = name === undefined ? pods.filter(isMeshed) : pods.filter((pod) => pod.name === name || pod.uid === name);
  const candidates = name === undefined && named.length === 0 ? pods : named;
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  const several = candidates.slice(0, 5).map((pod) => pod.name);
  throw new Refused(
    refuse(
      "PROXY_OF_NOBODY",
      only === undefined
        ? `${file}: there is no pod ${name ?? "at all"} in the list`
        : `${file}: it may be of ${several.join(", ")}${candidates.length > 5 ? ", …" : ""}: say which, as POD=${file}`,
    ),
  );
}
