import type { ClusterObjects } from "./kube-state-metrics.ts";
import type { Twin } from "./model.ts";
import type { Reading, SourceAnswer } from "./reading.ts";
import type { Usage } from "./usage.ts";

/** What the sources of a cluster answered in one round. A member is absent where nobody has configured that source. */
export interface ClusterReading {
  readonly kubeStateMetrics?: { readonly answer: SourceAnswer; readonly objects: ClusterObjects | undefined };
  readonly usage?: {
    readonly source: "cadvisor" | "resource" | "summary";
    readonly usage: Usage;
    /** Nodes are asked one by one, and answer one by one. */
    readonly answerOf: (node: string) => SourceAnswer;
  };
}

type Whom = Pick<Twin, "namespace" | "component" | "pods">;

/** The part that is about one component. */
export function readingOf({ namespace, component, pods }: Whom, { kubeStateMetrics, usage }: ClusterReading): Reading {
  const names = pods.map(({ name }) => name);
  const nodes = pods.flatMap(({ node }) => (node === null ? [] : [node]));
  return {
    ...(kubeStateMetrics === undefined
      ? {}
      : {
          kubeStateMetrics: {
            answer: kubeStateMetrics.answer,
            replicas: kubeStateMetrics.objects?.replicasOf(namespace, component.kind, component.name) ?? null,
            asked: kubeStateMetrics.objects?.askedBy(namespace, names) ?? null,
          },
        }),
    ...(usage === undefined || nodes.length === 0 // who runs nowhere uses nothing
      ? {}
      : {
          usage: {
            source: usage.source,
            answer: together(nodes.map(usage.answerOf)),
            containers: names.flatMap((name) => [...(usage.usage.get(`${namespace}/${name}`) ?? [])]),
          },
        }),
  };
}

/** As fresh as the stalest part of it: usage of half the pods is not the component's. */
function together(answers: readonly SourceAnswer[]): SourceAnswer {
  const silent = answers.find(({ kind }) => kind === "silent");
  if (silent !== undefined) return silent;
  const times = answers.flatMap((answer) => (answer.kind === "answered" ? [answer.at] : []));
  return { kind: "answered", at: times.toSorted()[0] ?? "" };
}
