const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;

const web = "kind-1/app/Deployment/web";

export const learningHelp = {
  scaling: `
REPLICAS stands in the mode it was decided in; LEARNER is what the learner would have, HPA what the Kubernetes HPA would.
GUARD names what the envelope held back, FALLBACK why the HPA decided.
${examples("underlay get scaling", `underlay get scaling ${web} --limit 100`, "underlay get scaling -o json | jq -r '.decisions[] | [.workload, .replicas] | @tsv'")}`,

  learning: `
  off      decides nothing; the cluster's own HPA goes on
  shadow   decides and logs, and nobody follows: where to start
  advise   tells the meta-orchestrator; the HPA's replicas stand
  act      its replicas stand, within the envelope`,

  status: examples("underlay learning status", "underlay learning status -o json | jq .round"),
  mode: examples("underlay learning mode shadow", `underlay learning mode act --workload ${web}`),
  kill: examples("underlay learning kill", "underlay learning kill --off"),
  rollback: examples("underlay learning rollback --reason 'scales too late'", "underlay learning rollback --to 3dad9be3ddef"),

  report: `
The HPA and the learner are run in the simulator on the demand that was logged; beside them stands what there really was.
A saving below 0 is a cost. Nothing is made up for periods that were not seen.
${examples("underlay learning report", `underlay learning report ${web} --limit 2880`, "underlay learning report -o json | jq '.reports[] | {workload, saved}'")}`,
} as const;
